# SPDX-License-Identifier: Apache-2.0
"""A killed recorder, and the privileges that a recorder keeps."""

import glob
import os
import shutil
import signal
import stat
import subprocess

from support import BINARY, NOBODY, E2eTest, alone, load, names, process_state, shares, wait_until

# CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_BPF
RECORDER_CAPABILITIES = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 39
# CAP_DAC_OVERRIDE, CAP_KILL
GUARDIAN_CAPABILITIES = 1 << 1 | 1 << 5
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def name_of(pid):
    with open(f"/proc/{pid}/comm") as file:
        return file.read().strip()


def status_of(path):
    with open(path) as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


class Recorder:
    """A recorder whose command has marked two runs and waits."""

    def __init__(self, test, *options, command="/bin/sleep 1000", output="recording.json"):
        self.output = test.path(output)
        script = f'"$0" mark one; ls / >/dev/null; "$0" mark two; echo ready; {command}'
        words = test.command_line("record", *options, "-o", self.output, "--", "/bin/sh", "-c", script, test.public(BINARY))
        self.process = test.start(words)
        test.assertEqual(self.process.stdout.readline(), b"ready\n")
        self.pid = self.process.pid

    def guardian(self):
        return next(pid for pid in children(self.pid) if name_of(pid) == "syscarve-guard")

    def wait_for_checkpoint(self, run="one"):
        def written():
            try:
                return run in [run["name"] for run in load(self.output + ".partial")["runs"]]
            except FileNotFoundError:
                return False
        wait_until(written, f"there is a checkpoint with the run {run}")


@shares("leftovers")
class Killed(E2eTest):
    def test_the_command_is_ended_and_what_was_recorded_is_kept(self):
        recorder = Recorder(self)
        recorder.wait_for_checkpoint("two")
        left = self.recorded_pids()
        self.assertTrue(left)
        recorder.process.kill()
        result = self.finish(recorder.process)
        self.assertEqual(result.status, 128 + signal.SIGKILL)
        self.assertRegex(result.stderr, r"the recorder was killed; ended what it recorded: \d+ process")
        self.assertIn(f"what was recorded until shortly before is in {recorder.output}.partial", result.stderr)
        self.assertEqual([process_state(pid) for pid in left if process_state(pid) not in ("", "Z")], [])
        self.assertEqual(self.leaves(), [])
        self.assertEqual(glob.glob(f"/run/syscarve-mark.{recorder.pid}.*"), [])
        self.assertFalse(os.path.exists(recorder.output))
        self.assertEqual(stat.S_IMODE(os.stat(recorder.output + ".partial").st_mode), 0o640)
        self.every_verb_reads(recorder.output + ".partial")
        for mark in glob.glob(f"/run/syscarve-checkpoint.{recorder.pid}.*"):
            os.unlink(mark)

    def every_verb_reads(self, partial):
        recording = load(partial)
        self.assertEqual([run["name"] for run in recording["runs"]], ["default", "one", "two"])
        self.assertIn("getdents64", names({"runs": recording["runs"][1:2]}))
        self.assertFalse(recording["complete"]["complete"])
        self.assertEqual([loss["what"] for loss in recording["complete"]["losses"]], ["checkpoint"])
        profile = self.path("profile.json")
        self.assertEqual(self.syscarve("generate", partial, "-o", profile).status, 4)
        self.assertEqual(self.syscarve("generate", "--allow-incomplete", partial, "-o", profile).status, 0)
        self.assertEqual(self.syscarve("explain", partial, "read").status, 0)
        self.assertEqual(self.syscarve("merge", partial, "-o", self.path("merged.json")).status, 0)
        self.assertIn(self.syscarve("check", partial, "-p", profile).status, (0, 1, 2, 4))

    def test_at_any_moment_nothing_runs_on(self):
        for round in range(12):
            output = self.path(f"{round}.json")
            process = self.start(self.command_line("record", "-o", output, "--", "/bin/sh", "-c", "echo $$; while :; do /bin/true; done"))
            if round % 3 != 0:
                process.stdout.readline()
            process.kill()
            self.finish(process, timeout=30)
            wait_until(lambda: not self.recorded_pids(), "what was recorded has ended")
            self.assertEqual(glob.glob(self.path(".syscarve-*")), [])
            for mark in glob.glob(f"/run/syscarve-*.{process.pid}.*"):
                shutil.rmtree(mark) if os.path.isdir(mark) else os.unlink(mark)
        self.remove_empty_leaves()

    def remove_empty_leaves(self):
        # Of recorders that were killed before they had a guardian: the next recorder removes them, and doctor names them.
        self.assertEqual(self.syscarve("record", "-q", "-o", self.path("next.json"), "--", "/bin/true").status, 0)
        self.assertEqual(self.leaves(), [])

    @alone  # The next recorder to start, whoever's, removes the socket's folder.
    def test_doctor_names_what_is_left_and_how_to_remove_it(self):
        recorder = Recorder(self)
        recorder.wait_for_checkpoint()
        os.kill(recorder.guardian(), signal.SIGKILL)
        recorder.process.kill()
        recorder.process.wait(timeout=30)  # The command still holds the streams.
        remedies = self.remedies(recorder)
        self.assertEqual(len(remedies), 3, remedies)
        for remedy in remedies:
            subprocess.run(["/bin/sh", "-c", remedy], check=True)
        self.assertEqual(self.remedies(recorder), [])
        self.assertEqual((self.leaves(), self.recorded_pids(), os.path.exists(recorder.output + ".partial")), ([], [], False))

    def remedies(self, recorder):
        result = self.syscarve("doctor")
        self.assertEqual(result.status, 0, result)
        lines = result.stdout.splitlines()
        return [lines[index + 1].partition("-> ")[2] for index, line in enumerate(lines)
                if "left by a killed recorder" in line and (f".{recorder.pid}." in line or recorder.output in line)]

    def test_the_next_recorder_keeps_the_checkpoint(self):
        partial = self.path("recording.json.partial")
        with open(partial, "w") as file:
            file.write("precious")
        recorder = Recorder(self, command="read line")
        wait_until(lambda: os.path.exists(partial + ".2"), "there is a checkpoint of another name")
        recorder.process.send_signal(signal.SIGTERM)
        self.finish(recorder.process)
        with open(partial) as file:
            self.assertEqual(file.read(), "precious")
        self.assertFalse(os.path.exists(partial + ".2"))

    def test_nothing_of_it_is_left_at_a_normal_end(self):
        recorder = Recorder(self, command="sleep 0.1")
        result = self.finish(recorder.process)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(glob.glob(self.path("recording.json*")), [recorder.output])
        self.assertEqual(glob.glob(f"/run/syscarve-*.{recorder.pid}.*"), [])
        self.assertTrue(load(recorder.output)["complete"]["complete"])

    def test_by_notification_what_was_recorded_is_kept(self):
        folder = self.new_folder(NOBODY)
        output = f"{folder}/recording.json"
        process = self.start(self.command_line("record", "--backend", "notify", "-o", output, "--", "/bin/sh", "-c",
                                               "while :; do sleep 0.01; done"), user=NOBODY)
        wait_until(lambda: os.path.exists(output + ".partial"), "there is a checkpoint")
        process.kill()
        process.wait(timeout=30)
        for mark in glob.glob(f"/tmp/syscarve-*.{process.pid}.*"):
            os.unlink(mark)
        self.assertIn("execve", names(load(output + ".partial")))


