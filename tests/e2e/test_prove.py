# SPDX-License-Identifier: Apache-2.0
"""`prove`: the needs of a command, found by running it without. setpriv, which drops capabilities for real, is the independent witness."""

import json
import os
import subprocess

from support import NOBODY, SOURCE, E2eTest, load

PYTHON = "/usr/bin/python3"

# What is tried, as Python, and the capabilities that it needs; alternatives are written A|B. Each leaves behind what it found.
CASES = {
    "chown": ("os.chown(path, 1, 1); os.chown(path, 0, 0)", ["CAP_CHOWN"]),
    "low_port": ("s = socket.socket(); s.bind(('127.0.0.1', 81))", ["CAP_NET_BIND_SERVICE"]),
    "raw_socket": ("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", ["CAP_NET_RAW"]),
    "chroot": ("os.chroot('/')", ["CAP_SYS_CHROOT"]),
    "device": ("os.mknod(path + '.d', 0o60600, os.makedev(7, 200)); os.unlink(path + '.d')", ["CAP_MKNOD"]),
    "priority": ("os.nice(-1)", ["CAP_SYS_NICE"]),
    "locked_memory": ("resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0)); b = mmap.mmap(-1, 4096)\n"
                      "assert libc.mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(b))), 4096) == 0", ["CAP_IPC_LOCK"]),
    "groups": ("os.setgroups([5, 6])", ["CAP_SETGID"]),
    "others_file": ("open(others).read()", ["CAP_DAC_OVERRIDE|CAP_DAC_READ_SEARCH"]),
    "others_mode": ("os.chmod(others, 0o600)", ["CAP_FOWNER"]),
    "others_process": ("p = subprocess.Popen(['cat'], stdin=subprocess.PIPE, user=1); p.kill(); p.wait()", ["CAP_KILL", "CAP_SETUID"]),
    # Fails in silence: all that differs is how it ends.
    "change_of_user": ("try: os.setgroups([]); os.setgid(33); os.setuid(33)\nexcept OSError: pass", ["CAP_SETGID", "CAP_SETUID"]),
    # The kernel asks for CAP_SYS_ADMIN in passing.
    "memory": ("b = mmap.mmap(-1, 1 << 28); subprocess.run(['true'], check=True)", []),
    # And for CAP_SETPCAP at each capset(2), of what it has already.
    "capset": ("h = (ctypes.c_uint32 * 2)(0x20080522, 0); d = (ctypes.c_uint32 * 6)()\n"
               "assert libc.syscall(125, h, d) == 0; assert libc.syscall(126, h, d) == 0", []),
    "files": ("open(path + '.n', 'w').write('x'); os.rename(path + '.n', path + '.m'); os.unlink(path + '.m')", []),
}


class ProveTest(E2eTest):
    needs_bpf = False

    def script(self, body):
        folder = self.new_folder()
        path, others = f"{folder}/file", f"{folder}/others"
        for name in (path, others):
            with open(name, "w") as file:
                file.write("x")
        os.chmod(others, 0o600)
        os.chown(others, 1, 1)
        script = f"{folder}/script.py"
        with open(script, "w") as file:
            file.write("import ctypes, mmap, os, resource, socket, subprocess\n"
                       f"libc = ctypes.CDLL(None, use_errno=True)\npath, others = {path!r}, {others!r}\n{body}\n")
        return [PYTHON, "-B", "-S", script]

    def prove(self, *command, options=(), **process_options):
        report = os.path.join(self.new_folder(process_options.get("user")), "proof.json")
        result = self.syscarve("prove", "--report", report, *options, "--", *command, **process_options)
        return result, load(report) if os.path.exists(report) and os.path.getsize(report) else None

    def with_verdict(self, proven, verdict):
        return [one["name"] for one in proven if one["verdict"] == verdict]


