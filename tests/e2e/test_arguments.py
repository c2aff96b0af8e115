# SPDX-License-Identifier: Apache-2.0
"""A recording has the arguments that strace sees, with either backend; and a profile made of them lets seen arguments through and
refuses all others, whatever the bits are that the kernel ignores."""

import json
import os
import re
import shutil

from support import E2eTest, load, store, traces

# Call -> the places of the arguments that are recorded, where strace writes each of them by itself.
PLACES = {"socket": (0, 1, 2), "socketpair": (0, 1, 2), "ioctl": (1,), "mprotect": (2,), "mmap": (2, 3), "madvise": (2,), "fcntl": (1,),
          "setsockopt": (1, 2), "getsockopt": (1, 2), "personality": (0,), "getrandom": (2,)}
WORK = """
import fcntl, mmap, os, socket, subprocess, threading
listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0)); listener.listen()
threading.Thread(target=lambda: listener.accept()[0].close()).start()
socket.create_connection(listener.getsockname()).close()
for one in socket.socketpair(): one.close()
try: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
except OSError: pass
mmap.mmap(-1, 8192, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
fcntl.fcntl(0, fcntl.F_GETFL); os.isatty(0)
"""

# A number of its own for each kind of file.
FILES = """
import fcntl, os, pty, select, socket
kept = [pty.openpty()[1], os.open("/dev/null", os.O_RDONLY), os.pipe()[0], socket.socket(socket.AF_INET), socket.socket(socket.AF_UNIX), select.epoll(),
        os.open("/proc", os.O_RDONLY), os.open("/proc/self/status", os.O_RDONLY), 999]
for number, file in enumerate(kept, 0x5f01):
    try: fcntl.ioctl(file, number)
    except OSError: pass
"""
KINDS = {0x5f01: "tty", 0x5f02: "character device 1:3", 0x5f03: "pipe", 0x5f04: "socket AF_INET", 0x5f05: "socket AF_UNIX", 0x5f06: "anonymous [eventpoll]",
         0x5f07: "directory proc", 0x5f08: "file proc", 0x5f09: "no file"}


def kinds_of_files(recording):
    return {entry["are"][0]: " ".join(entry.get("on", ["?"])) for trace in traces(recording) for call in trace["calls"] if call["name"] == "ioctl"
            for entry in call["arguments"]["values"] if entry["are"][0] in KINDS}


def number(text):
    """Of 32 bits. `-X raw` still takes flags apart: 0x1|0x80000."""
    value = 0
    for part in text.split("|"):
        value |= int(part, 0)
    return value & 0xffffffff


def seen_by_strace(path):
    """Call -> the arguments at PLACES; calls that were interrupted count by what they began with."""
    seen = {}
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            call = re.match(r"(?:\d+ +)?(\w+)\(([^)]*)", line)
            if call and call[1] in PLACES:
                arguments = [word.strip() for word in call[2].replace("<unfinished ...>", "").split(",")]
                if len(arguments) > max(PLACES[call[1]]):
                    seen.setdefault(call[1], set()).add(tuple(number(arguments[place]) for place in PLACES[call[1]]))
    return seen


def recorded(recording, program):
    return {call["name"]: {tuple(value & 0xffffffff for value in entry["are"]) for entry in call["arguments"]["values"]
                           if any(recording["programs"][number]["path"] == program for number in entry["programs"])}
            for trace in traces(recording) for call in trace["calls"] if call["name"] in PLACES}


class Checks:
    """Of arguments that are recorded with `options`, beside strace."""

    def test_are_those_that_strace_sees(self):
        if shutil.which("strace") is None:
            self.skipTest("needs strace")
        python = os.path.realpath("/usr/bin/python3")
        log = self.path("strace")
        # A byte-code cache would be read by one run and written by the other.
        work = [python, "-B", "-S", "-c", WORK]
        recording, _ = self.record(*work, options=self.options)
        self.run_process(["strace", "-f", "-X", "raw", "-o", log, "--", *work])
        ours, theirs = recorded(recording, python), seen_by_strace(log)
        for call in ("socket", "socketpair", "ioctl", "mprotect", "mmap", "fcntl", "setsockopt"):
            self.assertEqual(ours.get(call), theirs.get(call), call)
        self.assertFalse(any(call.get("arguments", {}).get("open") for trace in traces(recording) for call in trace["calls"]))

    def test_ioctl_is_recorded_with_the_kind_of_file(self):
        recording, _ = self.record("/usr/bin/python3", "-B", "-S", "-c", FILES, options=self.options)
        self.assertEqual(kinds_of_files(recording), KINDS)


class ByNotification(Checks, E2eTest):
    needs_root = False
    needs_bpf = False
    as_nobody = True
    options = ("--backend", "notify")


