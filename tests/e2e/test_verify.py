# SPDX-License-Identifier: Apache-2.0
"""`verify`: each thing that can break is broken once, and must be reported."""

import json
import os
import signal
import subprocess
import xml.etree.ElementTree as xml

from support import BINARY, E2eTest, load


class Verify(E2eTest):
    needs_root = False
    needs_bpf = False

    def profile(self, *refused, action="SCMP_ACT_ERRNO", **fields):
        """All calls are allowed but `refused`."""
        path = os.path.join(self.new_folder(), "profile.json")
        rules = [{"names": list(refused), "action": action, **fields}] if refused else []
        with open(path, "w") as file:
            json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}, file)
        return path

    def verify(self, profile, *command, options=(), **process_options):
        report = os.path.join(self.new_folder(process_options.get("user")), "report.json")
        result = self.syscarve("verify", "--profile", profile, "--report", report, *options, "--", *command, **process_options)
        return result, load(report)

    def sequence(self, *statuses):
        """A command that ends with each of the statuses in turn."""
        folder = self.new_folder()
        path = os.path.join(folder, "command")
        with open(path, "w") as file:
            file.write(f"#!/bin/sh\necho >> {folder}/runs\ncase $(wc -l < {folder}/runs) in\n")
            file.writelines(f"{run}) exit {status} ;;\n" for run, status in enumerate(statuses, 1))
            file.write("esac\nexit 99\n")
        os.chmod(path, 0o755)
        return path

    def kinds(self, report):
        return [problem["kind"] for problem in report["problems"]]

    def test_passes_when_nothing_breaks_with_and_without_root(self):
        for user in self.users():
            result, report = self.verify(self.profile("mkdir", "mkdirat"), "/bin/true", options=["--runs", "2"], user=user)
            self.assertEqual(result.status, 0, result)
            self.assertIn("verified: nothing breaks", result.stderr)
            self.assertEqual([(run["enforced"], run["status"]) for run in report["runs"]],
                             [(False, 0), (False, 0), (True, 0), (True, 0)])
            self.assertTrue(report["passed"])

    def test_what_would_be_refused_is_told_before_anything_is_enforced(self):
        folder = self.new_folder()
        result, report = self.verify(self.profile("mkdir", "mkdirat"), "/bin/mkdir", f"{folder}/new")
        self.assertEqual(result.status, 1, result)
        self.assertRegex(result.stderr, r"would refuse mkdir\(.*/mkdir\n")
        self.assertIn("--allow mkdir", result.stderr)
        self.assertTrue(os.path.isdir(f"{folder}/new"))
        self.assertEqual(self.kinds(report), ["refused"])
        self.assertEqual([run["enforced"] for run in report["runs"]], [False])

    def test_a_call_that_is_made_only_under_the_profile_is_told_as_well(self):
        # The second run, which is in force, does something that the first did not.
        folder = self.new_folder()
        script = f"test -e {folder}/new || exec touch {folder}/new; exec mkdir {folder}/other"
        result, report = self.verify(self.profile("mkdir", "mkdirat"), "/bin/sh", "-c", script)
        self.assertEqual(result.status, 1, result)
        self.assertEqual(self.kinds(report), ["refused", "fails"])
        self.assertFalse(os.path.exists(f"{folder}/other"))

    def test_a_call_that_the_profile_says_is_missing_breaks_nothing(self):
        result, report = self.verify(self.profile("sched_get_priority_max", errnoRet=38), self.workload("calls"), "146:3")
        self.assertEqual(result.status, 0, result)
        self.assertIn("sched_get_priority_max", report["remarks"][0])

    def test_a_command_that_fails_by_itself_proves_nothing(self):
        result, report = self.verify(self.profile(), "/bin/false")
        self.assertEqual(result.status, 1, result)
        self.assertEqual(self.kinds(report), ["fails-anyway"])

    def test_a_command_that_fails_now_and_then_is_told_and_passes(self):
        result, report = self.verify(self.profile(), self.sequence(0, 1, 0, 0, 1, 0), options=["--runs", "3"])
        self.assertEqual(result.status, 0, result)
        self.assertIn("failed 1 of 3 times while the profile only reported", result.stderr)

    def test_a_command_that_fails_only_under_the_profile_fails(self):
        result, report = self.verify(self.profile(), self.sequence(0, 0, 0, 7), options=["--runs", "2"])
        self.assertEqual(result.status, 1, result)
        self.assertEqual(self.kinds(report), ["fails"])
        self.assertIn("exit status 7", result.stderr)

    def test_what_does_not_stop_under_the_profile(self):
        # What the profile says is missing is no refusal, so this shows in the way it stops alone.
        script = "sleep 600 & kill $!; :"
        profile = self.profile("kill", errnoRet=38)
        result, report = self.verify(profile, "/bin/sh", "-c", script, options=["--grace", "300ms"])
        self.assertEqual(result.status, 1, result)
        self.assertEqual(self.kinds(report), ["stops"])

    def test_a_run_that_hangs_under_the_profile_is_ended(self):
        folder = self.new_folder()
        script = f"test -e {folder}/new || exec touch {folder}/new; sleep 600"
        result, report = self.verify(self.profile(), "/bin/sh", "-c", script, options=["--limit", "1s"])
        self.assertEqual(result.status, 1, result)
        self.assertIn("takes-too-long", self.kinds(report))
        self.assertTrue(report["runs"][1]["over_limit"])

    def test_a_start_that_is_refused(self):
        path = os.path.join(self.new_folder(), "profile.json")
        with open(path, "w") as file:
            json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ERRNO"}]}, file)
        result, report = self.verify(path, "/bin/true")
        self.assertEqual(result.status, 1, result)
        self.assertEqual(self.kinds(report), ["refused"])

    def test_a_signal_ends_it_and_no_other_run_begins(self):
        folder = self.new_folder()
        os.mkfifo(f"{folder}/started")
        script = f"echo >> {folder}/runs; echo > {folder}/started; exec sleep 600"
        process = subprocess.Popen([BINARY, "verify", "--profile", self.profile(), "--runs", "5", "--", "/bin/sh", "-c", script],
                                   stderr=subprocess.PIPE, text=True)
        with open(f"{folder}/started") as started:
            started.read()
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("a signal ended the verification", stderr)
        with open(f"{folder}/runs") as runs:
            self.assertEqual(len(runs.readlines()), 1)

    def test_junit(self):
        report = os.path.join(self.new_folder(), "report.xml")
        result = self.syscarve("verify", "--profile", self.profile("mkdir", "mkdirat"), "--report", report, "--format", "junit", "--",
                               "/bin/mkdir", os.path.join(self.new_folder(), "new"))
        self.assertEqual(result.status, 1, result)
        cases = {case.get("name"): case for case in xml.parse(report).getroot().iter("testcase")}
        self.assertEqual([name for name, case in cases.items() if case.find("failure") is not None], ["refused"])

    def test_errors(self):
        for words, status, message in (
                (["--profile", "/nowhere", "--", "true"], 2, "/nowhere"),
                (["--profile", self.profile(), "--", "/nowhere/command"], 2, "/nowhere/command"),
                (["--profile", self.profile(), "--runs", "0", "--", "true"], 2, "--runs"),
        ):
            result = self.syscarve("verify", *words)
            self.assertEqual((result.status, message in result.stderr), (status, True), result)