class WithoutRoot(ProveTest):
    needs_root = False
    as_nobody = True

    def test_calls_that_are_made_and_not_needed(self):
        # sched_get_priority_max, which it does not look at the result of.
        command = [self.workload("calls"), "146:3"]
        result, report = self.prove(*command, options=["--syscalls", "--runs", "1"])
        self.assertEqual(result.status, 0, result)
        self.assertEqual(report["capabilities"], [])
        dispensable = self.with_verdict(report["calls"], "not-needed")
        self.assertIn("sched_get_priority_max", dispensable)
        needed = self.with_verdict(report["calls"], "needed")
        self.assertIn("execve", needed)
        # The kernel itself, with a profile of these alone.
        recording = f"{self.new_folder()}/r.recording.json"
        self.assertEqual(self.syscarve("record", "-q", "--backend", "notify", "-o", recording, "--", *command).status, 0)
        profile = f"{self.new_folder()}/p.json"
        block = [word for name in dispensable for word in ("--block", name)]
        self.assertEqual(self.syscarve("generate", "-q", "--closure", "none", "--format", "oci", *block, "-o", profile, recording).status, 0)
        self.assertEqual(self.syscarve("run", "-q", "--profile", profile, "--", *command).status, 0)

    def test_what_is_proven_goes_into_the_recording(self):
        command = [self.workload("calls"), "146:3"]
        folder = self.new_folder()
        recording, profile = f"{folder}/r.recording.json", f"{folder}/p.json"
        self.assertEqual(self.syscarve("record", "-q", "--backend", "notify", "-o", recording, "--", *command).status, 0)
        result, report = self.prove(*command, options=["--syscalls", "--runs", "1", "--recording", recording, "--into", recording])
        self.assertEqual(result.status, 0, result)
        (proofs,) = load(recording)["proofs"]
        self.assertEqual({one["name"]: one["verdict"] for one in proofs["calls"]}, {one["name"]: one["verdict"] for one in report["calls"]})
        explained = self.syscarve("explain", "-q", recording, "sched_get_priority_max", "execve").stdout
        self.assertIn("proven not needed: generate --only-needed leaves it out\n", explained)
        self.assertIn("proven needed: without it, no program starts", explained)
        result = self.syscarve("generate", "--only-needed", "-o", profile, recording)
        self.assertEqual(result.status, 0, result)
        self.assertRegex(result.stderr, "seen, proven not needed and left out: .*sched_get_priority_max")
        self.assertIn("proven not to be needed where it is refused with ENOSYS", self.syscarve("explain", profile, "sched_get_priority_max").stdout)
        # It is answered as it was then.
        self.assertEqual(self.syscarve("run", "-q", "--profile", profile, "--", *command).status, 0)

    def test_arguments_need_a_recording(self):
        result = self.syscarve("prove", "--arguments", "--", "/bin/true")
        self.assertEqual(result.status, 2, result)
        self.assertIn("--arguments needs --recording", result.stderr)

    def test_it_is_said_that_refusals_are_not_compared(self):
        result, report = self.prove("/bin/true", options=["--syscalls", "--runs", "1"])
        self.assertEqual(result.status, 0, result)
        self.assertIn("what the kernel refuses programs is not compared", report["remarks"][0])
        self.assertNotIn("libbpf", result.stderr)

    def test_proofs_need_a_recording_to_go_into(self):
        result = self.syscarve("prove", "--syscalls", "--into", "/dev/null", "--", "/bin/true")
        self.assertEqual(result.status, 2, result)
        self.assertIn("--into needs --recording", result.stderr)

    def test_a_command_that_fails_proves_nothing(self):
        result, report = self.prove("/bin/false", options=["--syscalls"])
        self.assertEqual(result.status, 1, result)
        self.assertIn("nothing proven: the command fails with nothing removed (exit status 1)", result.stderr)
        self.assertFalse(report["complete"])

    def test_a_command_that_changes_what_it_runs_on_is_told(self):
        result, report = self.prove("/bin/mkdir", f"{self.new_folder()}/new", options=["--syscalls", "--runs", "1"])
        self.assertEqual(result.status, 1, result)
        self.assertIn("the command", report["unproven"])

    def test_what_there_was_no_time_for_is_undecided(self):
        result, report = self.prove("/bin/true", options=["--syscalls", "--runs", "1", "--budget", "1ms"])
        self.assertEqual(result.status, 1, result)
        self.assertFalse(report["complete"])
        undecided = self.with_verdict(report["calls"], "undecided")
        self.assertIn("mmap", undecided)
        self.assertIn("undecided, out of time", result.stderr)

    def test_usage(self):
        result = self.syscarve("prove")
        self.assertEqual(result.status, 2, result)
        self.assertIn("no command is given", result.stderr)
        result = self.syscarve("prove", "--syscalls", "--recording", "/does/not/exist", "--", "/bin/true")
        self.assertEqual(result.status, 2, result)
        result = self.syscarve("prove", "--", "/does/not/exist")
        self.assertIn(result.status, (2, 127), result)