class Arguments(Checks, E2eTest):
    options = ()

    def test_strace_tells_the_kind_of_file_where_it_shows_it(self):
        if shutil.which("strace") is None:
            self.skipTest("needs strace")
        log, merged = self.path("strace"), self.path("merged.json")
        self.run_process(["strace", "-f", "-n", "-yy", "-o", log, "--", "/usr/bin/python3", "-B", "-S", "-c", FILES])
        self.assertEqual(self.syscarve("merge", log, "-o", merged).status, 0)
        self.assertEqual(kinds_of_files(load(merged)), {**KINDS, 0x5f07: "file", 0x5f08: "file", 0x5f09: "?"})

    def test_explain_and_generate_say_on_what_a_number_of_risk_was_seen(self):
        inject = "import fcntl, pty, termios\ntry: fcntl.ioctl(pty.openpty()[1], termios.TIOCSTI, b'x')\nexcept OSError: pass"
        path = store(self.record("/usr/bin/python3", "-B", "-S", "-c", inject)[0], self.path("inject.recording.json"))
        explained = self.syscarve("explain", path, "ioctl").stdout
        self.assertRegex(explained, r"seen ioctl\(…, TIOCSTI\) on a tty in 1 run by /usr/bin/python3[^,]*, high risk")
        seen = json.loads(self.syscarve("explain", path, "ioctl", "--format", "json").stdout)["calls"][0]["arguments"]["seen"]
        self.assertEqual([(one["on"], one["risk"]) for one in seen if "risk" in one], [(["tty"], "high")])
        generated = self.syscarve("generate", path, "-o", self.path("inject.json"))
        self.assertIn("seen and allowed, of high risk: ioctl(…, TIOCSTI) on a tty", generated.stderr)

    def refused(self, profile, *calls):
        """The names of the calls that `run` reports as refused."""
        report = self.path("report.json")
        self.syscarve("run", "--profile", profile, "--report", report, "--", self.workload("calls"), *calls)
        return [call["name"] for call in load(report)["refused"]]

    def test_only_what_was_seen_gets_through(self):
        made = ["41:1:2,1,0", "56:1:0x10011", "157:1:15,@0", "16:1:0,0x5401", "10:1:0,0,1", "135:1:0"]
        recording, _ = self.record(self.workload("calls"), *made)
        profile = self.generate(recording)
        for dirt in ("", "0x100000000"):
            dirty = lambda value: hex(value | int(dirt or "0", 0))
            refused = lambda *calls: self.refused(profile, *calls)
            # clone without a stack for threads fails in the kernel, not in the filter.
            self.assertEqual(refused(f"41:1:{dirty(2)},{dirty(1)},0", f"41:1:{dirty(10)},{dirty(2)},0", f"157:1:{dirty(15)},@0",
                                     f"16:1:0,{dirty(0x5401)}", f"135:1:{dirty(0xffffffff)}"), [])
            for call, name in ((f"41:1:{dirty(17)},3,0x300", "socket"), (f"41:1:{dirty(38)},5,0", "socket"), (f"41:1:{dirty(40)},1,0", "socket"),
                               (f"16:1:0,{dirty(0x5412)}", "ioctl"), (f"157:1:{dirty(0x59616d61)},1", "prctl"),
                               (f"135:1:{dirty(0x40000)}", "personality"), (f"10:1:0,4096,{dirty(5)}", "mprotect"),
                               (f"56:1:{dirty(0x10000011)}", "clone"), ("272:1:0x10000000", "unshare")):
                self.assertEqual(refused(call), [name], call)

    def test_a_profile_lets_through_the_recording_that_it_was_made_of(self):
        # With threads, which libc starts by clone3 where it can.
        work = ("/usr/bin/python3", "-S", "-c", "import threading; threading.Thread(target=print).start()")
        recording, _ = self.record(*work)
        self.assertIn("clone3", {call["name"] for trace in traces(recording) for call in trace["calls"]})
        profile = self.generate(recording)
        self.assertNotIn("clone3", {name for rule in load(profile)["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]})
        checked = self.syscarve("check", store(recording, self.path("r.json")), "--profile", profile)
        self.assertEqual(checked.status, 0, checked)
        self.assertIn("refused no call", self.syscarve("run", "--profile", profile, "--", *work).stderr)

    def test_explain_says_with_which(self):
        path = store(self.record(self.workload("calls"), "41:1:17,3,768")[0], self.path("web.recording.json"))
        text = self.syscarve("explain", path, "socket").stdout
        self.assertIn("seen socket(AF_PACKET, SOCK_RAW, 768) in 1 run by ", text)
        call = json.loads(self.syscarve("explain", path, "socket", "--format", "json").stdout)["calls"][0]
        self.assertEqual([seen["call"] for seen in call["arguments"]["seen"]], ["socket(AF_PACKET, SOCK_RAW, 768)"])

    def test_diff_names_and_rates_the_argument(self):
        profiles = []
        for more in ((), ("41:1:17,3,768",)):
            recording, _ = self.record(self.workload("calls"), "41:1:2,1,0", *more)
            profiles.append(self.generate(recording))
        result = self.syscarve("diff", *profiles)
        self.assertEqual(result.status, 1, result)
        self.assertIn("socket [high]", result.stdout)
        self.assertIn("for example socket(AF_PACKET, SOCK_RAW, …)", result.stdout)
