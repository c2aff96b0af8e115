# SPDX-License-Identifier: Apache-2.0
"""Real programs: the recording is correct, and the profile made from it suffices without allowing too much.

Each program is run on the same work in five ways; see programs.py for the work and for the differences that are allowed, each with
its reason.
"""

import os

import programs
from support import NOBODY, E2eTest, load, names, strace_names

# What strace makes a program do, or shows, that does not happen without it.
STRACE_ARTEFACTS = {
    "restart_syscall": "a stop by the tracer interrupts a sleep, which the kernel then restarts under this name",
}


class Checks:
    program_type = None

    def setUp(self):
        super().setUp()
        self.program = self.program_type()

    def work(self, prefix, user=None, runner=None):
        """Lets `prefix` run the program on its work in a fresh folder. `runner` is the user that `prefix` itself runs as."""
        folder = self.new_folder(user)
        with self.program.surroundings():
            self.program.prepare(folder)
            process = self.start(prefix + self.program.command(folder), user=runner, cwd=folder)
            self.program.use(self, folder, process)
            return folder, self.finish(process)

    def record_work(self, *options, user=None, runner=None):
        output = os.path.join(self.new_folder(runner), "recording.json")
        folder, result = self.work(self.command_line("record", "-o", output, *options, "--"), user=user, runner=runner)
        self.program.check(self, folder, result)
        recording = load(output)
        # By notification, a signal may come between a call and its being heard; whether one does is luck, and no call is missed.
        losses = [loss for loss in recording["complete"]["losses"] if loss["what"] != "call_interrupted"]
        self.assertEqual((recording["complete"]["complete"], losses), (True, []), result)
        return output

    def assert_same_names(self, left, right, only_left, only_right):
        unexplained = (sorted(left - right - set(only_left)), sorted(right - left - set(only_right)))
        self.assertEqual(unexplained, ([], []), "calls that only one side has")

    def test_recorded_set_is_what_strace_sees(self):
        recorded = names(load(self.record_work()))
        trace = self.path("strace")
        folder, result = self.work(["/usr/bin/strace", "-f", "-o", trace, "--"])
        self.program.check(self, folder, result)
        self.assert_same_names(recorded, strace_names(trace), {**self.program.only_recorded, **self.program.unsteady},
                               {**STRACE_ARTEFACTS, **self.program.only_strace, **self.program.unsteady})

    def test_runs_under_its_own_profile(self):
        profile = self.generate(self.record_work())
        folder, result = self.work(self.command_line("run", "--profile", profile, "--"))
        self.program.check(self, folder, result)
        # A call that the program survives without is a call too many refused.
        self.assertIn("syscarve: the profile refused no call\n", result.stderr)

    def test_a_missing_call_is_named(self):
        recording = self.record_work()
        self.assertIn(self.program.needed, names(load(recording)))
        profile = self.generate(recording, "--closure", "none", "--block", self.program.needed)
        report = self.path("report.json")
        folder, result = self.work(self.command_line("run", "--profile", profile, "--report", report, "--"))
        with self.assertRaises((AssertionError, OSError), msg="the work was done without " + self.program.needed):
            self.program.check(self, folder, result)
        self.assertRegex(result.stderr, rf"syscarve: refused {self.program.needed}\(.*\): (EPERM|ENOSYS), \d+ times?, in /")
        self.assertIn(self.program.needed, [call["name"] for call in load(report)["refused"]])

    def test_notification_as_nobody_gives_the_same_set(self):
        by_bpf = self.record_work("--backend", "bpf", "--user", NOBODY, user=NOBODY)
        by_notification = self.record_work("--backend", "notify", user=NOBODY, runner=NOBODY)
        self.assertEqual(load(by_bpf)["method"]["backend"], "bpf")
        self.assertEqual(load(by_notification)["method"]["backend"], "notify")
        unsteady = self.program.unsteady
        self.assert_same_names(names(load(by_bpf)), names(load(by_notification)), unsteady, unsteady)
        profile = self.generate(by_notification)
        folder, result = self.work(self.command_line("run", "--profile", profile, "--"), user=NOBODY, runner=NOBODY)
        self.program.check(self, folder, result)

    def test_same_work_gives_the_same_profile(self):
        first, second = self.record_work(), self.record_work()
        bytes_of = {}
        for recording in (first, second, first):
            with open(self.generate(recording, "--closure", "none"), "rb") as profile:
                bytes_of.setdefault(recording, set()).add(profile.read())
        self.assertEqual(len(bytes_of[first]), 1, "one recording gave different profiles")
        if not self.program.unsteady:
            self.assertEqual(bytes_of[first], bytes_of[second])


class Sh(Checks, E2eTest):
    program_type = programs.Sh


class Python(Checks, E2eTest):
    program_type = programs.Python


class Perl(Checks, E2eTest):
    program_type = programs.Perl


class Git(Checks, E2eTest):
    program_type = programs.Git


class TarGzip(Checks, E2eTest):
    program_type = programs.TarGzip


class Curl(Checks, E2eTest):
    program_type = programs.Curl


class Sqlite(Checks, E2eTest):
    program_type = programs.Sqlite


class Nginx(Checks, E2eTest):
    program_type = programs.Nginx


class Redis(Checks, E2eTest):
    program_type = programs.Redis
