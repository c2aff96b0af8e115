# SPDX-License-Identifier: Apache-2.0
"""`record`: its effects on the command, its messages, and what is left after failures."""

import contextlib
import os
import pty
import shutil
import signal
import subprocess

from support import BINARY, NOBODY, E2eTest, alone, call_name, counts, load, names, process_state, shares, traces, wait_until

SLEEP = "/bin/sleep"


def read_line(process):
    return process.stdout.readline().decode("utf-8", "surrogateescape").rstrip("\n")


class Command(E2eTest):
    """The command must not notice the recording, and its caller only syscarve's messages on stderr."""
    backend = "bpf"

    def record_line(self, *command, options=(), output=None):
        """The command line that records it."""
        return self.command_line("record", "--backend", self.backend, *options, "-o", output or self.path("r.json"), "--", *command)

    def test_streams_are_the_commands(self):
        data = bytes(range(256)) * 1000
        recording = self.path("recording.json")
        process = self.start(self.record_line("/bin/sh", "-c", "cat; echo err >&2", options=["-q"], output=recording), stdin=subprocess.PIPE)
        stdout, stderr = process.communicate(data, timeout=60)
        self.assertEqual((process.returncode, stdout, stderr), (0, data, b"err\n"))
        self.assertIn("read", names(load(recording)))

    def test_status_is_the_commands(self):
        for status in (0, 1, 42, 125, 255):
            recording, _ = self.record("/bin/sh", "-c", f"exit {status}", options=["--backend", self.backend], expect=status)
            self.assertEqual(recording["runs"][0]["command"], {"status": status, "ended_by_recorder": 0})

    def test_death_by_signal_is_128_more(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
            recording, _ = self.record("/bin/sh", "-c", f"kill -{number:d} $$", options=["--backend", self.backend], expect=128 + number)
            self.assertEqual(recording["runs"][0]["command"]["status"], 128 + number)
            self.assertIn("kill", names(recording))
            self.assertTrue(recording["complete"]["complete"])

    def test_command_not_found(self):
        result = self.run_process(self.record_line("no-such-command-anywhere"))
        self.assertEqual(result.status, 127, result)
        self.assert_one_line_error(result, "no-such-command-anywhere", "not found")
        self.assertFalse(os.path.exists(self.path("r.json")))

    def test_command_not_executable(self):
        plain = self.path("plain")
        open(plain, "w").close()
        bad_interpreter = self.path("bad-interpreter")
        with open(bad_interpreter, "w") as file:
            file.write("#!/no/such/interpreter\n")
        os.chmod(bad_interpreter, 0o755)
        for path, status in ((plain, 126), (self.folder, 126), (bad_interpreter, 127)):
            result = self.run_process(self.record_line(path))
            self.assertEqual(result.status, status, result)
            self.assert_one_line_error(result, path)
            self.assertFalse(os.path.exists(self.path("r.json")))

    def test_words_arrive_as_they_are(self):
        words = ["", " ", "-x", "--output", "[a,b]", "[]", "%41", "a\nb", "\udcff", "--"]
        process = self.start(self.record_line("/usr/bin/printf", "<%s>", *words, options=["-q"]))
        stdout, stderr = process.communicate(timeout=60)
        expected = "".join(f"<{word}>" for word in words).encode("utf-8", "surrogateescape")
        self.assertEqual((process.returncode, stdout), (0, expected), stderr)

    def test_descriptors_and_folder_are_passed_on(self):
        read_end, write_end = os.pipe()
        process = self.start(self.record_line("/bin/sh", "-c", f"pwd >&{write_end}", options=["-q"]), pass_fds=[write_end], cwd="/usr")
        self.assertEqual(self.finish(process).status, 0)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            self.assertEqual(pipe.read(), "/usr\n")

    def test_leaks_no_descriptor_into_the_command(self):
        result = self.run_process(self.record_line("/bin/ls", "/proc/self/fd", options=["-q"]))
        # The three streams, and the folder that ls itself reads.
        self.assertEqual(result.stdout.split(), ["0", "1", "2", "3"])


class CommandByNotification(Command):
    needs_root = False
    needs_bpf = False
    as_nobody = True
    backend = "notify"


class Terminal:
    """The far end of a pseudo-terminal, on which a command runs."""

    def __init__(self, argv, environment):
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], argv, environment)

    def write(self, data):
        os.write(self._fd, data)

    def read_until(self, end):
        seen = b""
        while end not in seen:
            data = self._read()
            if not data:
                raise AssertionError(f"the terminal ended after {seen}")
            seen += data
        return seen

    def _read(self):
        try:
            return os.read(self._fd, 4096)
        except OSError:  # EIO: the other side is closed.
            return b""

    def finish(self):
        """Reads to the end and returns the exit status."""
        while self._read():
            pass
        return self.wait()

    def wait(self):
        pid, self.pid = self.pid, None
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def close(self):
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None


