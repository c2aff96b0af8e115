# SPDX-License-Identifier: Apache-2.0
"""`diff`: what changed between two profiles, the origin of each change, and the documented exit codes."""

import json
import os
import shutil

from reports import valid_junit, valid_sarif
from support import NOBODY, SOURCE, E2eTest, load, store

SERVER = os.path.join(SOURCE, "tests", "golden", "generate", "server", "recording.json")
FORMATS = ("text", "json", "markdown", "sarif", "junit")


def profile(*names, **extra):
    return {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [{"names": ["read", "write", *names], "action": "SCMP_ACT_ALLOW"}],
            **({"defaultErrnoRet": 1} if not extra else extra)}


class Diff(E2eTest):
    needs_root = False
    needs_bpf = False

    def file(self, content, name=None):
        return store(content, os.path.join(self.new_folder(), name or "profile.json"))

    def diff(self, before, after, *options, expect=None, **process_options):
        before, after = (x if isinstance(x, str) else self.file(x) for x in (before, after))
        result = self.syscarve("diff", before, after, "--arch", "x86_64", *options, **process_options)
        if expect is not None:
            self.assertEqual(result.status, expect, result)
        return result

    def test_exit_codes(self):
        old = profile("openat")
        changes = {  # what is new: the status under each --fail-on
            "same": (profile("openat"), {"any": 0, "looser": 0, "risk:medium": 0, "risk:high": 0, "never": 0}),
            "low": (profile("openat", "stat"), {"any": 1, "looser": 1, "risk:medium": 0, "risk:high": 0, "never": 0}),
            "medium": (profile("openat", "connect"), {"any": 1, "looser": 1, "risk:medium": 1, "risk:high": 0, "never": 0}),
            "high": (profile("openat", "ptrace"), {"any": 1, "looser": 1, "risk:medium": 1, "risk:high": 1, "never": 0}),
            "tighter": (profile(), {"any": 1, "looser": 0, "risk:medium": 0, "risk:high": 0, "never": 0}),
            "other errors": (profile("openat", defaultErrnoRet=38),
                             {"any": 1, "looser": 0, "risk:medium": 0, "risk:high": 0, "never": 0}),
            # A default that allows gives everything away.
            "default": (profile("openat", defaultAction="SCMP_ACT_ALLOW"),
                        {"any": 1, "looser": 1, "risk:medium": 1, "risk:high": 1, "never": 0}),
        }
        for what, (new, statuses) in changes.items():
            for fail_on, status in statuses.items():
                with self.subTest(what=what, fail_on=fail_on):
                    self.diff(old, new, "--fail-on", fail_on, expect=status)
            self.diff(old, new, expect=statuses["any"])

    def test_the_verdict(self):
        def verdict(before, after):
            return json.loads(self.diff(before, after, "--format", "json").stdout)["verdict"]
        self.assertEqual(verdict(profile(), profile("ptrace")), "looser")
        self.assertEqual(verdict(profile("ptrace"), profile()), "tighter")
        self.assertEqual(verdict(profile("ptrace"), profile("mount")), "mixed")
        self.assertEqual(verdict(profile(), profile(defaultErrnoRet=38)), "same")

    def test_spelling_does_not_matter(self):
        other = profile("openat")
        other["syscalls"] = [{"names": ["openat"], "action": "SCMP_ACT_ALLOW"}, {"names": ["write", "read"], "action": "SCMP_ACT_ALLOW"},
                             {"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]
        result = self.diff(profile("openat"), other, expect=0)
        self.assertIn("no call is decided differently", result.stdout)

    def test_a_changed_default_is_said_once(self):
        result = self.diff(profile(), profile(defaultErrnoRet=38), expect=1)
        self.assertIn("same permissions, other errors", result.stdout)
        self.assertLess(result.stdout.count("\n"), 12, result)

    def test_arguments_come_with_an_example(self):
        new = profile()
        new["syscalls"].append({"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]})
        result = self.diff(profile(), new, expect=1)
        self.assertIn("refused with EPERM -> allowed if arg0 == 0x8\n      for example personality(PER_LINUX32)\n", result.stdout)

    def test_standard_input_and_output_file(self):
        output = self.path("diff.md")
        old = json.dumps(profile()).encode()
        result = self.diff("-", profile("ptrace"), "--format", "markdown", "-o", output, stdin=old, expect=1)
        self.assertEqual(result.stdout, "")
        with open(output, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("### Seccomp profile: looser (highest risk: high)\n"))
        self.assert_one_line_error(self.diff("-", "-", expect=2), "only once")

    def test_bad_input(self):
        good = self.file(profile())
        broken = self.path("broken.json")
        with open(broken, "w", encoding="utf-8") as file:
            file.write("{")
        self.assert_one_line_error(self.diff(good, broken, expect=2), "broken.json")
        self.assert_one_line_error(self.diff(broken, good, expect=2), "broken.json")
        self.assert_one_line_error(self.diff(good, self.path("missing.json"), expect=2), "missing.json")
        self.assert_one_line_error(self.diff(good, good, "--evidence", SERVER, broken, expect=2), "broken.json")
        self.assertEqual(self.diff(good, good, "--fail-on", "risk:grave").status, 2)

    def test_same_input_same_bytes(self):
        old, new = self.file(profile("kill")), self.file(profile("ptrace", "connect"))
        for name in FORMATS:
            self.assertEqual(*(self.diff(old, new, "--format", name, expect=1).stdout for _ in range(2)))

    def test_formats_for_tools(self):
        old, new = self.file(profile("kill")), self.file(profile("ptrace", "connect", "stat"))
        run = valid_sarif(self.diff(old, new, "--format", "sarif", expect=1).stdout)
        levels = {result["ruleId"]: result["level"] for result in run["results"]}
        self.assertEqual(levels, {"looser-high": "error", "looser-medium": "warning", "looser-low": "note", "tighter": "note"})
        cases = valid_junit(self.diff(old, new, "--format", "junit", expect=1).stdout)
        failed = {name for name, case in cases.items() if case.find("failure") is not None}
        self.assertEqual(failed, {"looser-high", "looser-medium"})

    def test_formats_for_tools_are_valid_whatever_has_changed(self):
        filtered = profile()
        filtered["syscalls"].append({"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]})
        all_abis = {**profile("connect"), "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]}
        changes = {  # the rules that findings are of
            "nothing": (profile(), set()),
            "errors": (profile(defaultErrnoRet=38), {"other-answer"}),
            "everything": (profile(defaultAction="SCMP_ACT_ALLOW"), {"looser-high"}),
            "arguments": (filtered, {"looser-medium"}),
            "architectures": (all_abis, {"looser-medium", "looser-low"}),
        }
        for what, (new, rules) in changes.items():
            with self.subTest(what=what):
                old, new = self.file(profile()), self.file(new)
                run = valid_sarif(self.diff(old, new, "--format", "sarif").stdout)
                self.assertEqual({result["ruleId"] for result in run["results"]}, rules)
                valid_junit(self.diff(old, new, "--format", "junit").stdout)

    def recordings(self, edit):
        """The server's recording, complete, before and after `edit`."""
        content = load(SERVER)
        content["complete"] = {"complete": True, "losses": []}
        for run in content["runs"]:
            for trace in run["subjects"]:
                trace["calls"] = [call for call in trace["calls"] if "name" in call and call["abi"] == "x86_64"]
        before = self.file(content, "old.recording.json")
        edit(content)
        return before, self.file(content, "new.recording.json")

    def test_recordings_stand_for_their_profiles(self):
        def edit(content):
            content["runs"][0]["name"] = "login test"
            content["runs"][0]["subjects"][0]["calls"].append(
                {"abi": "x86_64", "nr": 101, "name": "ptrace", "count": 23, "programs": {"0": 23}})
        before, after = self.recordings(edit)
        result = self.diff(before, after, expect=1)
        self.assertRegex(result.stdout, r"(?m)^  ptrace \[high\]\n    refused with EPERM -> allowed\n")
        self.assertIn('seen 23 times in run "login test" by', result.stdout)
        answer = json.loads(self.diff(before, after, "--format", "json", expect=1).stdout)
        self.assertEqual([call["name"] for call in answer["calls"]], ["ptrace"])
        evidence = answer["calls"][0]["evidence"]
        self.assertEqual((evidence["origin"], evidence["new_program"], evidence["before"]), ("program", False, []))
        self.assertEqual(evidence["after"][0]["count"], 23)
        # The same of profiles that were made of them.
        profiles = [self.generate(path) for path in (before, after)]
        result = self.diff(*profiles, "--evidence", before, after, expect=1)
        self.assertIn('seen 23 times in run "login test" by', result.stdout)
        self.assertNotIn("login test", self.diff(*profiles, expect=1).stdout)

    def test_an_incomplete_recording_is_no_profile_but_evidence(self):
        def edit(content):
            content["complete"] = {"complete": False, "losses": [{"what": "started_before", "count": 1, "missed_calls": True, "detail": "x"}]}
        before, after = self.recordings(edit)
        self.assert_one_line_error(self.diff(before, after, expect=4), "incomplete")
        self.assertIn("incomplete", self.diff(before, after, "--allow-incomplete", expect=0).stderr)
        made = self.generate(before)
        self.assertIn("incomplete", self.diff(made, made, "--evidence", before, after, expect=0).stderr)

    def test_hostile_names(self):
        hostile = "run\x1b]0;x\x07\n| a | b |</details><script>`${x}`"

        def edit(content):
            content["runs"][0]["name"] = hostile
            content["programs"][0]["path"] = "/tmp/\x1b[2J\n</details>\n# [x](http://example.org)|`<b>"
            content["runs"][0]["subjects"][0]["calls"].append(
                {"abi": "x86_64", "nr": 101, "name": "ptrace", "count": 1, "programs": {"0": 1}})
        before, after = self.recordings(edit)
        new = profile("ptrace")
        new["syscalls"][0]["comment"] = hostile
        old, new = self.file(profile(), "a`b|c.json"), self.file(new, "<img src=x>\x1b[31m.json")
        for name in FORMATS:
            with self.subTest(format=name):
                output = self.diff(old, new, "--evidence", before, after, "--format", name, expect=1).stdout
                self.assertFalse([c for c in output if (c < " " and c != "\n") or c == "\x7f"], output)
                self.assertIn("ptrace", output)
                if name == "json":
                    json.loads(output)
                if name == "sarif":
                    valid_sarif(output)
                if name == "junit":
                    valid_junit(output)
                if name == "markdown":
                    self.assertEqual(output.count("</details>\n"), output.count("<details>"))
                    self.assertNotIn("\n# ", output)
                    for line in output.splitlines():
                        if line.startswith("| ") and not line.startswith("| ---"):
                            columns = line.replace("\\|", "").count("|")
                            self.assertEqual(columns, 6, line)


class ReleaseDiff(E2eTest):
    """examples/release-diff: two releases, recorded, profiled and compared."""

    def assert_names_what_brought_it_in(self, folder, result):
        self.assertEqual(result.status, 1, result)
        self.assertIn("### Seccomp profile: looser (highest risk: medium)\n", result.stdout)
        notes = os.path.join(folder, "notes")
        for name, change in (("connect", "medium, network \\| `connect` \\| refused with EPERM → allowed"),
                             ("socket", "medium, network \\| `socket` \\| [^|]*refused with EPERM → allowed if [^|]*`socket\\(AF_UNIX, SOCK_STREAM, [^)]*\\)`")):
            self.assertRegex(result.stdout, rf"(?m)^\| {change} \| [^|]+ \| `{notes}` in `share`: made by the program \|$")
            self.assertRegex(result.stdout, rf"(?m)^  - run `share` by `notes`: 1 time, first after [0-9.]+ s \(`{notes}` 1 time\)$")
        with open(os.path.join(folder, "diff.md"), encoding="utf-8") as comment:
            self.assertEqual(comment.read(), result.stdout)
        old, new = (os.path.join(folder, f"release-{number}.json") for number in (1, 2))
        for fail_on, status in (("risk:high", 0), ("risk:medium", 1), ("looser", 1), ("any", 1), ("never", 0)):
            self.assertEqual(self.syscarve("diff", old, new, "--fail-on", fail_on).status, status, fail_on)
        self.assertEqual(self.syscarve("diff", new, old, "--fail-on", "looser").status, 0)

    def release_diff(self, backend, user=None):
        if shutil.which("gcc") is None:
            self.skipTest("needs gcc")
        example = self.path("release-diff")
        shutil.copytree(os.path.join(SOURCE, "examples", "release-diff"), example)  # Where every user can read it.
        folder = self.new_folder(user)
        env = {"SYSCARVE": self.command_line()[0], "BACKEND": backend, "CC": "gcc", "TMPDIR": folder}
        return folder, self.run_process([os.path.join(example, "release-diff.sh"), folder], user=user, env=env)


class Example(ReleaseDiff):
    needs_root = False
    needs_bpf = False

    def test_without_root(self):
        folder, result = self.release_diff("notify", user=NOBODY if os.geteuid() == 0 else None)
        self.assert_names_what_brought_it_in(folder, result)


class ExampleByBpf(ReleaseDiff):
    def test_as_root(self):
        folder, result = self.release_diff("bpf")
        self.assert_names_what_brought_it_in(folder, result)
