# SPDX-License-Identifier: Apache-2.0
"""Why profiles break in the field, each as a program that does one thing while it is recorded and another one later, under the kernel's
own filter: the closures that suffice are those that docs/profile-semantics.md promises."""

import json
import os
import re
import signal
import subprocess
import unittest

import clients
import kernel_filter
import programs
from support import E2eTest, load, process_state, store, traces, wait_until

CLOSURES = ("none", "safe", "portable")

# Calls that the recording is to be without, because the libc of these tests makes them when any program starts.
NOT_RECORDED = {"other_architecture_oneself": {"prlimit64"}, "limit_beyond_reading": {"prlimit64"}}
DIES_OF = {"abort": signal.SIGABRT}


class SituationTest(E2eTest):
    needs_bpf = False

    def command(self, situation, when):
        return [self.workload("situations"), situation, when]

    def recorded(self, situation, when="before"):
        output = os.path.join(self.new_folder(), "recording.json")
        result = self.run_process(self.command_line("record", "--backend", "notify", "-o", output, "--", *self.command(situation, when)),
                                  cwd=self.folder_with_file())
        self.assertEqual(result.status, 0, result)
        recording = load(output)
        for trace in traces(recording):
            trace["calls"] = [call for call in trace["calls"] if call["name"] not in NOT_RECORDED.get(situation, ())]
        return store(recording, output)

    def folder_with_file(self):
        folder = self.new_folder()
        with open(os.path.join(folder, "cached"), "w", encoding="ascii"):
            return folder

    def later(self, situation, profile):
        """How the program ends in the kernel under the profile, when the situation has come."""
        folder = self.folder_with_file()
        instructions = kernel_filter.export(profile, os.path.join(folder, "filter"))
        process = self.start([self.workload("under_filter"), instructions, *self.command(situation, "after")], cwd=folder,
                             stdin=subprocess.PIPE)
        if situation.startswith("stopped_"):
            self.assertEqual(process.stdout.readline(), b"sleeping\n")
            wait_until(lambda: process_state(process.pid) == "S", "it sleeps")
            process.send_signal(signal.SIGSTOP)
            wait_until(lambda: process_state(process.pid) == "T", "it is stopped")
            process.send_signal(signal.SIGCONT)
        elif situation == "signal_handled":
            self.assertEqual(process.stdout.readline(), b"waiting\n")
            wait_until(lambda: process_state(process.pid) == "S", "it waits")
            process.send_signal(signal.SIGUSR1)
            # Handled, or dead of it.
            wait_until(lambda: process.poll() is not None or handled(process.pid), "the signal has arrived")
            wait_until(lambda: process.poll() is not None or process_state(process.pid) == "S", "it waits again")
        return self.finish(process)


@unittest.skipUnless(os.uname().machine == "x86_64", "most are about calls that only x86_64 has two spellings of")
class Situations(SituationTest):
    def check_holds_under(self, closure):
        """The situation of tests/workloads/situations.c that the test is called after works from `closure` on, the narrowest that
        holds; None: under none of them."""
        situation = self.id().rpartition(".test_")[2]
        recording = self.recorded(situation)
        for tried in CLOSURES:
            result = self.later(situation, self.generate(recording, "--closure", tried))
            works = result.status == (128 + DIES_OF[situation] if situation in DIES_OF else 0)
            wanted = closure is not None and CLOSURES.index(tried) >= CLOSURES.index(closure)
            self.assertEqual(works, wanted, f"{situation} under --closure {tried}: {result}")

    def test_clock_source(self):
        self.check_holds_under("safe")

    def test_stopped_in_sleep(self):
        self.check_holds_under("safe")

    def test_stopped_in_poll(self):
        self.check_holds_under("safe")

    def test_signal_handled(self):
        self.check_holds_under("safe")

    def test_abort(self):
        self.check_holds_under("safe")

    def test_threads(self):
        self.check_holds_under("safe")

    def test_buffer_growth(self):
        self.check_holds_under("safe")

    def test_vectored(self):
        self.check_holds_under("safe")

    def test_older_kernel_clone(self):
        self.check_holds_under("safe")

    def test_newer_libc_open(self):
        self.check_holds_under("safe")

    def test_newer_libc_stat(self):
        self.check_holds_under("safe")

    def test_newer_libc_access(self):
        self.check_holds_under("safe")

    def test_newer_libc_poll(self):
        self.check_holds_under("safe")

    def test_newer_libc_flags(self):
        self.check_holds_under("safe")

    def test_newer_libc_clone(self):
        self.check_holds_under("none")

    def test_other_architecture_fork(self):
        self.check_holds_under("portable")

    def test_other_architecture_files(self):
        self.check_holds_under("portable")

    def test_older_architecture_files(self):
        self.check_holds_under("portable")

    def test_other_architecture_oneself(self):
        self.check_holds_under("portable")

    def test_fork_into_namespace(self):
        self.check_holds_under(None)

    def test_limit_beyond_reading(self):
        self.check_holds_under(None)

    def test_first_thread(self):
        self.check_holds_under(None)

    def test_reload(self):
        self.check_holds_under(None)

    def test_purge(self):
        self.check_holds_under(None)