class SignalChecks:
    """What signals and a terminal do to a command that is recorded by `backend`."""
    READY = "trap 'echo caught; exit 7' TERM INT; echo ready; while :; do sleep 0.05; done"

    def test_sigterm_is_passed_on(self):
        output = self.path("r.json")
        process = self.start(self.command_line("record", "--backend", self.backend, "-o", output, "--", "/bin/sh", "-c", self.READY))
        self.assertEqual(read_line(process), "ready")
        process.send_signal(signal.SIGTERM)
        result = self.finish(process)
        self.assertEqual((result.status, result.stdout), (7, "caught\n"), result)
        self.assertTrue(load(output)["complete"]["complete"])

    def test_ctrl_c_writes_the_recording(self):
        terminal, output = self.on_a_terminal("/bin/sh", "-c", self.READY)
        terminal.read_until(b"ready")
        terminal.write(b"\x03")
        self.assertEqual(terminal.finish(), 7)
        self.assertTrue(load(output)["complete"]["complete"])

        terminal, output = self.on_a_terminal(SLEEP, "1000")
        self.wait_until_asleep(self.child_running(terminal.pid, SLEEP))
        terminal.write(b"\x03")
        self.assertEqual(terminal.finish(), 128 + signal.SIGINT)
        self.assertTrue(load(output)["complete"]["complete"])

    def test_end_of_the_terminal_reaches_the_command(self):
        """The kernel signals a hangup of the terminal only to the session's leader, which is syscarve here."""
        mark = self.path("mark")
        terminal, output = self.on_a_terminal("/bin/sh", "-c", f"trap 'echo gone > {mark}; exit 3' HUP; echo ready; "
                                              "while :; do sleep 0.05; done")
        terminal.read_until(b"ready")
        terminal.close()
        self.assertEqual(terminal.wait(), 3)
        self.assertTrue(os.path.exists(mark))
        self.assertTrue(load(output)["complete"]["complete"])

    def test_terminal_stays_the_commands(self):
        """A command that queries the terminal, and configures it, gets the same results as without a recorder."""
        script = ("import os, sys, termios; print(os.isatty(0), os.tcgetpgrp(0) == os.getpgrp(), flush=True); "
                  "a = termios.tcgetattr(0); a[3] &= ~termios.ECHO; termios.tcsetattr(0, termios.TCSANOW, a); print('read', input())")
        terminal, _ = self.on_a_terminal("/usr/bin/python3", "-I", "-c", script)
        self.assertIn(b"True True", terminal.read_until(b"\n"))
        terminal.write(b"typed\n")
        self.assertIn(b"read typed", terminal.read_until(b"read typed"))
        self.assertEqual(terminal.finish(), 0)

    def on_a_terminal(self, *command):
        """Records `command` as the leader of a session with a terminal of its own."""
        output = os.path.join(self.new_folder(), "recording.json")
        argv = self.command_line("record", "-q", "--backend", self.backend, "-o", output, "--", *command)
        terminal = Terminal(argv, self.environment)
        self.addCleanup(terminal.close)
        return terminal, output

    # In the middle of its sleep: before it there is no call to restart, and a shell's child may still have its parent's handlers.
    @staticmethod
    def wait_until_asleep(pid):
        def asleep():
            with open(f"/proc/{pid}/wchan") as channel:
                return "nanosleep" in channel.read()
        wait_until(asleep, "sleep sleeps")

    @staticmethod
    def child_running(parent, executable):
        def find():
            with open(f"/proc/{parent}/task/{parent}/children") as children:
                pids = children.read().split()
            for pid in pids:
                # A recorder's child is nobody else's to look at until it has executed the command.
                with contextlib.suppress(PermissionError):
                    if os.readlink(f"/proc/{pid}/exe") == os.path.realpath(executable):
                        return int(pid)
            return None
        return wait_until(find, f"{executable} runs")