class Privileges(E2eTest):
    def test_the_recorder_keeps_what_it_needs(self):
        before = status_of("/proc/self/status")
        held = {name: int(before[name], 16) for name in SETS}
        recorder = Recorder(self)
        for task in glob.glob(f"/proc/{recorder.pid}/task/*/status"):
            status = status_of(task)
            now = {name: int(status[name], 16) for name in SETS}
            self.assertEqual(now, {"CapInh": 0, "CapAmb": 0, **{name: held[name] & RECORDER_CAPABILITIES
                                                                for name in ("CapPrm", "CapEff", "CapBnd")}}, task)
            self.assertEqual(status["NoNewPrivs"], "1")
        guardian = status_of(f"/proc/{recorder.guardian()}/status")
        self.assertEqual(int(guardian["CapPrm"], 16), held["CapPrm"] & GUARDIAN_CAPABILITIES)
        recorder.process.send_signal(signal.SIGTERM)
        self.finish(recorder.process)

    def test_the_supervisor_keeps_what_it_needs(self):
        process = self.start(self.command_line("record", "--backend", "notify", "-o", self.path("r.json"), "--", "/bin/sh", "-c",
                                               "echo ready; read line"), stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        status = status_of(f"/proc/{process.pid}/status")
        self.assertEqual(int(status["CapPrm"], 16) & ~(RECORDER_CAPABILITIES | 1 << 19), 0)  # CAP_SYS_PTRACE
        self.assertEqual(status["CapPrm"], status["CapEff"])
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(self.finish(process, stdin=b"\n").status, 0)

    def test_the_command_keeps_all_of_its_own(self):
        script = "grep -E '^(Cap|NoNewPrivs)' /proc/self/status; ulimit -f"
        plain = self.run_process(["/bin/sh", "-c", script])
        for options in ([], ["--events", "all"], ["--mark-by-descriptor"]):
            recorded = self.syscarve("record", "-q", *options, "-o", self.path("r.json"), "--", "/bin/sh", "-c", script)
            self.assertEqual(recorded.stdout, plain.stdout, recorded)

    def test_the_recorder_of_what_runs_already_keeps_no_more(self):
        sleeper = self.start(["/bin/sleep", "1000"])
        process = self.start(self.command_line("record", "--pid", str(sleeper.pid), "-o", self.path("r.json")))
        self.assertIn(b"recording", process.stderr.readline())
        status = status_of(f"/proc/{process.pid}/status")
        self.assertEqual(int(status["CapEff"], 16) & ~RECORDER_CAPABILITIES, 0)
        self.assertEqual(status["NoNewPrivs"], "1")
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.finish(process).status, 0)
        sleeper.kill()
