# SPDX-License-Identifier: Apache-2.0
"""The cache of the images: an image is made once, and again if its archive has changed since."""

import os

import images
from support import E2eTest


class Cache(E2eTest):
    needs_root = False
    needs_bpf = False

    def setUp(self):
        super().setUp()
        self.made = 0

    def build(self, path):
        self.made += 1
        with open(path, "wb") as file:
            file.write(b"archive " * 1000)

    def archive(self, recipe="one", build=None):
        return images.cached(self.path("images"), "name", recipe, build or self.build)

    def test_made_once(self):
        first, second = self.archive(), self.archive()
        self.assertEqual((first, self.made), (second, 1))

    def test_made_again_for_another_recipe(self):
        self.archive()
        self.archive(recipe="two")
        self.assertEqual(self.made, 2)

    def test_damage_is_repaired(self):
        good = self.archive()

        def flip():
            with open(good.path, "r+b") as file:
                file.seek(4000)
                file.write(b"X")

        def empty_stamp():
            with open(self.path("images", "name.json"), "w"):
                pass
        damages = (lambda: os.truncate(good.path, 100), flip, lambda: os.unlink(good.path), empty_stamp)
        for number, damage in enumerate(damages, start=1):
            damage()
            self.assertEqual(self.archive(), good)
            self.assertEqual(self.made, 1 + number)

    def test_failed_attempt_is_not_taken_for_an_archive(self):
        self.archive()

        def fail(path):
            self.build(path)
            raise OSError("no space left")
        with self.assertRaises(OSError):
            self.archive(recipe="two", build=fail)
        made = self.made
        self.archive(recipe="one")
        self.assertEqual(self.made, made + 1)