class Prove(ProveTest):
    def with_capabilities(self, command, names):
        """How it ends with these alone."""
        kept = ",".join(["-all", *("+" + name.removeprefix("CAP_").lower() for name in names)])
        return subprocess.run(["setpriv", "--no-new-privs", "--bounding-set", kept, "--", *command], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode

    def check_case(self, name):
        body, expected = CASES[name]
        command = self.script(body)
        result, report = self.prove(*command, options=["--runs", "1", "--user", "root", "--grace", "100ms"])
        self.assertEqual(result.status, 0, result)
        self.assertTrue(report["complete"])
        needed = self.with_verdict(report["capabilities"], "needed")
        self.assertEqual(len(needed), len(expected), (name, needed, result.stderr))
        for one, alternatives in zip(needed, expected):
            self.assertIn(one, alternatives.split("|"), result.stderr)
        self.assertEqual(self.with_capabilities(command, needed), 0, needed)
        # What fails in silence setpriv does not tell.
        if name != "change_of_user":
            for one in needed:
                self.assertNotEqual(self.with_capabilities(command, [other for other in needed if other != one]), 0, one)
        return result, report

    def test_capabilities_of_files(self):
        for name in ("chown", "device", "others_file", "others_mode", "files"):
            with self.subTest(name):
                self.check_case(name)

    def test_capabilities_of_sockets(self):
        for name in ("low_port", "raw_socket"):
            with self.subTest(name):
                self.check_case(name)

    def test_capabilities_of_processes(self):
        for name in ("chroot", "priority", "locked_memory", "groups", "others_process"):
            with self.subTest(name):
                self.check_case(name)

    def test_what_the_kernel_asks_for_in_passing_is_not_needed(self):
        for name in ("memory", "capset"):
            with self.subTest(name):
                self.check_case(name)

    def test_a_server_that_stays_root_in_silence_is_told(self):
        result, report = self.check_case("change_of_user")
        why = {one["name"]: one.get("why", "") for one in report["capabilities"]}
        self.assertIn("user 0 instead of 33", why["CAP_SETUID"])
        self.assertIn("group", why["CAP_SETGID"])
        self.assertIn("--cap-drop ALL --cap-add SETGID --cap-add SETUID\n", result.stderr)

    def test_a_port_that_nobody_listens_on_any_more_is_told(self):
        body = ("s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
                "try: s.bind(('127.0.0.1', 82))\nexcept OSError: pass\ns.listen(); os._exit(0)")
        result, report = self.prove(*self.script(body), options=["--runs", "1", "--user", "root"])
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.with_verdict(report["capabilities"], "needed"), ["CAP_NET_BIND_SERVICE"])
        self.assertIn("listening ports one of the kernel's choice instead of 82", result.stderr)

    def test_a_recording_shortens_it(self):
        command = self.script(CASES["chown"][0])
        recording = f"{self.new_folder()}/chown.recording.json"
        result = self.syscarve("record", "-q", "--user", "root", "-o", recording, "--", *command)
        if result.status == 3:
            self.skipTest("no recording here")
        _, without = self.prove(*command, options=["--runs", "1", "--user", "root"])
        result, report = self.prove(*command, options=["--runs", "1", "--user", "root", "--recording", recording])
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.with_verdict(report["capabilities"], "needed"), ["CAP_CHOWN"])
        self.assertLess(report["trials"], without["trials"])
        self.assertEqual(len(report["capabilities"]), len(without["capabilities"]))

    def test_what_a_recording_missed_is_found_nevertheless(self):
        recording = f"{self.new_folder()}/files.recording.json"
        result = self.syscarve("record", "-q", "--user", "root", "-o", recording, "--", *self.script(CASES["files"][0]))
        if result.status == 3:
            self.skipTest("no recording here")
        result, report = self.prove(*self.script(CASES["raw_socket"][0]), options=["--runs", "1", "--user", "root", "--recording", recording])
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.with_verdict(report["capabilities"], "needed"), ["CAP_NET_RAW"])
        self.assertIn("that the recording has not granted are needed, too", result.stderr)

    def record(self, command):
        recording = f"{self.new_folder()}/r.recording.json"
        result = self.syscarve("record", "-q", "--user", "root", "-o", recording, "--", *command)
        if result.status == 3:
            self.skipTest("no recording here")
        self.assertEqual(result.status, 0, result)
        return recording

    def test_arguments_that_are_made_and_not_needed(self):
        # It does without a family, and not without another.
        command = self.script("try: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)\nexcept OSError: pass\nsocket.socket(socket.AF_UNIX)")
        recording = self.record(command)
        result, report = self.prove(*command, options=["--arguments", "--runs", "1", "--user", "root", "--recording", recording, "--into", recording])
        self.assertEqual(result.status, 0, result)
        self.assertEqual((report["capabilities"], report["calls"]), ([], []))
        sockets = {one["name"]: (one["verdict"], one.get("why")) for one in report["arguments"] if one["call"] == "socket"}
        self.assertEqual(sockets, {"socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0)": ("needed", "exit status 1 instead of success"),
                                   "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE)": ("not-needed", None)})
        # The kernel itself, with a filter that allows all but what is not needed, and then with one that refuses one more.
        dispensable = [one for one in report["arguments"] if one["verdict"] == "not-needed"]
        (needed,) = [one for one in report["arguments"] if one["name"].startswith("socket(AF_UNIX")]
        self.assertEqual(self.under(dispensable, command), 0)
        self.assertNotEqual(self.under([*dispensable, needed], command), 0)
        # So does what is made of the recording.
        explained = self.syscarve("explain", "-q", recording, "socket").stdout
        self.assertRegex(explained, r"seen socket\(AF_NETLINK, .*, proven not needed\n")
        self.assertRegex(explained, r"seen socket\(AF_UNIX, .*, proven needed: without it, exit status 1 instead of success\n")
        profile = f"{self.new_folder()}/p.json"
        result = self.syscarve("generate", "--only-needed", "-o", profile, recording)
        self.assertEqual(result.status, 0, result)
        self.assertRegex(result.stderr, r"proven not needed and left out: .*socket\(AF_NETLINK, SOCK_RAW\|SOCK_CLOEXEC, NETLINK_ROUTE\)")
        comments = [one["comment"] for one in load(profile)["syscalls"] if "socket" in one["names"]]
        self.assertTrue(comments)
        self.assertNotIn("AF_NETLINK", "".join(comments))
        self.assertEqual(self.syscarve("run", "-q", "--user", "root", "--profile", profile, "--", *command).status, 0)

    def under(self, refused, command):
        """How it ends when these arguments of calls are refused."""
        indexes = {call["name"]: call["arguments"] for call in load(f"{SOURCE}/profiles/rules/recorded-arguments.json")["calls"]}
        low = (1 << 32) - 1
        rules = [{"names": [one["call"]], "action": "SCMP_ACT_ERRNO", "errnoRet": 38,
                  "args": [{"index": index, "op": "SCMP_CMP_MASKED_EQ", "value": low, "valueTwo": value & low}
                           for index, value in zip(indexes[one["call"]], one["values"])]} for one in refused]
        profile = f"{self.new_folder()}/p.json"
        with open(profile, "w", encoding="utf-8") as file:
            json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}, file)
        return self.syscarve("run", "-q", "--user", "root", "--profile", profile, "--", *command).status

    def test_what_the_kernel_refuses_a_program_is_a_difference(self):
        # Neither its end nor its state tells.
        command = self.script("try: os.chown(path, 1, 1)\nexcept OSError: pass\nelse: os.chown(path, 0, 0)")
        options = ["--runs", "1", "--user", "root"]
        result, report = self.prove(*command, options=options)
        self.assertEqual(result.status, 0, result)
        if any("is not compared" in remark for remark in report["remarks"]):
            self.skipTest("no BPF here")
        self.assertEqual(self.with_verdict(report["capabilities"], "needed"), ["CAP_CHOWN"])
        self.assertRegex(result.stderr, "CAP_CHOWN: without it, python3[.0-9]* is refused chown with EPERM")
        result, report = self.prove(*command, options=[*options, "--ignore-refusals"])
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.with_verdict(report["capabilities"], "needed"), [])

    def test_a_command_that_fails_now_and_then_is_tried_again(self):
        folder = self.new_folder()
        open(f"{folder}/n", "w").close()
        flaky = f"n=$(wc -c < {folder}/n); printf x >> {folder}/n; exit $((n % 2))"
        result, report = self.prove("/bin/sh", "-c", flaky, options=["--runs", "2", "--user", "root"])
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.with_verdict(report["capabilities"], "needed"), [])
        self.assertIn("failed 1 of 2 times with nothing removed", report["remarks"][0])

    def test_without_root_capabilities_cannot_be_removed(self):
        result, _ = self.prove("/bin/true", user=NOBODY)
        self.assertEqual(result.status, 3, result)
        self.assertIn("without root", result.stderr)
        result, _ = self.prove("/bin/true", options=["--user", "65534"])
        self.assertEqual(result.status, 3, result)
        self.assertIn("--user root runs it as root", result.stderr)