class Signals(SignalChecks, E2eTest):
    backend = "bpf"

    def test_stop_and_continue(self):
        """A stop interrupts a sleep; the kernel goes on with it as restart_syscall, which no program calls by itself."""
        recording, stopped = self.recorded_sleep(stop=True)
        self.assertEqual(stopped.status, 0, stopped)
        self.assertIn("restart_syscall", names(recording))

        recording, undisturbed = self.recorded_sleep(stop=False)
        self.assertNotIn("restart_syscall", names(recording))
        profile = self.generate(recording)
        process = self.start(self.command_line("run", "--profile", profile, "--", SLEEP, "0.5"))
        self.stop_and_continue(self.child_running(process.pid, SLEEP))
        result = self.finish(process)
        self.assertEqual(result.status, 0, result)
        self.assertIn("refused no call", result.stderr)

    def recorded_sleep(self, stop):
        output = os.path.join(self.new_folder(), "recording.json")
        process = self.start(self.command_line("record", "-o", output, "--", SLEEP, "0.5"))
        if stop:
            self.stop_and_continue(self.recorded_pid_of(SLEEP))
        result = self.finish(process)
        return load(output), result

    def stop_and_continue(self, pid):
        self.wait_until_asleep(pid)
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: process_state(pid) == "T", "sleep has stopped")
        os.kill(pid, signal.SIGCONT)


class SignalsByNotification(SignalChecks, E2eTest):
    needs_root = False
    needs_bpf = False
    backend = "notify"


class Processes(E2eTest):
    def test_daemon_that_ends_by_itself(self):
        for backend in ("bpf", "notify"):
            recording, result = self.record(self.workload("leave_daemon"), "1", options=["--backend", backend, "--grace", "60s"])
            self.assertEqual(counts(recording)["sched_get_priority_min"], 1)
            self.assertEqual(recording["runs"][0]["command"], {"status": 0, "ended_by_recorder": 0}, result)

    def test_daemon_that_does_not(self):
        for backend in ("bpf", "notify"):
            recording, result = self.record(self.workload("leave_daemon"), "1000", options=["--backend", backend, "--grace", "200ms"])
            self.assertEqual(recording["runs"][0]["command"], {"status": 0, "ended_by_recorder": 1})
            self.assertRegex(result.stderr, r"1 process\b.* outlived the command and the grace period")
            self.assertTrue(recording["complete"]["complete"])

    def test_three_thousand_short_lived_processes(self):
        recording, _ = self.record(self.workload("many_children"), "3000")
        self.assertEqual(counts(recording)["sched_get_priority_max"], 3000)
        self.assertTrue(recording["complete"]["complete"])

    def test_three_thousand_short_lived_programs(self):
        recording, _ = self.record("/bin/sh", "-c", "i=0; while [ $i -lt 3000 ]; do /bin/true; i=$((i + 1)); done")
        self.assertEqual(counts(recording)["execve"], 3001)
        self.assertEqual(counts(recording)["exit_group"], 3001)
        self.assertEqual([program["path"].rpartition("/")[2] for program in recording["programs"]], ["dash", "true"])
        self.assertTrue(recording["complete"]["complete"])

    def test_hostile_program_names(self):
        hostile = b"a\x1b]0;owned\x07\x1b[31m\nb\xff\xfe\xe2\x80\xae%41"
        program = os.path.join(os.fsencode(self.new_folder()), hostile)
        shutil.copy("/bin/true", program)
        for backend in ("bpf", "notify"):
            output = self.path(f"{backend}.json")
            results = [self.syscarve("record", "--backend", backend, "-o", output, "--", os.fsdecode(program))]
            recording = load(output)
            paths = [path["path"] for path in recording["programs"]]
            self.assertEqual(len(paths), 1)
            self.assertTrue(paths[0].endswith("/a%1B]0;owned%07%1B[31m%0Ab%FF%FE\u202e%2541")
                            or paths[0].endswith("/a\x1b]0;owned\x07\x1b[31m\nb%FF%FE\u202e%2541"), ascii(paths[0]))
            with open(output, "rb") as file:
                results.append(file.read().decode("utf-8"))
            results.append(self.syscarve("explain", output))
            results.append(self.syscarve("explain", output, "--format", "json"))
            results.append(self.syscarve("generate", output))
            profile = self.generate(output, "--block", "brk")
            results.append(self.syscarve("run", "--profile", profile, "--", os.fsdecode(program)))
            results.append(self.syscarve("record", "--backend", backend, "-o", output, "--", os.fsdecode(program) + "-missing"))
            self.assertIn("refused brk", results[-2].stderr)
            for result in results:
                text = result if isinstance(result, str) else result.stdout + result.stderr
                for raw in ("\x1b", "\x07", "\udcff", "\udcfe", "\u202e"):
                    self.assertNotIn(raw, text)

    def test_names_the_program_of_each_call(self):
        recording, _ = self.record("/bin/sh", "-c", "/bin/ls / > /dev/null; :")
        by_id = {program["id"]: os.path.basename(program["path"]) for program in recording["programs"]}
        (trace,) = traces(recording)
        programs = {call_name(call): {by_id[int(key)] for key in call["programs"]} for call in trace["calls"]}
        self.assertEqual(programs["getdents64"], {"ls"})
        self.assertEqual(programs["wait4"], {"dash"})
        for call in trace["calls"]:
            self.assertEqual(sum(call["programs"].values()), call["count"], call)


