# SPDX-License-Identifier: Apache-2.0
"""Formats of other programs, accepted as profiles and recordings: logs of strace and audit, objects of Kubernetes, conditional
profiles, and the filters of live processes."""

import json
import os
import platform
import re
import shutil
import subprocess
import unittest

from support import E2eTest, load, names

AUDIT = """[ 4547.3] audit: type=1326 audit(1795512116.608:58): auid=0 pid=14842 comm="web" exe="/usr/bin/web" sig=0 arch=c000003e \
syscall=41 compat=0 ip=0x5627 code=0x7ffc0000
type=SECCOMP msg=audit(1795512116.664:59): auid=0 pid=14851 comm="web" exe="/usr/bin/web" sig=31 arch=c000003e syscall=101 \
compat=0 ip=0x5604 code=0x80000000
"""

SPO = """apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata: {name: web}
spec:
  defaultAction: SCMP_ACT_ERRNO
  baseProfileName: runc-v1.4.2
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [read, write]
"""

CONDITIONAL = {
    "defaultAction": "SCMP_ACT_ERRNO",
    "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
    "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"},
                 {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
                 {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
                 {"names": ["chroot"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_CHROOT"]}}]}


def allowed(result):
    """The names that `explain --format json` of a profile lists."""
    return {call["name"] for call in json.loads(result.stdout)["calls"]}


class Profiles(E2eTest):
    needs_root = False
    needs_bpf = False

    def file(self, content):
        path = os.path.join(self.new_folder(), "profile")
        with open(path, "w") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def explained(self, path, *options, expect=0):
        result = self.syscarve("explain", path, "--format", "json", *options)
        self.assertEqual(result.status, expect, result)
        return result

    def test_a_seccomp_profile_of_the_operator(self):
        result = self.explained(self.file(SPO))
        self.assertEqual(allowed(result), {"read", "write"})
        self.assertIn("runc-v1.4.2, which is not here", result.stderr)

    def test_what_inspektor_gadget_prints(self):
        result = self.explained(self.file('// web\n{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", '
                                          '"syscall_1f4"], "action": "SCMP_ACT_ALLOW"}]}\n'))
        self.assertEqual(allowed(result), {"read"})
        self.assertIn("syscall_1f4", result.stderr)

    def test_conditions_are_decided_for_the_container(self):
        path = self.file(CONDITIONAL)
        for options, expected in ((["--caps", "none"], {"read", "ptrace"}), (["--caps", "all"], {"read", "ptrace", "mount", "chroot"}),
                                  (["--caps", "default"], {"read", "ptrace", "chroot"}),
                                  (["--caps", "default,SYS_ADMIN"], {"read", "ptrace", "mount", "chroot"}),
                                  (["--caps", "cap_sys_admin", "--kernel", "4.7"], {"read", "mount"})):
            result = self.explained(path, *options)
            self.assertEqual(allowed(result), expected, options)
            self.assertEqual(result.stderr, "")

    def test_docker_s_capabilities_are_taken_when_none_are_said(self):
        result = self.explained(self.file(CONDITIONAL))
        self.assertEqual(allowed(result), {"read", "ptrace", "chroot"})
        self.assertIn("--caps", result.stderr)

    def test_bad_targets(self):
        path = self.file(CONDITIONAL)
        for options in (["--caps", "SYS_ADMINISTRATOR"], ["--caps", ""], ["--caps", ","], ["--kernel", "new"], ["--arch", "vax"]):
            result = self.explained(path, *options, expect=2)
            self.assert_one_line_error(result, options[0])

    def test_the_profile_of_containers_common(self):
        path = "/usr/share/containers/seccomp.json"
        if not os.path.exists(path):
            self.skipTest(f"{path} is not installed (golang-github-containers-common)")
        without = allowed(self.explained(path, "--caps", "none"))
        admin = allowed(self.explained(path, "--caps", "default,SYS_ADMIN"))
        self.assertGreater(len(without), 300)
        self.assertTrue({"bpf", "setns"} <= admin - without | {"bpf", "setns"} & without, sorted(admin - without))

    def test_no_filter_at_all_is_said(self):
        result = self.syscarve("run", "--profile", self.file("{}"), "--", "/bin/true")
        self.assertEqual(result.status, 0, result)
        self.assertIn("it allows every call", result.stderr)

    def test_run_is_for_this_host(self):
        other = "arm64" if platform.machine() == "x86_64" else "amd64"
        result = self.syscarve("run", "--profile", self.file(CONDITIONAL), "--arch", other, "--", "/bin/true")
        self.assertEqual(result.status, 125, result)
        self.assert_one_line_error(result, "--arch")


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class Strace(E2eTest):
    needs_root = False
    needs_bpf = False

    def traced(self, *command, options=("-f",)):
        path = os.path.join(self.new_folder(), "strace.log")
        subprocess.run(["strace", *options, "-o", path, *command], check=True, stdout=subprocess.DEVNULL, env=self.environment, timeout=60)
        return path

    def generated(self, path, *options):
        result = self.syscarve("generate", path, "--closure", "none", "--baseline", "none", "--format", "names", *options)
        self.assertEqual(result.status, 0, result)
        return set(result.stdout.split())

    SCRIPT = ("sh", "-c", "ls / | cat; (exec id); true & wait; cat /nonexistent 2> /dev/null; exec uname")

    def test_the_names_are_those_of_the_log(self):
        for options in (["-f"], ["-f", "-tt", "-T", "-y"], ["-f", "-r", "-n", "-i"], ["-f", "-ttt", "-e", "raw=all"], ["-f", "-Y", "-v"]):
            path = self.traced(*self.SCRIPT, options=options)
            with open(path) as log:
                expected = set(re.findall(r"(?m)^(?!.*(?:\+\+\+|---|<\.\.\. )).*?\b([a-z][a-z0-9_]*)\(", log.read()))
            self.assertEqual(self.generated(path), expected, options)

    def test_it_is_the_set_that_is_recorded_otherwise(self):
        path = self.path("own.json")
        result = self.syscarve("record", "-q", "--backend", "notify", "-o", path, "--", *self.SCRIPT)
        self.assertEqual(result.status, 0, result)
        # What depends on the moment: waiting, and memory that is given back or not.
        varies = {"rt_sigreturn", "rt_sigsuspend", "munmap", "restart_syscall", "brk", "madvise"}
        self.assertEqual(self.generated(self.traced(*self.SCRIPT)) - varies, names(load(path)) - varies)

    def test_each_program_has_its_own(self):
        path = self.traced("sh", "-c", "/bin/ls / | /bin/cat; exec /bin/true")
        merged = self.syscarve("merge", path, "-o", self.path("merged.json"))
        self.assertEqual(merged.status, 0, merged)
        recording = load(self.path("merged.json"))
        self.assertEqual({os.path.basename(program["path"]) for program in recording["programs"]}, {"sh", "ls", "cat", "true"})
        self.assertTrue(recording["complete"]["complete"], recording["complete"])
        self.assertEqual(recording["runs"][0]["command"]["status"], 0)

    def test_a_profile_of_the_log_lets_the_command_run(self):
        path = self.traced("/bin/ls", "/")
        profile = self.path("profile.json")
        self.assertEqual(self.syscarve("generate", path, "-o", profile, "--baseline", "none").status, 0)
        result = self.syscarve("run", "--profile", profile, "--", "/bin/ls", "/")
        self.assertEqual(result.status, 0, result)
        self.assertIn("the profile refused no call", result.stderr)
        checked = self.syscarve("check", path, "--profile", profile)
        self.assertEqual(checked.status, 0, checked)
        explained = self.syscarve("explain", path, "openat")
        self.assertIn("/bin/ls", explained.stdout)

    def test_half_a_log_is_incomplete(self):
        path = self.traced("/bin/ls", "/")
        with open(path) as log:
            lines = log.readlines()
        for part in (lines[:-2], lines[1:], lines[:5] + ["something else\n"] + lines[5:]):
            with open(path, "w") as log:
                log.writelines(part)
            result = self.syscarve("generate", path)
            self.assertEqual(result.status, 4, result)
            self.assertEqual(self.syscarve("generate", path, "--allow-incomplete").status, 0)

    @unittest.skipUnless(platform.machine() == "x86_64", "int $0x80 is x86's")
    def test_32_bit_calls_by_number(self):
        self.needs_32_bit_calls()
        path = self.traced(self.workload("calls"), "i386:20:3", "39:2", options=["-f", "-n"])
        merged = self.syscarve("merge", path, "-o", self.path("merged.json"))
        self.assertEqual(merged.status, 0, merged)
        calls = load(self.path("merged.json"))["runs"][0]["subjects"][0]["calls"]
        counts = {(call["abi"], call["name"]): call["count"] for call in calls}
        self.assertEqual((counts["i386", "getpid"], counts["x86_64", "getpid"]), (3, 2))


class Audit(E2eTest):
    needs_root = False
    needs_bpf = False

    def test_the_log_is_a_recording_that_lacks_calls(self):
        path = self.path("audit.log")
        with open(path, "w") as file:
            file.write(AUDIT)
        refused = self.syscarve("generate", path)
        self.assertEqual(refused.status, 4, refused)
        result = self.syscarve("generate", path, "--allow-incomplete", "--closure", "none", "--format", "names")
        self.assertEqual((result.status, result.stdout), (0, "socket\n"), result)
        # The call that was killed is a denial, not a call.
        self.assertEqual(self.syscarve("merge", path, "-o", self.path("merged.json")).status, 0)
        trace = load(self.path("merged.json"))["runs"][0]["subjects"][0]
        self.assertEqual([denial["name"] for denial in trace["denials"]], ["ptrace"])


@unittest.skipUnless(platform.machine() == "x86_64", "the filter is written for x86_64")
class Live(E2eTest):
    needs_bpf = False

    def test_a_live_filter_is_a_profile(self):
        profile = self.path("profile.json")
        with open(profile, "w") as file:
            json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount", "umount2"], "action": "SCMP_ACT_ERRNO"}]}, file)
        filters = self.path("filter")
        from test_inspect import ENGINE
        with open(filters, "wb") as file:
            file.write(ENGINE)
        process = self.start([self.workload("filtered"), filters], stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        live = f"live:{process.pid}"
        explained = self.syscarve("explain", live, "mount", "getppid", "--format", "json")
        self.assertEqual(explained.status, 0, explained)
        recording = self.path("strace.log")
        with open(recording, "w") as file:
            file.write('execve("/bin/a", ["a"], 0x1) = 0\nmount("a", "b") = 0\ngetppid() = 1\nexit_group(0) = ?\n')
        checked = self.syscarve("check", recording, "--profile", live, "--format", "json")
        self.assertEqual(checked.status, 1, checked)
        self.assertEqual([call["name"] for call in json.loads(checked.stdout)["refused"]], ["mount"])
        result = self.syscarve("generate", recording, "--ceiling", live, "--baseline", "none", "--format", "names")
        self.assertEqual(result.status, 0, result)
        self.assertIn("getppid", result.stdout.split())
        self.assertNotIn("mount", result.stdout.split())

    def test_what_has_no_filter_is_no_profile(self):
        process = self.start(["sleep", "100"])
        for target, status in ((f"live:{process.pid}", 3), ("live:0", 2), ("live:999999999", 2), ("live:", 2)):
            result = self.syscarve("explain", target)
            self.assertEqual(result.status, status, result)
            self.assert_one_line_error(result, target)
