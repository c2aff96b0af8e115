# SPDX-License-Identifier: Apache-2.0
"""Profiles whose conditions on arguments are too complex to be analysed: every verb that has to analyse them fails with an error and prints no result."""

import os

from support import E2eTest, store

# Far fewer than a million, which a real profile takes minutes to need.
FEW_NODES = {"SYSCARVE_SET_NODES": "40"}


class Exhausted(E2eTest):
    needs_root = False
    needs_bpf = False

    def profile(self, name, *conditional, default="SCMP_ACT_ERRNO"):
        conditions = [{"index": index, "value": 0x555555555555, "valueTwo": 0x111111111111, "op": "SCMP_CMP_MASKED_EQ"} for index in (0, 1)]
        rules = [{"names": list(conditional), "action": "SCMP_ACT_ALLOW", "args": [condition]} for condition in conditions]
        rules.append({"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"})
        return store({"defaultAction": default, "architectures": ["SCMP_ARCH_X86_64"], "syscalls": rules},
                     os.path.join(self.folder, name))

    def setUp(self):
        super().setUp()
        self.output = os.path.join(self.folder, "output")
        self.web = self.profile("web.json", "getpid")
        self.other = self.profile("other.json", "getppid")

    def assert_no_answer(self, *arguments):
        with self.subTest(arguments=arguments):
            result = self.syscarve(*arguments, env=FEW_NODES)
            self.assertEqual((result.status, result.stdout), (2, ""), result)
            self.assertRegex(result.stderr, r"(?m)^syscarve: error: .*too complex to be analysed$")
            self.assertFalse(os.path.exists(self.output))

    def test_it_is_the_limit(self):
        for arguments in (["subset", self.web, self.web], ["diff", self.web, self.web], ["lint", self.web]):
            result = self.syscarve(*arguments)
            self.assertIn(result.status, (0, 1), result)
            self.assertEqual(result.stderr, "", result)

    def test_comparing(self):
        for left, right in ((self.web, self.web), (self.web, self.other)):
            self.assert_no_answer("subset", left, right)
            self.assert_no_answer("diff", left, right)

    def test_merging(self):
        for how in ("--union", "--intersect"):
            self.assert_no_answer("merge", how, self.web, self.other, "-o", self.output)

    def test_judging(self):
        self.assert_no_answer("lint", self.web)
        self.assert_no_answer("explain", self.web, "getpid", "1")

    def test_converting(self):
        for output_format in ("systemd", "minijail", "kafel"):
            self.assert_no_answer("convert", self.web, "--format", output_format, "-o", self.output)