class Recorders(E2eTest):
    """Recorders beside and after each other."""

    def test_two_at_once_see_their_own(self):
        # Each command waits for its standard input to end, so both are there before either makes its calls.
        first_calls, second_calls = "146:1009", "147:2003"
        processes = []
        for index, calls in enumerate((first_calls, second_calls)):
            script = f"echo ready; read line; exec {self.workload('calls')} {calls}"
            processes.append(self.start(self.command_line("record", "-o", self.path(f"{index}.json"), "--", "/bin/sh", "-c", script),
                                        stdin=subprocess.PIPE))
        for process in processes:
            self.assertEqual(read_line(process), "ready")
        self.assertEqual(len(self.leaves()), 2)
        for process in processes:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        for process in processes:
            self.assertEqual(self.finish(process).status, 0)
        first, second = (counts(load(self.path(f"{index}.json"))) for index in (0, 1))
        self.assertEqual((first.get("sched_get_priority_max"), first.get("sched_get_priority_min")), (1009, None))
        self.assertEqual((second.get("sched_get_priority_max"), second.get("sched_get_priority_min")), (None, 2003))

    def test_one_inside_the_other(self):
        inner = self.path("inner.json")
        recording, _ = self.record(self.public(BINARY), "record", "-q", "-o", inner, "--", self.workload("calls"), "146:7")
        self.assertEqual(counts(load(inner))["sched_get_priority_max"], 7)
        # The inner recorder's command lives below the outer one's cgroup and so is the outer one's, too.
        self.assertEqual(counts(recording)["sched_get_priority_max"], 7)
        self.assertIn("bpf", names(recording))

    @shares("leftovers")
    def test_killed_recorder_is_cleaned_up_after(self):
        process = self.start(self.command_line("record", "-o", self.path("never.json"), "--", SLEEP, "1000"))
        pid = self.recorded_pid_of(SLEEP)
        # With its guardian, which would remove the cgroup.
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
            children = [int(child) for child in file.read().split()]
        process.send_signal(signal.SIGSTOP)
        for child in children:
            os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait()
        wait_until(lambda: process_state(pid) in ("", "Z"), "sleep has ended")
        (stale,) = self.leaves()
        self.record("/bin/true")
        self.assertFalse(os.path.exists(stale))
        self.assertFalse(os.path.exists(self.path("never.json")))

    def test_living_recorders_cgroup_is_left_alone(self):
        process = self.start(self.command_line("record", "-o", self.path("long.json"), "--", "/bin/sh", "-c", "echo ready; read line"),
                             stdin=subprocess.PIPE)
        self.assertEqual(read_line(process), "ready")
        (leaf,) = self.leaves()
        self.record("/bin/true")
        self.assertEqual(self.leaves(), [leaf])
        process.stdin.close()
        process.stdin = None
        self.finish(process)
        self.assertTrue(load(self.path("long.json"))["complete"]["complete"])


