# SPDX-License-Identifier: Apache-2.0
"""`inspect`: the filters of a live process, as text, as a profile and as instructions; and the ceiling made of them."""

import os
import platform
import signal
import struct
import subprocess
import unittest

from support import NOBODY, E2eTest, load, process_state, wait_until

ALLOW, ERRNO, KILL_PROCESS = 0x7fff0000, 0x00050000, 0x80000000
ARCH_X86_64, ARCH_I386 = 0xc000003e, 0x40000003
LOAD, JEQ, JGE, AND, RET = 0x20, 0x15, 0x35, 0x54, 0x06
NR, ARCH, FIRST_LOW, FIRST_HIGH = 0, 4, 16, 20
GETPPID, PERSONALITY, CLONE, MOUNT = 110, 135, 56, 165


def assembled(instructions):
    """`instructions` as (code, k) or (code, k, true, false), where a label stands for the place behind it."""
    places = {}
    code = []
    for instruction in instructions:
        if isinstance(instruction, str):
            places[instruction] = len(code)
        else:
            code.append(instruction)
    program = b""
    for at, (operation, value, *targets) in enumerate(code):
        jump = [places[target] - at - 1 if target else 0 for target in targets or ("", "")]
        program += struct.pack("<HBBI", operation, jump[0], jump[1], value)
    return program


# What an engine does, in small: other ABIs are killed, personality by value, clone by flags, mount refused, the rest allowed.
ENGINE = assembled([
    (LOAD, ARCH), (JEQ, ARCH_X86_64, "", "kill"),
    (LOAD, NR), (JGE, 0x40000000, "kill", ""),
    (JEQ, MOUNT, "refuse", ""), (JEQ, PERSONALITY, "personality", ""), (JEQ, CLONE, "clone", "allow"),
    "personality", (LOAD, FIRST_HIGH), (JEQ, 0, "", "refuse"), (LOAD, FIRST_LOW), (JEQ, 0, "allow", ""), (JEQ, 8, "allow", "refuse"),
    "clone", (LOAD, FIRST_LOW), (AND, 0x7e020000), (JEQ, 0, "allow", "refuse"),
    "allow", (RET, ALLOW), "refuse", (RET, ERRNO | 1), "kill", (RET, KILL_PROCESS)])
NO_GETPPID = assembled([(LOAD, ARCH), (JEQ, ARCH_X86_64, "", "allow"), (LOAD, NR), (JEQ, GETPPID, "refuse", "allow"),
                        "allow", (RET, ALLOW), "refuse", (RET, ERRNO | 13)])