def handled(pid):
    """Whether the process has no signal waiting to be taken."""
    with open(f"/proc/{pid}/status") as status:
        return re.search(r"(?m)^ShdPnd:\s*0+$", status.read()) is not None


class QuietNginx(programs.Nginx):
    """No reload of its configuration is requested."""

    def requests(self, test, folder):
        clients.use_nginx(test, self.connect, "/large", lambda: None)
        self.served = True


class RecordIt(SituationTest):
    """Closure cannot cover other work. `check` and `run` name its calls, and recording it helps."""

    def check_names(self, profile, recording):
        result = self.syscarve("check", recording, "--profile", profile, "--format", "json")
        refused = {call["name"] for call in json.loads(result.stdout)["refused"]}
        self.assertEqual(result.status, 1 if refused else 0, result)
        return refused

    def named_by_run(self, profile, command, folder):
        report = os.path.join(folder, "report.json")
        result = self.run_process(self.command_line("run", "--profile", profile, "--report", report, "--", *command), cwd=folder)
        return {call["name"] for call in load(report)["refused"]}, result

    def check_unknown(self, situation, missing, still_missing, some_arguments=()):
        """`still_missing` is what even `steady` leaves out, because it is another power; of `some_arguments` it allows some."""
        before, after = self.recorded(situation), self.recorded(situation, "after")
        steady = self.generate(before, "--closure", "steady")
        self.assertEqual(self.check_names(steady, after), still_missing)
        checked = json.loads(self.syscarve("check", after, "--profile", steady, "--format", "json").stdout)
        self.assertEqual({call["name"] for call in checked["depends"]}, set(some_arguments))
        refused, _ = self.named_by_run(steady, self.command(situation, "after"), self.folder_with_file())
        self.assertLessEqual(still_missing, refused)
        profile = self.generate(before, "--closure", "portable")
        self.assertEqual(self.check_names(profile, after), missing)
        refused, result = self.named_by_run(profile, self.command(situation, "after"), self.folder_with_file())
        self.assertNotEqual(result.status, 0, result)
        # Among what it does to say that it could not.
        self.assertLessEqual(missing, refused)
        both = self.path("both.json")
        self.assertEqual(self.syscarve("merge", before, after, "-o", both).status, 0)
        refused, result = self.named_by_run(self.generate(both), self.command(situation, "after"), self.folder_with_file())
        self.assertEqual((result.status, refused), (0, set()))

    def test_reload(self):
        self.check_unknown("reload", {"umask", "kill", "getppid"}, set())

    def test_purge(self):
        self.check_unknown("purge", {"unlink"}, {"unlink"})

    def record_nginx(self, program):
        output = os.path.join(self.new_folder(), "recording.json")
        self.work(program, "record", "--backend", "notify", "-o", output)
        return output

    def work(self, program, *words):
        folder = self.new_folder()
        program.prepare(folder)
        process = self.start(self.command_line(*words, "--", *program.command(folder)), cwd=folder)
        program.use(self, folder, process)
        result = self.finish(process)
        program.check(self, folder, result)
        return result

    def test_reload_of_nginx(self):
        without, reloaded = self.record_nginx(QuietNginx()), self.record_nginx(programs.Nginx())
        # It waits a moment for its new workers before it lets the old ones go: closure knows of other ways to wait.
        exact = self.generate(without, "--closure", "none")
        self.assertIn("clock_nanosleep", self.check_names(exact, reloaded))
        self.assertRegex(self.work(programs.Nginx(), "run", "--profile", exact).stderr, r"refused clock_nanosleep\(.*: EPERM")
        safe = self.generate(without)
        self.assertNotIn("clock_nanosleep", self.check_names(safe, reloaded))
        self.assertIn("the profile refused no call\n", self.work(programs.Nginx(), "run", "--profile", self.generate(reloaded)).stderr)
