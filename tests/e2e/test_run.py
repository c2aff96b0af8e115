# SPDX-License-Identifier: Apache-2.0
"""`run`: a command under a profile, with or without root."""

import json
import os
import signal
import subprocess

from support import NOBODY, E2eTest, load


class RunTest(E2eTest):
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

    def calls_of(self, script, *refused, **options):
        """How `run` writes the calls that a Python script makes by `call(NUMBER, ARGUMENT…)` and that are refused."""
        script = ("import ctypes, mmap\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                  "call = lambda *words: libc.syscall(*(ctypes.c_long(w) if isinstance(w, int) else w for w in words))\n" + script)
        result, report = self.run_under(self.profile("SCMP_ACT_ERRNO", *refused), "/usr/bin/python3", "-I", "-S", "-c", script, **options)
        self.assertEqual(result.status, 0, result)
        for entry in report["refused"]:
            self.assertEqual(len(entry["arguments"]), 6)
        return [entry["call"] for entry in report["refused"]], result.stderr


class Run(RunTest):
    needs_root = False

    def test_refused_call_is_named_with_its_arguments(self):
        for user in self.users():
            result, report = self.run_under(self.profile("SCMP_ACT_ERRNO", "mkdir", "mkdirat", errnoRet=13), "/bin/mkdir", "-m", "750",
                                            "/nowhere", user=user)
            self.assertEqual(result.status, 1, result)
            self.assertIn("Permission denied", result.stderr)
            self.assertRegex(result.stderr, r"syscarve: refused mkdir\(\"/nowhere\", 0[0-7]+\): EACCES, 1 time, in /\S*/mkdir\n")
            (call,) = report["refused"]
            self.assertEqual((call["name"], call["abi"], call["count"], call["action"], call["errno"], call["let_through"]),
                             ("mkdir", "x86_64", 1, "SCMP_ACT_ERRNO", 13, False))
            self.assertRegex(call["call"], r"^mkdir\(\"/nowhere\", 0[0-7]+\)$")
            self.assertRegex(call["arguments"][0], r"^0x[0-9a-f]+$")
            self.assertEqual(report["status"], 1)

    def test_values_have_the_names_of_the_headers(self):
        for script, name, expected in (
                ("call(41, 40, 1, 0)", "socket", "socket(AF_VSOCK, SOCK_STREAM, 0)"),
                ("call(56, 0x10000011, 0, 0, 0, 0)", "clone", "clone(CLONE_NEWUSER|SIGCHLD, 0, NULL, NULL, 0)"),
                ("call(157, 4, 0)", "prctl", "prctl(PR_SET_DUMPABLE, 0)"),
                ("call(135, 0x0040000)", "personality", "personality(PER_LINUX|ADDR_NO_RANDOMIZE)"),
                ("call(135, 0x1_0000_0000)", "personality", "personality(0x100000000)")):
            calls, stderr = self.calls_of(script, name)
            self.assertEqual(calls, [expected])
            self.assertIn(f"syscarve: refused {expected}: EPERM, 1 time, in ", stderr)

    def test_paths_are_read_and_harmless(self):
        for user in self.users():
            # On x86_64: 83 is mkdir, 258 mkdirat.
            for argument, expected in (
                    (r"b'/etc/shadow'", '"/etc/shadow"'),
                    (r"b'a\", 0) = 0\n\x1b[2J\xff%'", '"a%22, 0) = 0\n\x1b[2J%FF%25"'),
                    (r"b''", '""'),
                    (r"b'x' * 5000", '"' + "x" * 4096 + '"…'),
                    ("0", "NULL"), ("1", "0x1"), (str(2**63), "0x8000000000000000")):
                calls, stderr = self.calls_of(f"call(83, {argument}, 0o750)", "mkdir", user=user)
                self.assertEqual(calls, [f"mkdir({expected}, 0750)"])
                self.assertNotIn("\x1b", stderr)
                self.assertEqual(stderr.count("\n"), 1, stderr)

    def test_a_path_that_ends_with_its_memory(self):
        script = ("memory = mmap.mmap(-1, 8192)\naddress = ctypes.addressof(ctypes.c_char.from_buffer(memory))\n"
                  "memory[4092:4096] = b'tail'\nlibc.mprotect(ctypes.c_void_p(address + 4096), 4096, 0)\n"
                  "call(83, address + 4092, 0)")
        self.assertEqual(self.calls_of(script, "mkdir")[0], ['mkdir("tail"…, 0)'])

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


class AsRoot(RunTest):
    def test_a_path_of_a_process_in_another_user_namespace(self):
        script = "call(272, 0x10000000) and exit(3)\ncall(83, b'/inside', 0)"
        calls, _ = self.calls_of(script, "mkdir", user=NOBODY)
        self.assertEqual(len(calls), 1)
        self.assertRegex(calls[0], r'^mkdir\(("/inside"|0x[0-9a-f]+), 0\)$')

    def test_daemon_of_a_command_that_has_ended_before_anybody_looked_is_ended(self):
        report = self.path("report.json")
        # strace keeps the supervisor from looking after its child until that has ended: nothing holds it up but the calls that the
        # profile refuses.
        result = self.run_process(["strace", "-q", "-o", self.path("strace"), "-e", "trace=clone", "-e", "inject=clone:delay_exit=500000",
                                   *self.command_line("run", "--profile", self.profile("SCMP_ACT_ERRNO", "reboot"), "--report", report,
                                                      "--grace", "200ms", "--", self.workload("leave_daemon"), "1000")])
        self.assertEqual(result.status, 0, result)
        with open(self.path("strace"), encoding="utf-8") as file:
            self.assertIn("(DELAYED)", file.read())
        self.assertEqual(load(report)["ended_after_grace"], 1)

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
