# SPDX-License-Identifier: Apache-2.0
"""`lint`: findings with lines in every format, exit codes, and fixes that change nothing else."""

import json
import os

from reports import valid_junit, valid_sarif
from support import SOURCE, E2eTest, load, store

SERVER = os.path.join(SOURCE, "tests", "golden", "generate", "server", "recording.json")

MISTAKEN = """{
  "defaultAction": "SCMP_ACT_ERRNO",
  "defaultErrnoRet": 38,
  "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  "syscalls": [
    {
      "names": ["read", "pread", "read", "execve", "exit_group", "rt_sigreturn"],
      "action": "SCMP_ACT_ALLOW"
    },
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]},
    {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}
  ]
}
"""


class Lint(E2eTest):
    needs_root = False
    needs_bpf = False

    def profile(self, text=MISTAKEN, name="web.json"):
        path = os.path.join(self.new_folder(), name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def lint(self, *arguments, expect=1, baseline="none", **options):
        result = self.syscarve("lint", *arguments, "--arch", "x86_64", "--baseline", baseline, **options)
        self.assertEqual(result.status, expect, result)
        return result

    def rules(self, profile, expect=1, baseline="none", *options):
        answer = json.loads(self.lint(profile, "--format", "json", *options, expect=expect, baseline=baseline).stdout)
        self.assertEqual(answer["schema"], "syscarve.lint/1")
        return [(finding["rule"], finding.get("line")) for entry in answer["profiles"] for finding in entry["findings"]]

    def test_findings_have_lines_and_what_to_do(self):
        path = self.profile()
        result = self.lint(path)
        self.assertIn(f'{path}:7: error: No architecture has a call named "pread": runtimes ignore it. [unknown-name]\n'
                      "    Did you mean pread64?\n", result.stdout)
        self.assertTrue(result.stdout.endswith("1 profile: 2 errors, 2 warnings, 0 notes\n"), result)
        self.assertEqual(result.stderr, "")
        self.assertEqual(self.rules(path), [("unknown-name", 7), ("duplicate-entries", 7), ("wide-equal", 10), ("wide-equal", 11)])

    def test_a_filter_that_is_not_what_the_text_says(self):
        def entry(minimum, op, third):
            return {"names": ["lseek"], "action": "SCMP_ACT_ALLOW",
                    "args": [{"index": 0, "value": minimum, "op": op}, {"index": 2, "value": third, "op": "SCMP_CMP_EQ"}]}
        profile = {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
                   "syscalls": [entry(3, "SCMP_CMP_GE", 1), entry(0xffffffff, "SCMP_CMP_GT", 0)]}
        path = store(profile, self.path("wrong.json"))
        explained = self.syscarve("explain", path, "lseek", "3", "0", "0", "--arch", "x86_64").stdout
        if "decides differently" not in explained:
            self.skipTest("this libseccomp makes the right filter")
        result = self.lint(path)
        self.assertIn("For lseek(3, 0, 0) the profile's text has the action SCMP_ACT_ERRNO with errno 1, but libseccomp's filter has "
                      "SCMP_ACT_ALLOW. [compiled-differs]\n", result.stdout)
        self.assertNotIn("compiled-differs", self.lint(path, "--disable", "compiled-differs").stdout)

    def test_exit_codes(self):
        self.lint(self.profile(), "--disable", "unknown-name,wide-equal", expect=0)
        self.lint(self.profile(), "--disable", "unknown-name", "--disable", "wide-equal", "--strict", expect=1)
        self.lint(self.profile(), "--disable", "unknown-name,wide-equal,duplicate-entries", "--strict", expect=0)
        self.assert_one_line_error(self.lint(self.profile(), "--disable", "no-such-rule", expect=2), "no-such-rule")
        self.assert_one_line_error(self.lint(self.path("missing.json"), expect=2), "missing.json")
        self.assert_one_line_error(self.lint(self.profile("{"), expect=2), "web.json")
        self.assert_one_line_error(self.lint(self.profile('{"defaultAction": "SCMP_ACT_X"}'), expect=2), "web.json", "SCMP_ACT_X")

    def test_generated_profiles_have_no_mistakes(self):
        for unlisted in ("enosys", "eperm", "kill"):
            profile = os.path.join(self.new_folder(), "profile.json")
            self.syscarve("generate", SERVER, "-o", profile, "--unlisted", unlisted, "--allow-incomplete", "--baseline", "none")
            found = self.rules(profile, 0)
            self.assertFalse([rule for rule, _ in found if rule not in ("missing-architecture", "same-as-default", "unknown-to-libseccomp")], found)

    def test_sarif_is_valid_and_says_the_same(self):
        run = valid_sarif(self.lint(self.profile(), "--format", "sarif").stdout)
        lines = [(result["ruleId"], result["locations"][0]["physicalLocation"]["region"]["startLine"]) for result in run["results"]]
        self.assertEqual(lines, self.rules(self.profile()))
        self.assertEqual([result["level"] for result in run["results"]], ["error", "warning", "error", "warning"])
        quiet = valid_sarif(self.lint(self.profile(), "--format", "sarif", "--disable", "unknown-name,wide-equal", expect=0).stdout)
        self.assertNotIn("unknown-name", {rule["id"] for rule in quiet["tool"]["driver"]["rules"]})

    def test_junit_is_valid_and_says_the_same(self):
        cases = valid_junit(self.lint(self.profile(), "--format", "junit").stdout)
        failed = {name for name, case in cases.items() if case.find("failure") is not None}
        self.assertEqual(failed, {rule for rule, _ in self.rules(self.profile())})
        self.assertIn("web.json:7: ", cases["unknown-name"].find("failure").text)

    def test_hostile_names_reach_no_report_raw(self):
        path = self.profile(MISTAKEN, "\x1b[2J]](x){0}<a b=\"&\n.json")
        for form in ("text", "json"):
            result = self.lint(path, "--format", form)
            self.assertFalse([c for c in result.stdout if c < " " and c != "\n"], result.stdout)
        valid_sarif(self.lint(path, "--format", "sarif").stdout)
        valid_junit(self.lint(path, "--format", "junit").stdout)

    def test_hostile_comments_and_names_in_a_profile(self):
        profile = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["pread"], "action": "SCMP_ACT_ALLOW", "comment": "\x1b]0;x\x07"}]}
        result = self.lint(store(profile, self.path("hostile.json")))
        self.assertNotIn("\x1b", result.stdout)
        profile["syscalls"][0]["names"] = ["a\x1b[2J"]
        self.assertNotIn("\x1b", self.lint(store(profile, self.path("hostile.json")), expect=2).stderr)

    def test_several_profiles_in_one_run(self):
        good = self.profile(MISTAKEN.replace('"pread", "read", ', ""), "good.json")
        result = self.lint(self.profile(), good)
        self.assertIn("2 profiles: 3 errors, 3 warnings", result.stdout)
        run = valid_sarif(self.lint(self.profile(), good, "--format", "sarif").stdout)
        self.assertEqual(len({result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]}), 2)

    def test_fix_changes_what_it_says_and_nothing_else(self):
        path = self.profile()
        result = self.lint(path, "--fix")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        expected = MISTAKEN.replace('["read", "pread", "read", ', '["read", "pread64", ')
        expected = expected.replace('{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}',
                                    '{"index": 0, "value": 4294967295, "valueTwo": 8, "op": "SCMP_CMP_MASKED_EQ"}')
        self.assertEqual(text, expected)
        self.assertIn("3 fixed", result.stdout)
        self.assertEqual(self.rules(path), [("wide-equal", 10)])
        # A second time there is nothing to do, and nothing is written.
        before = os.stat(path)
        self.lint(path, "--fix")
        self.assertEqual((os.stat(path).st_ino, os.stat(path).st_mtime_ns), (before.st_ino, before.st_mtime_ns))

    def test_fix_to_another_file_and_from_standard_input(self):
        path, other = self.profile(), self.path("fixed.json")
        self.lint(path, "--fix", "-o", other)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), MISTAKEN)
        self.assertIn("pread64", str(load(other)))
        self.assert_one_line_error(self.lint("-", "--fix", expect=2, stdin=MISTAKEN.encode()), "standard input")
        result = self.lint("-", "--fix", "-o", "-", stdin=MISTAKEN.encode())
        self.assertEqual(json.loads(result.stdout), load(other))
        self.assertIn("3 fixed", result.stderr)
        self.assert_one_line_error(self.lint(path, "-o", other, expect=2), "--fix")
        self.assert_one_line_error(self.lint(path, path, "--fix", "-o", other, expect=2), "-o")

    def test_the_runtimes_own_calls(self):
        path = self.profile()
        found = json.loads(self.lint(path, "--format", "json", "--offline", baseline="auto").stdout)["profiles"][0]["findings"]
        missing = [finding for finding in found if finding["rule"] == "missing-baseline"]
        self.assertEqual(len(missing), 2, found)
        self.assertTrue(missing[0]["message"].startswith("runc 1.1.5 with no_new_privs"), missing)
        baseline = os.path.join(SOURCE, "profiles", "runtime", "crun-1.8.1-x86_64-nnp.json")
        self.assertIn(("missing-baseline", 2), self.rules(path, 1, baseline))
        self.assertNotIn("missing-baseline", str(self.rules(path)))

    def test_same_input_same_bytes(self):
        path = self.profile()
        for form in ("text", "json", "sarif", "junit"):
            self.assertEqual(self.lint(path, "--format", form).stdout, self.lint(path, "--format", form).stdout)
