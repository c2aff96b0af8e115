# SPDX-License-Identifier: Apache-2.0
"""Inputs as users have them: profiles and logs from editors, other tools, forums and bug reports. Each must be read, or refused with a
sentence that states what it is, what is wrong where, and what to do.

The inputs are small files of ours in tests/inputs, named by their kind. A kind that is not handled yet is in EXPECTED_TO_FAIL: once it is
handled, the test fails until the kind is removed from there. No root is needed, and no test may take more than a second or two.
"""

import json
import os
import unittest

from reports import valid_junit, valid_sarif
from support import SOURCE, E2eTest, load, store

INPUTS = os.path.join(SOURCE, "tests", "inputs")

EXPECTED_TO_FAIL = set()

# What `generate` is told so that it says what is in a log and nothing else.
AS_IT_IS = ("--allow-incomplete", "--closure", "none", "--baseline", "none", "--format", "names")


class Kinds(E2eTest):
    needs_root = False
    needs_bpf = False

    def ask(self, *words, expect=0):
        """Runs syscarve; words that name a file of INPUTS stand for its path."""
        files = [os.path.join(INPUTS, word) if os.path.exists(os.path.join(INPUTS, word)) else word for word in words]
        result = self.syscarve(*files)
        self.assertEqual(result.status, expect, result)
        return result

    def lint(self, file, *options, expect=None):
        """rule -> its findings, of `lint` on `file`, whether or not there are errors among them."""
        words = ("lint", "--offline", "--baseline", "none", "--arch", "x86_64", "--format", "json", *options)
        result = self.syscarve(*words, os.path.join(INPUTS, file))
        self.assertIn(result.status, (0, 1) if expect is None else (expect,), result)
        found = {}
        for profile in json.loads(result.stdout)["profiles"]:
            for finding in profile["findings"]:
                found.setdefault(finding["rule"], []).append(finding)
        return found

    def findings(self, file, **options):
        """All messages of `lint` about `file`, in one text."""
        return json.dumps(self.lint(file, **options))

    def names(self, *words):
        return self.ask(*words).stdout.split()

    def assert_refused(self, result, *parts):
        self.assert_one_line_error(result, *parts)
        self.assertNotIn("syntax error at byte", result.stderr)

    def test_a_byte_order_mark(self):
        self.assertIn("byte order mark", self.findings("byte-order-mark.json"))
        self.assertEqual(self.names("convert", "byte-order-mark.json", "--format", "names"), ["exit_group", "read"])
        mended = self.path("mended.json")
        self.ask("lint", "--offline", "--baseline", "none", "--fix", "-o", mended, "byte-order-mark.json", expect=1)
        with open(os.path.join(INPUTS, "byte-order-mark.json"), "rb") as file, open(mended, "rb") as result:
            self.assertEqual(result.read(), file.read()[3:])

    def test_a_call_that_only_arm_has_is_compared(self):
        subset = self.ask("subset", "arm-private-wide.json", "arm-private-narrow.json", "--arch", "aarch64", expect=1)
        self.assertIn("cacheflush", subset.stdout)
        diff = self.ask("diff", "arm-private-narrow.json", "arm-private-wide.json", "--arch", "aarch64", expect=1)
        self.assertIn("cacheflush", diff.stdout)

    def test_a_call_that_every_arm_program_makes(self):
        self.assertIn("allowed", self.ask("explain", "arm-set-tls.json", "set_tls", "--arch", "aarch64").stdout)
        linted = self.ask("lint", "--offline", "--arch", "aarch64", "--baseline", "none", "arm-set-tls.json", expect=1)
        self.assertNotIn("compiled-differs", linted.stdout)
        self.assertNotIn("983045", linted.stdout)
        merged = self.path("merged.json")
        self.ask("merge", "arm-set-tls.json", "--union", "--arch", "aarch64", "-o", merged)
        self.assertIn("set_tls", [name for entry in load(merged)["syscalls"] for name in entry["names"]])
        self.assertIn("set_tls", self.ask("convert", "arm-set-tls.json", "--arch", "arm", "--format", "kafel").stdout)

    def test_a_name_of_another_architecture(self):
        found = self.lint("name-of-riscv.json")
        self.assertNotIn("unknown-name", found)
        explained = self.ask("explain", "name-of-riscv.json", "riscv_hwprobe")
        self.assertIn("allowed", explained.stdout)

    def test_an_empty_name_beside_names(self):
        self.assertEqual(self.names("convert", "empty-name-beside-names.json", "--format", "names"), ["exit_group", "read", "write"])
        self.lint("empty-name-beside-names.json")

    def test_notes_in_a_profile(self):
        found = self.findings("notes.json")
        for field in ("$schema", "description", "_comment"):
            self.assertIn(field, found)
        self.assertEqual(self.names("convert", "notes.json", "--format", "names"), ["exit_group", "read"])
        self.ask("subset", "notes.json", "notes.json")

    def test_an_errno_beside_an_action_that_has_none(self):
        found = self.findings("errno-of-allow.json")
        self.assertIn("crun", found)
        self.assertIn("errno", found)
        self.assertIn("EPERM", self.ask("explain", "errno-of-allow.json", "swapon", "0").stdout)

    def test_architectures_of_other_machines(self):
        found = self.findings("many-architectures.json")
        self.assertIn("unneeded-architecture", found)
        self.assertIn("riscv64", found.lower())
        self.assertEqual(self.names("convert", "--arch", "x86_64", "many-architectures.json", "--format", "names"), ["exit_group", "read"])

    def test_notify_without_a_listener(self):
        found = self.lint("notify-without-listener.json", expect=1)
        self.assertIn("listenerPath", json.dumps(found))
        self.assertIn("error", [finding["level"] for finding in found["notify-misuse"]])

    def test_notify_as_default(self):
        found = self.lint("notify-as-default.json", expect=1)
        self.assertIn("error", [finding["level"] for finding in found["notify-misuse"]])
        self.assertIn("default", found["notify-misuse"][0]["message"])
        self.assertNotIn("only reported", json.dumps(found))

    def test_audit_lines_pasted_from_a_terminal(self):
        self.assertEqual(self.names("generate", "audit-pasted.log", *AS_IT_IS), ["openat"])

    def test_audit_lines_of_the_journal(self):
        self.assertEqual(self.names("generate", "audit-journal.log", *AS_IT_IS), ["openat"])

    def test_audit_lines_of_the_journal_as_json(self):
        self.assertEqual(self.names("generate", "audit-journal.json", *AS_IT_IS), ["openat"])

    def test_a_summary_of_strace(self):
        result = self.syscarve("generate", os.path.join(INPUTS, "strace-summary.txt"), *AS_IT_IS)
        if result.status == 0:
            self.assertEqual(result.stdout.split(), ["openat", "read"])
        else:
            self.assertEqual(result.status, 2, result)
            self.assert_refused(result, "strace -f")

    def test_perf_trace(self):
        result = self.syscarve("generate", os.path.join(INPUTS, "perf-trace.txt"), *AS_IT_IS)
        if result.status == 0:
            self.assertEqual(result.stdout.split(), ["exit_group", "openat", "read"])
        else:
            self.assertEqual(result.status, 2, result)
            self.assert_refused(result, "perf trace")

    def test_the_place_of_a_syntax_error(self):
        result = self.ask("lint", "--offline", "trailing-comma.json", expect=2)
        self.assert_refused(result, "line 5", "comma")

    def test_profiles_in_a_configmap(self):
        found = self.ask("lint", "--offline", "--baseline", "none", "configmap.yaml", expect=1)
        self.assertIn("pread64", found.stdout)
        self.assertIn("importer.json", found.stdout)
        self.assertIn("read", self.names("convert", "configmap.yaml", "--format", "names"))

    def test_several_profiles_in_a_file(self):
        found = self.ask("lint", "--offline", "--baseline", "none", "several-profiles.yaml", expect=1).stdout
        for words in ("reader", "writer", "pwrite64"):
            self.assertIn(words, found)
        one = os.path.join(INPUTS, "several-profiles.yaml") + "#reader"
        self.assertEqual(self.names("convert", one, "--format", "names"), ["exit_group", "read"])
        self.assert_refused(self.ask("convert", "several-profiles.yaml", "--format", "names", expect=2), "reader", "writer")

    def test_the_first_api_group_of_spo(self):
        result = self.syscarve("lint", "--offline", "--baseline", "none", os.path.join(INPUTS, "spo-first-group.yaml"))
        self.assertIn("seccomp-operator.x-k8s.io", result.stdout + result.stderr)

    def test_one_unreadable_file_of_many(self):
        files = ("trailing-comma.json", "misspelt-name.json")
        text = self.ask("lint", "--offline", "--baseline", "none", *files, expect=2)
        self.assertIn("pread64", text.stdout)
        self.assertIn("trailing-comma.json", text.stderr)
        run = valid_sarif(self.ask("lint", "--offline", "--baseline", "none", "--format", "sarif", *files, expect=2).stdout)
        self.assertIn("unknown-name", [result["ruleId"] for result in run["results"]])
        self.assertIn("unreadable", [result["ruleId"] for result in run["results"]])
        cases = valid_junit(self.ask("lint", "--offline", "--baseline", "none", "--format", "junit", *files, expect=2).stdout)
        self.assertIsNotNone(cases["unknown-name"].find("failure"))
        self.assertIsNotNone(cases["unreadable"].find("failure"))

    def test_uretprobe_where_the_kernel_filters_it(self):
        generated = self.ask("generate", "uretprobe.log", "--allow-incomplete", "--closure", "none", "--baseline", "none", "--format", "names")
        self.assertIn("uretprobe", generated.stdout + generated.stderr)
        checked = self.ask("check", "uretprobe.log", "--profile", "kill-list.json", "--kernel", "6.11", "--allow-incomplete", expect=1)
        self.assertIn("uretprobe", checked.stdout + checked.stderr)
        self.assertNotIn("never filter", self.ask("explain", "kill-list.json", "uretprobe", "0", "--kernel", "6.11").stdout)

    def test_the_fixes_of_sarif_are_what_fix_does(self):
        def mended(text, fix):
            lines = text.splitlines(keepends=True)
            starts = [sum(map(len, lines[:n])) for n in range(len(lines))]
            [change] = fix["artifactChanges"]
            for replacement in reversed(change["replacements"]):
                region = replacement["deletedRegion"]
                begin = starts[region["startLine"] - 1] + region["startColumn"] - 1
                end = starts[region["endLine"] - 1] + region["endColumn"] - 1
                text = text[:begin] + replacement.get("insertedContent", {}).get("text", "") + text[end:]
            return text

        texts = {
            "unknown-name": ('"write", "pread"', '"write", "pread64"'),
            "duplicate-entries": ('"write", "write"', '"write"'),
            "wide-equal": ('"kcmp"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 8, "op": "SCMP_CMP_EQ"}]',
                           '"kcmp"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 4294967295, "valueTwo": 8, "op": "SCMP_CMP_MASKED_EQ"}]'),
        }
        for rule, (before, after) in texts.items():
            text = ('{"defaultAction": "SCMP_ACT_ERRNO", "comment": "ä",\n "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [\n'
                    f'  {{"names": ["read"], "action": "SCMP_ACT_ALLOW"}},\n  {{"comment": "€", "names": [{before}'
                    + ('}' if rule == "wide-equal" else '], "action": "SCMP_ACT_ALLOW"}') + '\n]}\n')
            path = os.path.join(self.new_folder(), "mistaken.json")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            words = ("lint", "--offline", "--baseline", "none", "--arch", "x86_64", path)
            run = valid_sarif(self.syscarve(*words, "--format", "sarif").stdout)
            fixes = [result["fixes"][0] for result in run["results"] if result["ruleId"] == rule and "fixes" in result]
            self.assertEqual([mended(text, fix) for fix in fixes], [text.replace(before, after)], run["results"])
            fixable = [result["ruleId"] for result in run["results"] if "fixes" in result]
            self.syscarve(*words, "--fix")
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), text.replace(before, after), fixable)

    def test_lists_for_programs_are_whole(self):
        folder = self.new_folder()

        def profile(name, *rules):
            content = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64"], "syscalls": list(rules)}
            return store(content, os.path.join(folder, name))

        def allow(names, *conditions):
            return {"names": names, "action": "SCMP_ACT_ALLOW", "args": list(conditions)}

        with open(os.path.join(SOURCE, "profiles", "rules", "syscalls.txt"), encoding="utf-8") as table:
            lines = [line.split() for line in table if not line.startswith(("#", "name ", "personality "))]
        names = [line[0] for line in lines if line[1] != "-"][:60]  # The first number is x86_64's.
        never = allow(names, {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"})
        file = profile("many.json", allow(names), never)
        words = ("lint", "--offline", "--baseline", "none", "--arch", "x86_64", file, "--format")
        self.assertRegex(self.syscarve(*words, "text").stdout, r"and 53 more")
        for output in ("json", "sarif", "junit"):
            text = self.syscarve(*words, output).stdout
            self.assertNotRegex(text, r"\d+ more[^)]", output)  # JUnit counts a rule's failures, and has all.
            self.assertIn(f"{', '.join(names[:-1])} and {names[-1]}", text)
        when = [allow(["personality"], {"index": 0, "value": 23 * n, "op": "SCMP_CMP_EQ"}) for n in range(60)]
        files = profile("few.json", allow(names)), profile("conditions.json", allow(names), *when)
        self.assertRegex(self.syscarve("diff", *files, "--arch", "x86_64").stdout, r"54 more")
        for output in ("json", "sarif", "junit"):
            text = self.syscarve("diff", *files, "--arch", "x86_64", "--format", output).stdout
            self.assertNotRegex(text, r"\d+ more[^)]", output)  # JUnit counts a rule's failures, and has all.
            self.assertIn(f"arg0 == {23 * 59:#x}", text)

    def test_which_lines_of_a_log_are_unreadable(self):
        result = self.syscarve("generate", os.path.join(INPUTS, "strace-unreadable-lines.txt"))
        self.assertNotEqual(result.status, 0, result)
        self.assertRegex(result.stderr, r"lines? 2.*3")

    def test_every_profile_of_a_file_is_converted(self):
        folder = self.new_folder()
        self.ask("convert", "several-profiles.yaml", "--format", "names", "-o", folder)
        self.assertGreater(len(os.listdir(folder)), 1)
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                self.assertEqual(self.names("convert", os.path.join(INPUTS, "several-profiles.yaml") + "#" + name.rpartition(".")[0], "--format", "names"),
                                 file.read().split())

    def test_a_field_that_spo_no_longer_has(self):
        result = self.ask("lint", "--offline", "--baseline", "none", "--arch", "x86_64", "spo-target-workload.yaml", expect=1)
        self.assertIn("targetWorkload", result.stdout + result.stderr)

    def test_a_profile_that_nothing_can_load(self):
        found = self.lint("unloadable.json", expect=1)
        self.assertIn("error", [finding["level"] for finding in found["unloadable"]])

    def test_a_listener_path(self):
        self.assertIn("permissive-default", self.lint("listener-path.json"))
        for form in ("names", "docker", "oci"):
            self.ask("convert", "listener-path.json", "--format", form)
        self.assertIn("/run/a.sock", self.ask("convert", "listener-path.json", "--format", "oci").stdout)
        self.ask("diff", "listener-path.json", "listener-path.json")

    def test_the_value_that_a_tracer_is_told(self):
        diff = self.ask("diff", "trace-value-1.json", "trace-value-2.json", expect=1).stdout
        self.assertIn("tracer (1)", diff)
        self.assertIn("tracer (2)", diff)
        self.assertIn("tracer (1)", self.ask("explain", "trace-value-1.json", "mount").stdout)

    def test_rules_that_libseccomp_may_never_come_back_from(self):
        """Recognised by their shape, not by trying to read them."""
        found = self.lint("shared-beginning.json", expect=1)
        self.assertIn("lseek", found["unloadable"][0]["message"])
        for arguments, answer in ((("4", "16", "0"), "allowed"), (("4", "1", "2"), "allowed"), (("3", "16", "2"), "EPERM")):
            self.assertIn(answer, self.ask("explain", "shared-beginning.json", "lseek", *arguments).stdout)
        self.ask("subset", "shared-beginning.json", "shared-beginning.json")

    def test_every_verb_reads_every_profile(self):
        """No verb crashes on any of them, and each refusal is a sentence: whatever a verb cannot process is bad input."""
        recording = self.path("strace.log")
        with open(recording, "w", encoding="utf-8") as file:
            file.write("1 execve(\"/bin/true\", [\"true\"], 0x7ffc /* 1 var */) = 0\n1 read(3, \"\", 1) = 0\n1 exit_group(0) = ?\n")
        files = [os.path.join(INPUTS, name) for name in sorted(os.listdir(INPUTS)) if name.endswith((".json", ".yaml")) and not name.startswith("audit-")]
        engines = "/usr/share/containers/seccomp.json"  # The default of Podman, where it is installed.
        refused = {}
        for file in files + ([engines] if os.path.exists(engines) else []):
            merged = self.path("merged.json")
            for words in (("lint", "--offline", "--baseline", "none", file), ("explain", file, "read"), ("convert", file, "--format", "oci"),
                          ("diff", file, file), ("subset", file, file), ("merge", "--union", "-o", merged, file, file),
                          ("check", recording, "--profile", file, "--allow-incomplete")):
                with self.subTest(words=words):
                    result = self.syscarve(*words, "--caps", "default", "--arch", "x86_64", "--kernel", "6.1")
                    self.assertIn(result.status, (0, 1, 2), result)
                    if result.status == 2:
                        self.assertRegex(result.stderr, "(?m)^syscarve: error: .", result)
                        refused.setdefault(os.path.basename(file), set()).add(words[0])
        # Several profiles are several questions to the verbs that ask one, what nothing can load decides nothing, one file is no JSON, and
        # what happened on one architecture tells nothing of another.
        deciding = {"diff", "subset", "merge", "check"}
        several = {*deciding, "convert", "explain"}
        self.assertEqual(refused, {"trailing-comma.json": {*several, "lint"}, "several-profiles.yaml": several, "list-of-profiles.yaml": several,
                                   "unloadable.json": deciding, "arm-private-narrow.json": {"check"}, "arm-private-wide.json": {"check"},
                                   "arm-set-tls.json": {"check"}})

    def test_minijails_two_compilers(self):
        # No condition followed by "return" suits both.
        self.assertRegex(self.ask("convert", "minijail-return.json", "--format", "minijail").stdout, r"(?m)^clone: arg0 [^;{}]*; return EPERM$")
        self.assertRegex(self.ask("convert", "minijail-return.json", "--format", "minijail-compiler").stdout,
                         r"(?m)^clone: \{[^;{}]*, return EPERM \}$")


for _name in EXPECTED_TO_FAIL:
    setattr(Kinds, _name, unittest.expectedFailure(getattr(Kinds, _name)))
