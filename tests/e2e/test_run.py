# SPDX-License-Identifier: Apache-2.0
"""`run`: a command under a profile, with or without root."""

import json
import os
import signal
import subprocess

from support import NOBODY, E2eTest, load


class Run(E2eTest):
    needs_bpf = False

    def profile(self, action, *refused, **fields):
        """All calls are allowed but `refused`."""
        path = os.path.join(self.new_folder(), "profile.json")
        rule = {"names": list(refused), "action": action, **fields}
        with open(path, "w") as file:
            json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}, file)
        return path

    def run_under(self, profile, *command, options=(), **process_options):
        report = os.path.join(self.new_folder(process_options.get("user")), "report.json")
        result = self.syscarve("run", "--profile", profile, "--report", report, *options, "--", *command, **process_options)
        return result, load(report)

    def test_refused_call_is_named_with_its_arguments(self):
        for user in (None, NOBODY):
            result, report = self.run_under(self.profile("SCMP_ACT_ERRNO", "mkdir", "mkdirat", errnoRet=13), "/bin/mkdir", "-m", "750",
                                            "/nowhere", user=user)
            self.assertEqual(result.status, 1, result)
            self.assertIn("Permission denied", result.stderr)
            self.assertRegex(result.stderr, r"syscarve: refused mkdir\(0x[0-9a-f]+, 0x[0-9a-f]+, .*\): EACCES, 1 time, in /\S*/mkdir\n")
            (call,) = report["refused"]
            self.assertEqual((call["name"], call["abi"], call["count"], call["action"], call["errno"], call["let_through"]),
                             ("mkdir", "x86_64", 1, "SCMP_ACT_ERRNO", 13, False))
            self.assertEqual(report["status"], 1)

    def test_log_lets_it_through(self):
        folder = self.new_folder()
        result, report = self.run_under(self.profile("SCMP_ACT_ERRNO", "mkdir", "mkdirat"), "/bin/mkdir", f"{folder}/new", options=["--log"])
        self.assertEqual(result.status, 0, result)
        self.assertIn("would refuse mkdir(", result.stderr)
        self.assertTrue(os.path.isdir(f"{folder}/new"))
        self.assertTrue(report["refused"][0]["let_through"])

    def test_kill(self):
        result, report = self.run_under(self.profile("SCMP_ACT_KILL_PROCESS", "mkdir", "mkdirat"), "/bin/mkdir", "/nowhere")
        self.assertEqual(result.status, 128 + signal.SIGSYS, result)
        self.assertIn("refused mkdir(", result.stderr)
        self.assertEqual(report["refused"][0]["action"], "SCMP_ACT_KILL_PROCESS")

    def test_counts_in_children_too(self):
        profile = self.profile("SCMP_ACT_ERRNO", "sched_get_priority_max")
        script = f"{self.workload('calls')} 146:1009 & {self.workload('calls')} 146:2003 & wait"
        result, report = self.run_under(profile, "/bin/sh", "-c", script)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(sum(call["count"] for call in report["refused"]), 3012)

    def test_compat_call_under_its_own_name(self):
        self.needs_32_bit_calls()
        path = os.path.join(self.new_folder(), "profile.json")
        with open(path, "w") as file:
            json.dump({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
                       "syscalls": [{"names": ["sched_get_priority_max"], "action": "SCMP_ACT_ERRNO"}]}, file)
        _, report = self.run_under(path, self.workload("calls"), "i386:159:3")
        (call,) = report["refused"]
        self.assertEqual((call["name"], call["abi"], call["number"], call["count"]), ("sched_get_priority_max", "i386", 159, 3))

    def test_what_is_beyond_the_profiles_largest_number_is_missing_as_with_runc(self):
        path = os.path.join(self.new_folder(), "profile.json")
        needed = ("execve exit exit_group access faccessat2 arch_prctl brk close fstat getrandom mmap mprotect munmap newfstatat open openat pread64 "
                  "prlimit64 read rseq set_robust_list set_tid_address")
        profile = {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
                   "syscalls": [{"names": needed.split(), "action": "SCMP_ACT_ALLOW"}]}
        for default, expected in (({}, {27: (1, False), 9999: (38, True)}),
                                  ({"defaultErrnoRet": 38}, {27: (38, False), 9999: (38, False)})):
            with open(path, "w") as file:
                json.dump({**profile, **default}, file)
            result, report = self.run_under(path, self.workload("calls"), "27:1", "9999:2")
            self.assertEqual(result.status, 0, result)
            self.assertEqual({call["number"]: (call["errno"], call["beyond_largest"]) for call in report["refused"]}, expected)
            self.assertEqual("ENOSYS beyond the largest number that the profile names, 2 times" in result.stderr, not default, result)

    def test_statuses_and_streams_are_the_commands(self):
        profile = self.profile("SCMP_ACT_ERRNO", "reboot")
        result = self.syscarve("run", "-q", "--profile", profile, "--", "/bin/sh", "-c", "cat; echo err >&2; exit 9", stdin=b"data")
        self.assertEqual((result.status, result.stdout, result.stderr), (9, "data", "err\n"))
        result = self.syscarve("run", "--profile", profile, "--", "/bin/sh", "-c", "kill -KILL $$")
        self.assertEqual(result.status, 137, result)
        result = self.syscarve("run", "--profile", profile, "--", "no-such-command-anywhere")
        self.assertEqual(result.status, 127, result)
        result = self.syscarve("run", "--profile", profile, "--", self.folder)
        self.assertEqual(result.status, 126, result)

    def test_profile_without_execve_says_so(self):
        result = self.syscarve("run", "--profile", self.profile("SCMP_ACT_ERRNO", "execve"), "--", "/bin/true")
        self.assertEqual(result.status, 126, result)
        self.assertIn("execve", result.stderr)

    def test_no_new_privileges_are_gained(self):
        result = self.syscarve("run", "-q", "--profile", self.profile("SCMP_ACT_ERRNO", "reboot"), "--", "/bin/grep", "NoNewPrivs",
                               "/proc/self/status")
        self.assertEqual(result.stdout.split(), ["NoNewPrivs:", "1"], result)

    def test_report_to_a_missing_folder(self):
        mark = self.path("mark")
        result = self.syscarve("run", "--profile", self.profile("SCMP_ACT_ERRNO", "reboot"), "--report", self.path("no/report.json"), "--",
                               "/usr/bin/touch", mark)
        self.assertEqual(result.status, 125, result)
        self.assertFalse(os.path.exists(mark))

    def test_signal_is_passed_on(self):
        process = self.start(self.command_line("run", "--profile", self.profile("SCMP_ACT_ERRNO", "reboot"), "--", "/bin/sh", "-c",
                                               "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"))
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(process).status, 5)

    def test_daemon_is_ended(self):
        result, report = self.run_under(self.profile("SCMP_ACT_ERRNO", "reboot"), self.workload("leave_daemon"), "1000",
                                        options=["--grace", "200ms"])
        self.assertEqual(result.status, 0, result)
        self.assertEqual(report["ended_after_grace"], 1)

    def test_the_supervisor_cannot_be_reached(self):
        """Who has the supervisor's listener or its memory lets its own calls through."""
        profile = self.profile("SCMP_ACT_ERRNO", "reboot")
        for user in (None, NOBODY):
            for way in ("pidfd_getfd", "fd", "mem", "ptrace", "process_vm"):
                for form in (way, "nested:" + way):
                    with self.subTest(user=user, way=form):
                        result = self.syscarve("run", "-q", "--profile", profile, "--", self.workload("reach_parent"), form, user=user)
                        self.assertEqual(result.status, 1, result)
                        self.assertRegex(result.stdout, "(EPERM|EACCES)$")
                        # Nothing else would be in the way.
                        if not form.endswith("pidfd_getfd"):
                            free = self.run_process(["/bin/sh", "-c", f"{self.workload('reach_parent')} {way}; exit $?"], user=user)
                            self.assertEqual(free.status, 0, free)

    def test_under_sudo_the_caller_is_the_user(self):
        uid = subprocess.run(["id", "-u", NOBODY], capture_output=True, text=True, check=True).stdout.strip()
        profile = self.profile("SCMP_ACT_ERRNO", "reboot")
        environment = {"SUDO_UID": uid, "SUDO_GID": uid, "SUDO_USER": NOBODY}
        result = self.syscarve("run", "-q", "--profile", profile, "--", "/usr/bin/id", "-u", env=environment)
        self.assertEqual(result.stdout, uid + "\n", result)
        result = self.syscarve("run", "-q", "--profile", profile, "--user", "root", "--", "/usr/bin/id", "-u", env=environment)
        self.assertEqual(result.stdout, "0\n", result)