@unittest.skipUnless(platform.machine() == "x86_64", "the filters are written for x86_64")
class Inspect(E2eTest):
    needs_bpf = False

    def filtered(self, *filters, **options):
        """A process that runs under `filters`, the first one installed first."""
        paths = []
        for index, program in enumerate(filters):
            paths.append(self.path(f"filter-{len(self._started)}-{index}"))
            with open(paths[-1], "wb") as file:
                file.write(program)
        process = self.start([self.workload("filtered"), *paths], stdin=subprocess.PIPE, **options)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def inspected(self, process, *options):
        result = self.syscarve("inspect", process.pid, *options)
        self.assertEqual(result.status, 0, result)
        return result

    def profile(self, process):
        path = os.path.join(self.new_folder(), "profile.json")
        result = self.inspected(process, "--format", "docker", "-o", path)
        return path, load(path), result

    def test_profile_says_what_the_filter_says(self):
        _, profile, result = self.profile(self.filtered(ENGINE))
        # "All but 0 and 8" cannot be written as conditions, so what is refused is the default, also for unknown numbers.
        self.assertEqual((profile["defaultAction"], profile["defaultErrnoRet"], profile["architectures"]),
                         ("SCMP_ACT_ERRNO", 1, ["SCMP_ARCH_X86_64"]))
        self.assertRegex(result.stderr, "numbers of x86_64 without a name meet SCMP_ACT_ALLOW in the filter and EPERM")
        allowed = {}
        for rule in profile["syscalls"]:
            self.assertEqual(rule["action"], "SCMP_ACT_ALLOW")
            for name in rule["names"]:
                allowed.setdefault(name, []).append(rule.get("args"))
        equal = [{"index": 0, "value": value, "op": "SCMP_CMP_EQ"} for value in (0, 8)]
        self.assertEqual(sorted(allowed["personality"], key=str), [[condition] for condition in equal])
        self.assertEqual(allowed["clone"], [[{"index": 0, "value": 0x7e020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]])
        self.assertNotIn("mount", allowed)
        self.assertGreater(len(allowed), 350)
        # The other ABIs are killed by the filter as a process, and by a profile that does not list them as a thread.
        self.assertIn("every call of i386 meets SCMP_ACT_KILL_PROCESS", result.stderr)

    def test_profile_refuses_what_the_filter_refuses(self):
        path, _, _ = self.profile(self.filtered(ENGINE))
        calls = self.workload("calls")
        for argument, status in (("135:3", 0), ("165:5", 5)):
            report = os.path.join(self.new_folder(), "report.json")
            result = self.syscarve("run", "-q", "--profile", path, "--report", report, "--", calls, argument)
            self.assertEqual(result.status, 0, result)
            self.assertEqual(sum(call["count"] for call in load(report)["refused"]), status, argument)

    def test_table(self):
        result = self.inspected(self.filtered(ENGINE))
        self.assertEqual(result.stderr, "")
        self.assertRegex(result.stdout, r"\Aprocess \d+: 1 filter of \d+ instructions\n")
        self.assertIn("x86_64: numbers beyond the tables: allowed", result.stdout)
        self.assertRegex(result.stdout, r"  refused with EPERM \(1\)\n    mount\n")
        self.assertIn("    clone: allowed if arg0 & 0x7e020000 == 0x0; otherwise refused with EPERM\n", result.stdout)
        self.assertIn("    personality: allowed if arg0 == 0x0, or arg0 == 0x8; otherwise refused with EPERM\n", result.stdout)
        self.assertIn("i386: every call kills the process\n", result.stdout)

    def test_stack_is_read_newest_first_and_the_strictest_counts(self):
        process = self.filtered(ENGINE, NO_GETPPID)
        result = self.inspected(process)
        self.assertRegex(result.stdout, rf"2 filters of {len(NO_GETPPID) // 8}, {len(ENGINE) // 8} instructions, the newest first")
        self.assertRegex(result.stdout, r"refused with EACCES \(1\)\n    getppid\n")
        self.assertRegex(result.stdout, r"refused with EPERM \(1\)\n    mount\n")

    def test_raw_is_what_was_installed(self):
        path = self.path("raw")
        self.inspected(self.filtered(ENGINE), "--format", "raw", "-o", path)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), ENGINE)
        result = self.inspected(self.filtered(NO_GETPPID, ENGINE), "--format", "raw", "-o", path)
        self.assertIn("has 2 filters", result.stderr)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), ENGINE, "the newest")
        # What was read can be installed again, and read again.
        with open(path, "rb") as file:
            again = self.filtered(file.read())
        other = self.path("again")
        self.inspected(again, "--format", "raw", "-o", other)
        with open(other, "rb") as file:
            self.assertEqual(file.read(), ENGINE)

    def test_process_goes_on(self):
        process = self.filtered(ENGINE)
        for _ in range(20):
            self.inspected(process)
        process.stdin.close()
        self.assertEqual(process.wait(timeout=30), 0)

    def test_stopped_process_stays_stopped(self):
        process = self.filtered(ENGINE)
        process.send_signal(signal.SIGSTOP)
        wait_until(lambda: process_state(process.pid) == "T", "it is stopped")
        self.inspected(process)
        wait_until(lambda: process_state(process.pid) == "T", "it is stopped again")
        process.send_signal(signal.SIGCONT)
        process.stdin.close()
        self.assertEqual(process.wait(timeout=30), 0)

    def test_no_filter(self):
        process = self.filtered()
        result = self.syscarve("inspect", process.pid)
        self.assertEqual(result.status, 1, result)
        self.assert_one_line_error(result, "runs under no seccomp filter")

    def test_no_such_process(self):
        for target in ("4194000", "0", "99999999999999999999", "-", "12 34", "../x", "container:", "container:a/b", "-1"):
            result = self.syscarve("inspect", "--", target)
            self.assertEqual(result.status, 2, result)
            self.assert_one_line_error(result)

    def test_no_engine_to_ask_for_a_container(self):
        result = self.syscarve("inspect", "web", "--engine-socket", self.path("none.sock"))
        self.assertEqual(result.status, 3, result)
        self.assert_one_line_error(result, "none.sock")

    def test_dead_process(self):
        process = self.filtered(ENGINE)
        process.kill()
        wait_until(lambda: process_state(process.pid) == "Z", "it is dead and not waited for")
        result = self.syscarve("inspect", process.pid)
        self.assertEqual(result.status, 2, result)
        self.assert_one_line_error(result, "has ended")

    def test_dying_process(self):
        for _ in range(20):
            process = self.filtered(ENGINE)
            inspecting = self.start(self.command_line("inspect", process.pid))
            process.kill()
            result = self.finish(inspecting)
            self.assertIn(result.status, (0, 2), result)
            if result.status == 2:
                self.assert_one_line_error(result, str(process.pid))
            self.assertEqual(process.wait(timeout=30), -signal.SIGKILL)

    def test_nobody_may_not(self):
        process = self.filtered(ENGINE, user=NOBODY)
        result = self.syscarve("inspect", process.pid, user=NOBODY)
        self.assertEqual(result.status, 3, result)
        self.assert_one_line_error(result, "hint", "sudo")

    def test_output_stays_on_an_error(self):
        path = self.path("out.json")
        with open(path, "w") as file:
            file.write("from before")
        result = self.syscarve("inspect", "4194000", "--format", "docker", "-o", path)
        self.assertEqual(result.status, 2, result)
        with open(path) as file:
            self.assertEqual(file.read(), "from before")

    def test_as_a_ceiling(self):
        ceiling, _, _ = self.profile(self.filtered(ENGINE))
        recording = self.path("recording.json")
        result = self.syscarve("record", "-q", "--backend", "notify", "-o", recording, "--", self.workload("calls"), "165:3", "135:2")
        self.assertEqual(result.status, 0, result)
        profile = self.path("profile.json")
        result = self.syscarve("generate", recording, "--ceiling", ceiling, "-o", profile)
        self.assertEqual(result.status, 0, result)
        self.assertIn("cut by the ceiling: mount (refused with EPERM, seen 3 times)\n", result.stderr)
        self.assertRegex(result.stderr, r"narrowed by the ceiling: personality if arg0 == 0x0, or arg0 == 0x8\n")
        allowed = {}
        for rule in load(profile)["syscalls"]:
            if rule["action"] == "SCMP_ACT_ALLOW":
                allowed.update((name, rule.get("args")) for name in rule["names"])
        self.assertNotIn("mount", allowed)
        self.assertIsNone(allowed["execve"])
        self.assertIsNotNone(allowed["personality"])
        result = self.syscarve("generate", recording, "--ceiling", self.path("no-such.json"))
        self.assertEqual(result.status, 2, result)