class Users(E2eTest):
    IDS = "id -u; id -g; id -G; echo $HOME $USER $LOGNAME ${SUDO_UID-none}"

    def ids(self, *options, env=None):
        result = self.syscarve("record", "-q", "-o", self.path("recording.json"), *options, "--", "/bin/sh", "-c", self.IDS, env=env)
        self.assertEqual(result.status, 0, result)
        return result.stdout.splitlines()

    def nobody(self):
        ids = [subprocess.run(["id", option, NOBODY], capture_output=True, text=True, check=True).stdout.strip()
               for option in ("-u", "-g", "-G")]
        return ids + ["/nonexistent nobody nobody none"]

    def test_user_option(self):
        for backend in ("bpf", "notify"):
            self.assertEqual(self.ids("--backend", backend, "--user", NOBODY), self.nobody())

    def test_under_sudo_the_caller_is_the_user(self):
        uid, gid = self.nobody()[:2]
        sudo = {"SUDO_UID": uid, "SUDO_GID": gid, "SUDO_USER": NOBODY, "SUDO_COMMAND": "syscarve"}
        for backend in ("bpf", "notify"):
            self.assertEqual(self.ids("--backend", backend, env=sudo), self.nobody())
            self.assertEqual(self.ids("--backend", backend, "--user", "root", env=sudo)[0], "0")

    def test_under_real_sudo(self):
        """Root who calls sudo stays root: SUDO_UID is 0 then."""
        result = self.run_process(["sudo", "-n", *self.command_line("record", "-q", "-o", self.path("r.json"), "--", "/usr/bin/id", "-u")])
        self.assertEqual((result.status, result.stdout), (0, "0\n"), result)

    def test_unknown_user(self):
        result = self.syscarve("record", "-o", self.path("r.json"), "--user", "no-such-user", "--", "/bin/true")
        self.assertEqual(result.status, 125, result)
        self.assert_one_line_error(result, "no-such-user")

    def test_nobody_falls_back_to_notification(self):
        recording, result = self.record("/bin/true", user=NOBODY)
        self.assertEqual(recording["method"], {"backend": "notify", "events": "first", "capabilities": "none", "denials": "none"})
        self.assertIn("recording by user notification", result.stderr)

    def test_nobody_asking_for_bpf_is_told_why_not(self):
        folder = self.new_folder(NOBODY)
        result = self.syscarve("record", "--backend", "bpf", "-o", f"{folder}/r.json", "--", "/bin/true", user=NOBODY)
        self.assertEqual(result.status, 125, result)
        self.assertIn("needs root", result.stderr)
        self.assertEqual(os.listdir(folder), [])

    def test_root_without_capabilities_falls_back(self):
        """Root in a container: user 0, but nothing that BPF needs."""
        result = self.run_process(["setpriv", "--bounding-set=-all", "--inh-caps=-all",
                                   *self.command_line("record", "-o", self.path("r.json"), "--", "/bin/true")])
        self.assertEqual(result.status, 0, result)
        self.assertIn("recording by user notification", result.stderr)
        self.assertEqual(load(self.path("r.json"))["method"]["backend"], "notify")


