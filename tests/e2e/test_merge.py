# SPDX-License-Identifier: Apache-2.0
"""`merge`: recordings in any order, one recording out, or an error that names the file and nothing written."""

import copy
import json
import os
import shutil

from support import SOURCE, E2eTest, load, store

GOLDEN = os.path.join(SOURCE, "tests", "golden")
SERVER = os.path.join(GOLDEN, "generate", "server", "recording.json")
CONTAINERS = os.path.join(GOLDEN, "generate", "containers", "recordings")


class Merge(E2eTest):
    needs_root = False
    needs_bpf = False

    def setUp(self):
        super().setUp()
        self.output = self.path("merged.recording.json")
        self.web = os.path.join(CONTAINERS, "web.recording.json")
        self.db = os.path.join(CONTAINERS, "db.recording.json")

    def merged(self, *arguments, expect=0):
        result = self.syscarve("merge", *arguments, "-o", self.output)
        self.assertEqual(result.status, expect, result)
        if expect != 0:
            self.assertFalse(os.path.exists(self.output), "something was written")
            return result
        with open(self.output, "rb") as file:
            return file.read()

    def test_order_and_grouping_do_not_matter(self):
        expected = self.merged(self.web, self.db, SERVER)
        self.assertEqual(self.merged(SERVER, self.db, self.web, self.db), expected)
        half = self.path("half.json")
        self.assertEqual(self.syscarve("merge", self.db, SERVER, "-o", half).status, 0)
        self.assertEqual(self.merged(half, self.web), expected)
        self.assertEqual(self.merged(self.output), expected)

    def test_folders(self):
        folder = self.new_folder()
        for path in (self.web, self.db):
            shutil.copy(path, folder)
        store({"not": "a recording"}, os.path.join(folder, "notes.json"))
        store({"half": "written"}, os.path.join(folder, ".hidden.recording.json"))
        self.assertEqual(self.merged(folder), self.merged(self.web, self.db))

    def test_generate_makes_the_same_profile_of_it(self):
        self.merged(self.web, self.db)
        of_merged = self.syscarve("generate", self.output, "--baseline", "none")
        of_parts = self.syscarve("generate", self.web, self.db, "--baseline", "none")
        self.assertEqual(of_merged.status, 0, of_merged)
        self.assertEqual(of_merged.stdout, of_parts.stdout)

    def test_squash_makes_one_run_and_the_same_profile(self):
        recording = json.loads(self.merged(self.web, self.db, "--squash", "nightly"))
        self.assertEqual([run["name"] for run in recording["runs"]], ["nightly"])
        of_merged = self.syscarve("generate", self.output, "--baseline", "none")
        of_parts = self.syscarve("generate", self.web, self.db, "--baseline", "none")
        self.assertEqual(of_merged.stdout, of_parts.stdout)

    def test_a_bad_input_is_named_and_nothing_is_written(self):
        bad = self.path("broken.recording.json")
        for content in ("", "{", '{"schema": "syscarve.recording/9"}'):
            with open(bad, "w", encoding="utf-8") as file:
                file.write(content)
            self.assert_one_line_error(self.merged(self.web, bad, expect=2), "broken.recording.json")
        self.assert_one_line_error(self.merged(self.web, self.path("missing.json"), expect=2), "missing.json")
        self.assert_one_line_error(self.merged(self.new_folder(), expect=2), "no *.recording.json")

    def test_a_file_that_was_there_stays_as_it_was(self):
        with open(self.output, "w", encoding="utf-8") as file:
            file.write("before")
        result = self.syscarve("merge", self.web, self.path("missing.json"), "-o", self.output)
        self.assertEqual(result.status, 2, result)
        with open(self.output, encoding="utf-8") as file:
            self.assertEqual(file.read(), "before")

    def test_another_architecture_is_refused(self):
        other = copy.deepcopy(load(self.db))
        other["host"]["native_abi"] = "aarch64"
        path = store(other, self.path("arm.recording.json"))
        self.assert_one_line_error(self.merged(self.web, path, expect=2), "arm.recording.json", "architectures")

    def test_another_kernel_is_warned_of(self):
        other = copy.deepcopy(load(self.db))
        other["host"]["kernel"] = "4.19.0"
        path = store(other, self.path("old.recording.json"))
        result = self.syscarve("merge", self.web, path, "-o", self.output)
        self.assertEqual(result.status, 0, result)
        self.assertIn("different kernels", result.stderr)
        self.assertEqual(load(self.output)["host"]["kernel"], "4.19.0")

    def test_an_output_is_needed(self):
        self.assertEqual(self.syscarve("merge", self.web).status, 2)
