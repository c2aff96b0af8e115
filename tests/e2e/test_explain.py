# SPDX-License-Identifier: Apache-2.0
"""`explain PROFILE NAME ARG…`: the action for a call with arguments, and the rule that determines it."""

import json
import os

from support import E2eTest

PROFILE = """{
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
  "syscalls": [
    {"names": ["read"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "comment": "\\u001b[2Jas it is",
     "args": [{"index": 0, "value": 18446744073709551615, "op": "SCMP_CMP_EQ"}]},
    {"names": ["lseek"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 8, "op": "SCMP_CMP_GT"}, {"index": 2, "value": 0, "op": "SCMP_CMP_EQ"}]},
    {"names": ["lseek"], "action": "SCMP_ACT_LOG", "args": [{"index": 1, "value": 8, "op": "SCMP_CMP_EQ"}]}
  ]
}
"""


class Explain(E2eTest):
    needs_root = False
    needs_bpf = False

    def setUp(self):
        super().setUp()
        self.profile = self.path("web.json")
        with open(self.profile, "w", encoding="utf-8") as file:
            file.write(PROFILE)

    def explain(self, *words, expect=0):
        result = self.syscarve("explain", self.profile, *words, "--arch", "x86_64")
        self.assertEqual(result.status, expect, result)
        return result

    def outcomes(self, *words):
        answer = json.loads(self.explain(*words, "--abi", "x86_64", "--format", "json").stdout)
        self.assertEqual((answer["schema"], answer["of"]), ("syscarve.explanation/1", "call"))
        return answer["abis"][0]

    def test_the_deciding_rule_with_its_line(self):
        result = self.explain("personality", "-1")
        self.assertIn(f"personality(0xffffffffffffffff)\n  x86_64: allowed, by syscalls[1] ({self.profile}:6): \\x1b[2Jas it is\n", result.stdout)
        self.assertIn("  x32: kills the thread, because the profile does not list this architecture\n", result.stdout)
        self.assertEqual(result.stdout, self.explain("personality", "0xffffffffffffffff").stdout)
        self.assertIn("x86_64: refused with EPERM, by the default\n", self.explain("personality", "017").stdout)

    def test_which_arguments_matter(self):
        answer = self.outcomes("lseek", "0")
        self.assertEqual(answer["depends_on"], [1, 2])
        found = {outcome["filter"]["action"]: outcome for outcome in answer["outcomes"]}
        self.assertEqual(set(found), {"SCMP_ACT_ERRNO", "SCMP_ACT_LOG", "SCMP_ACT_ALLOW"})
        self.assertEqual(found["SCMP_ACT_LOG"]["arguments"][1], 8)
        self.assertEqual(found["SCMP_ACT_LOG"]["rule"], {"entry": 3, "line": 9})
        self.assertGreater(found["SCMP_ACT_ALLOW"]["arguments"][1], 8)
        self.assertNotIn("rule", found["SCMP_ACT_ERRNO"])
        self.assertEqual(self.outcomes("lseek", "0", "0x8")["depends_on"], [])
        self.assertEqual(self.outcomes("lseek", "0", "9")["depends_on"], [2])

    def test_values_by_their_names(self):
        self.assertTrue(self.explain("lseek", "3", "8", "SEEK_SET").stdout.startswith("lseek(3, 8, SEEK_SET)\n"))
        self.assertEqual(self.explain("lseek", "3", "8", "SEEK_END").stdout, self.explain("lseek", "3", "8", "2").stdout)
        answer = json.loads(self.explain("lseek", "0", "9", "--format", "json").stdout)
        self.assertEqual((answer["arguments"], answer["call"]), ([0, 9], "lseek(0, 9, …)"))
        self.assertIn("lseek(0, 9, SEEK_SET)", [outcome["call"] for outcome in answer["abis"][0]["outcomes"]])
        self.assertTrue(self.explain("personality", "PER_LINUX32|ADDR_NO_RANDOMIZE").stdout.startswith(
            "personality(PER_LINUX32|ADDR_NO_RANDOMIZE)\n"))
        # A name of another argument, or of none.
        self.assert_one_line_error(self.explain("lseek", "SEEK_SET", expect=2), "SEEK_SET")
        self.assert_one_line_error(self.explain("lseek", "3", "SEEK_SET", expect=2), "mixed")

    def test_names_alone_are_names(self):
        self.assertIn("read\n  allowed\n", self.explain("read", "lseek").stdout)

    def test_usage(self):
        self.assert_one_line_error(self.explain("read", "1", "write", expect=2), "mixed")
        self.assert_one_line_error(self.explain("read", *"1234567", expect=2), "at most 6")
        self.assert_one_line_error(self.explain("nosuchcall", "1", expect=2), "nosuchcall")
        self.assert_one_line_error(self.explain("read", "1", "--abi", "arm", expect=2), "--abi")
        self.assert_one_line_error(self.explain("read", "--abi", "i386", expect=2), "--abi")
        recording = os.path.join(os.path.dirname(__file__), "..", "golden", "generate", "server", "recording.json")
        result = self.syscarve("explain", recording, "read", "1")
        self.assertEqual(result.status, 2, result)
        self.assert_one_line_error(result, "recording.json")