class Host(E2eTest):
    """Hosts that lack something, made with a mount namespace of our own."""

    def in_namespace(self, script, *arguments):
        return self.run_process(["unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", script, "sh", *arguments])

    def test_without_cgroup2(self):
        hide = "while awk '$3 == \"cgroup2\" { print $2; found = 1; exit } END { exit !found }' /proc/mounts > \"$1/point\"; do " \
               "umount -l \"$(cat \"$1/point\")\"; done; shift; exec \"$@\""
        result = self.in_namespace(hide, self.folder, *self.command_line("record", "--backend", "bpf", "-o", self.path("r.json"), "--",
                                                                         "/bin/true"))
        self.assertEqual(result.status, 125, result)
        self.assert_one_line_error(result, "cgroup v2")
        self.assertIn("mount -t cgroup2", result.stderr)
        result = self.in_namespace(hide, self.folder, *self.command_line("doctor"))
        self.assertEqual(result.status, 3, result)
        self.assertRegex(result.stdout, r"(?m)^MISSING +cgroup v2 .*\n +-> .*mount -t cgroup2")

    def test_without_btf(self):
        hide = "mount -t tmpfs none /sys/kernel/btf; exec \"$@\""
        result = self.in_namespace(hide, *self.command_line("doctor"))
        self.assertEqual(result.status, 3, result)
        self.assertRegex(result.stdout, r"(?m)^MISSING +kernel type information")
        result = self.in_namespace(hide, *self.command_line("record", "--backend", "bpf", "-o", self.path("r.json"), "--", "/bin/true"))
        self.assertEqual(result.status, 125, result)
        self.assertIn("BTF", result.stderr)
        result = self.in_namespace(hide, *self.command_line("record", "-o", self.path("r.json"), "--", "/bin/true"))
        self.assertEqual(result.status, 0, result)
        self.assertEqual(load(self.path("r.json"))["method"]["backend"], "notify")


    def test_proc_of_another_pid_namespace(self):
        # Without a /proc of its own: what that says of a number is another process's.
        output = self.path("r.json")
        result = self.run_process(["unshare", "--pid", "--fork", *self.command_line("record", "--backend", "notify", "-o", output, "--",
                                                                                  "/bin/sh", "-c", "/bin/ls / > /dev/null; exit 3")])
        self.assertEqual(result.status, 3, result)
        self.assertIn("programs_unknown", result.stderr)
        recording = load(output)
        self.assertEqual([loss["what"] for loss in recording["complete"]["losses"]], ["programs_unknown"])
        paths = {program["id"]: program["path"] for program in recording["programs"]}
        for trace in traces(recording):
            for call in trace["calls"]:
                # What was executed first is known without /proc.
                known = {paths[int(key)] for key in call["programs"]} - {""}
                self.assertLessEqual(known, {"/bin/sh"} if call_name(call) == "execve" else set(), call)


class Events(E2eTest):
    @alone
    def test_all_agrees_with_the_counters(self):
        recording, _ = self.record(self.workload("storm"), "8", "20000", options=["--events", "all"])
        self.assertEqual(recording["method"]["events"], "all")
        self.assertEqual(recording["complete"], {"complete": True, "losses": []})
        self.assertEqual(counts(recording)["getpid"], 160000)
        (trace,) = traces(recording)
        self.assertEqual(sum(trace["timeline"]["counts"]), sum(counts(recording).values()))

    def test_first_has_no_timeline(self):
        recording, _ = self.record("/bin/true")
        (trace,) = traces(recording)
        self.assertNotIn("timeline", trace)
        (run,) = recording["runs"]
        for call in trace["calls"]:
            self.assertTrue(run["start"] <= call["first_seen"] <= run["end"], call)

    def test_all_needs_bpf(self):
        folder = self.new_folder(NOBODY)
        result = self.syscarve("record", "--events", "all", "-o", f"{folder}/r.json", "--", "/bin/true", user=NOBODY)
        self.assertEqual(result.status, 125, result)
        self.assert_one_line_error(result, "--events all")

    def test_run_has_the_name_given(self):
        recording, _ = self.record("/bin/true", options=["--run", "smoke test"])
        self.assertEqual(recording["runs"][0]["name"], "smoke test")


