# SPDX-License-Identifier: Apache-2.0
"""The default profiles of Docker and Podman as the source packages of Debian's releases ship them: Docker's from the form of before 17.05
to 26.1, Podman's from 3.0 to the newest."""

import os
import re
import subprocess

from support import BINARY, SOURCE, E2eTest

SUITES = ("bullseye", "bookworm", "trixie", "sid")
# What an engine's source package ships of it.
FILES = re.compile(r".*/(docker|common)/.*/(default|default-old-format|seccomp)\.json")
PACKAGES = ("golang-github-docker-docker-dev", "golang-github-containers-common-dev")


class Defaults(E2eTest):
    needs_root = False
    needs_bpf = False

    def setUp(self):
        super().setUp()
        self.profiles = self.path("profiles")
        os.mkdir(self.profiles)
        for suite in SUITES:
            for package in PACKAGES:
                self.collect(suite, package)
        # Old form and new of Docker, and Podman's, of every suite; a suite's package may be the one of the suite before.
        self.assertGreaterEqual(len(os.listdir(self.profiles)), 8, os.listdir(self.profiles))

    def collect(self, suite, package):
        fetched = subprocess.run([os.path.join(SOURCE, "tests/support/debian-package.sh"), self.path("packages"), suite, "amd64", package],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100)
        self.assertEqual(fetched.returncode, 0, fetched.stderr)
        for folder, _, names in os.walk(fetched.stdout.strip()):
            for name in names:
                path = os.path.join(folder, name)
                if not FILES.fullmatch(path) or "seccomp" not in self.text(path).lower():
                    continue
                known = sorted(os.listdir(self.profiles))
                if self.text(path) not in (self.text(os.path.join(self.profiles, other)) for other in known):
                    os.link(path, os.path.join(self.profiles, f"{len(known)}-{package.split('-')[2]}-{suite}.json"))

    @staticmethod
    def text(path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def test_every_verb_reads_them_and_libseccomp_decides_the_same(self):
        for name in sorted(os.listdir(self.profiles)):
            file = os.path.join(self.profiles, name)
            for words in (("lint", "--offline", "--baseline", "none", file), ("explain", file, "openat"), ("convert", file, "--format", "oci"),
                          ("diff", file, file), ("subset", file, file), ("merge", "--union", "-o", self.path("merged.json"), file, file)):
                with self.subTest(words=words):
                    result = self.syscarve(*words, "--caps", "default", "--arch", "x86_64", "--kernel", "6.1")
                    # Podman's has rules that lint calls errors.
                    self.assertIn(result.status, (0, 1) if words[0] == "lint" else (0,), result)
        compared = subprocess.run([os.path.join(os.path.dirname(BINARY), "read_profile_shapes_test"), "--gtest_filter=*Given*"],
                                  env=self.environment | {"SYSCARVE_TEST_PROFILES": self.profiles}, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=150)
        print(compared.stdout)
        self.assertEqual(compared.returncode, 0, compared.stdout + compared.stderr)
        self.assertIn("[  PASSED  ]", compared.stdout)