class Existing(E2eTest):
    """--pid and --cgroup."""

    LOOP = "echo ready; read line; exec {calls} 146:11"

    def begin(self, *options):
        """A process that waits, and a recorder of it that has begun."""
        process = self.start(["/bin/sh", "-c", self.LOOP.format(calls=self.workload("calls"))], stdin=subprocess.PIPE)
        self.assertEqual(read_line(process), "ready")
        output = self.path("recording.json")
        recorder = self.start(self.command_line("record", "-o", output, *[option.format(pid=process.pid) for option in options]))
        line = recorder.stderr.readline().decode()
        self.assertTrue(line.startswith("syscarve: recording"), line)
        return process, recorder, output

    def assert_lacks_the_start(self, output):
        losses = [(loss["what"], loss["count"], loss["missed_calls"]) for loss in load(output)["complete"]["losses"]]
        self.assertEqual(losses, [("started_before", 1, True)])

    def go(self, process):
        process.stdin.write(b"go\n")
        process.stdin.flush()
        self.assertEqual(self.finish(process).status, 0)

    def test_pid_until_it_ends(self):
        process, recorder, output = self.begin("--pid", "{pid}")
        self.go(process)
        result = self.finish(recorder)
        self.assertEqual(result.status, 0, result)
        self.assertIn("INCOMPLETE: started_before (1)", result.stderr)
        self.assertEqual(counts(load(output))["sched_get_priority_max"], 11)
        self.assert_lacks_the_start(output)
        refused = self.syscarve("generate", output)
        self.assertEqual(refused.status, 4, refused)
        self.assert_one_line_error(refused, "--allow-incomplete")

    def test_ctrl_c_ends_a_record_line_a_pid(self):
        process, recorder, output = self.begin("--pid", "{pid}")
        recorder.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(recorder).status, 0)
        self.assertNotIn("sched_get_priority_max", names(load(output)))
        self.go(process)

    def test_duration(self):
        process, recorder, output = self.begin("--pid", "{pid}", "--duration", "300ms")
        self.assertEqual(self.finish(recorder).status, 0)
        self.assert_lacks_the_start(output)
        self.go(process)

    def test_cgroup(self):
        cgroup = self._cgroup + "/web"
        os.mkdir(cgroup)
        process = self.start(["/bin/sh", "-c", self.LOOP.format(calls=self.workload("calls"))], stdin=subprocess.PIPE)
        self.assertEqual(read_line(process), "ready")
        with open(cgroup + "/cgroup.procs", "w") as procs:
            procs.write(str(process.pid))
        output = self.path("recording.json")
        recorder = self.start(self.command_line("record", "-o", output, "--cgroup", cgroup))
        self.assertTrue(recorder.stderr.readline().startswith(b"syscarve: recording"))
        self.go(process)
        result = self.finish(recorder)
        self.assertEqual(result.status, 0, result)
        recording = load(output)
        self.assertEqual(recording["subjects"][0]["kind"], "cgroup")
        self.assertEqual(counts(recording)["sched_get_priority_max"], 11)
        self.assert_lacks_the_start(output)
        os.rmdir(cgroup)

    def test_cgroup_that_is_not_there(self):
        for path, hint in (("/none-of-this-name", "/proc/PID/cgroup"), ("/", "root cgroup")):
            result = self.syscarve("record", "-o", self.path("recording.json"), "--cgroup", path)
            self.assertEqual(result.status, 2, result)
            self.assertRegex(result.stderr, rf"error: open .*/cgroup\.events: No such file.*\n.*hint: .*{hint}")

    def test_what_starts_in_an_empty_cgroup_is_complete(self):
        cgroup = self._cgroup + "/web"
        os.mkdir(cgroup)
        output = self.path("recording.json")
        recorder = self.start(self.command_line("record", "-o", output, "--cgroup", cgroup))
        self.assertTrue(recorder.stderr.readline().startswith(b"syscarve: recording"))
        script = f"echo $$ > {cgroup}/cgroup.procs && exec {self.workload('calls')} 146:11"
        self.assertEqual(self.run_process(["/bin/sh", "-c", script]).status, 0)
        # It may have been too short for the recorder to see the cgroup populated.
        recorder.send_signal(signal.SIGINT)
        result = self.finish(recorder)
        self.assertEqual(result.status, 0, result)
        recording = load(output)
        self.assertTrue(recording["complete"]["complete"], recording["complete"])
        self.assertEqual(counts(recording)["sched_get_priority_max"], 11)
        self.assertEqual(counts(recording)["execve"], 1)
        os.rmdir(cgroup)

    def test_neither_is_there(self):
        for options, word in ((("--pid", "4194304"), "4194304"), (("--cgroup", "/no/such/cgroup"), "/no/such/cgroup")):
            result = self.syscarve("record", "-o", self.path("r.json"), *options)
            self.assertEqual(result.status, 2, result)
            self.assert_one_line_error(result, word)
            self.assertFalse(os.path.exists(self.path("r.json")))


class Usage(E2eTest):
    needs_bpf = False

    def test_exactly_one_subject(self):
        for arguments in ([], ["--pid", "1", "--cgroup", "/x"], ["--pid", "1", "--", "/bin/true"]):
            result = self.syscarve("record", "-o", self.path("r.json"), *arguments)
            self.assertEqual(result.status, 2, result)
            self.assertIn("give one of", result.stderr)

    def test_bad_options(self):
        for option in (("--events", "some"), ("--backend", "magic"), ("--grace", "soon"), ("--duration", "-3s"), ("--no-such-option",)):
            result = self.syscarve("record", *option, "--", "/bin/true")
            self.assertEqual((result.status, result.stdout), (2, ""), result)
            self.assertIn(option[0], result.stderr)
