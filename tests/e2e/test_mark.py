# SPDX-License-Identifier: Apache-2.0
"""Marks: a run for each test."""

import os
import shutil

from support import BINARY, E2eTest, NOBODY, SOURCE, call_name

WITH_MARK = os.path.join(SOURCE, "examples", "with-mark")


def calls_by_run(recording):
    return {run["name"]: {call_name(call): call["count"] for trace in run["subjects"] for call in trace["calls"]}
            for run in recording["runs"]}


class Marks(E2eTest):
    def setUp(self):
        super().setUp()
        folder = os.path.dirname(self.public(BINARY))
        self.environment["PATH"] = f"{folder}:{self.environment['PATH']}"
        self.calls = self.workload("calls")

    def script(self, text):
        return ["sh", "-ec", text]

    def assert_runs(self, recording):
        runs = calls_by_run(recording)
        self.assertEqual(list(runs), ["default", "first", "second test"])
        self.assertNotIn("sched_getparam", runs["default"])
        self.assertEqual(runs["first"].get("sched_getparam"), 23)
        self.assertNotIn("sched_setparam", runs["first"])
        self.assertEqual(runs["second test"].get("sched_setparam"), 29)
        self.assertNotIn("sched_getparam", runs["second test"])
        ids = [run["id"] for run in recording["runs"]]
        self.assertEqual(len(set(ids)), 3)
        for before, after in zip(recording["runs"], recording["runs"][1:]):
            self.assertEqual(before["end"], after["start"])
        self.assertEqual(recording["runs"][-1]["command"]["status"], 0)

    def two_tests(self):
        return self.script(f"syscarve mark first; {self.calls} 143:23; syscarve mark 'second test'; {self.calls} 142:29")

    def test_divide_a_recording(self):
        recording, _ = self.record(*self.two_tests())
        self.assert_runs(recording)

    def test_divide_every_call_too(self):
        recording, _ = self.record(*self.two_tests(), options=("--events", "all"))
        self.assert_runs(recording)
        self.assertEqual(recording["complete"], {"complete": True, "losses": []})

    def test_by_an_inherited_descriptor(self):
        recording, _ = self.record(*self.script(
            f"case $SYSCARVE_MARK in fd:*) ;; *) exit 1;; esac; syscarve mark first; {self.calls} 143:23;"
            f"syscarve mark 'second test'; {self.calls} 142:29"), options=("--mark-by-descriptor",))
        self.assert_runs(recording)

    def test_of_another_user(self):
        recording, _ = self.record(*self.two_tests(), options=("--user", NOBODY))
        self.assert_runs(recording)

    def test_the_socket_goes_with_the_recorder(self):
        _, result = self.record(*self.script("echo $SYSCARVE_MARK; test -S $SYSCARVE_MARK"))
        path = result.stdout.strip()
        self.assertFalse(os.path.exists(os.path.dirname(path)), path)
        late = self.run_process(["syscarve", "mark", "late"], env={"SYSCARVE_MARK": path})
        self.assertEqual(late.status, 3)
        self.assert_one_line_error(late, path)

    def test_with_a_runner_of_tests(self):
        shutil.copy(WITH_MARK, self.path("with-mark"))
        for name in ("a.t", "b.t"):
            with open(self.path(name), "w") as test:
                test.write(f"#!/bin/sh\n{self.calls} {143 if name == 'a.t' else 142}:5\necho 1..1\necho ok 1\n")
            os.chmod(self.path(name), 0o755)
        recording, result = self.record("prove", "--exec", self.path("with-mark"), self.path("a.t"), self.path("b.t"))
        self.assertIn("Result: PASS", result.stdout)
        runs = calls_by_run(recording)
        self.assertEqual(list(runs), ["default", self.path("a.t"), self.path("b.t")])
        self.assertEqual((runs[self.path("a.t")].get("sched_getparam"), runs[self.path("b.t")].get("sched_setparam")), (5, 5))

    def test_hostile_names(self):
        recording, _ = self.record(*self.script("syscarve mark \"$(printf 'a\\033[31m\\377%%41')\""))
        self.assertEqual([run["name"] for run in recording["runs"]], ["default", "a\x1b[31m%FF%2541"])


class WithoutARecorder(E2eTest):
    needs_root = False
    needs_bpf = False

    def test_does_nothing(self):
        result = self.syscarve("mark", "test")
        self.assertEqual((result.status, result.stdout, result.stderr), (0, "", ""))

    def test_can_be_required(self):
        result = self.syscarve("mark", "test", "--required")
        self.assertEqual(result.status, 3)
        self.assert_one_line_error(result, "SYSCARVE_MARK")

    def test_names_that_are_none(self):
        for name in ("", "a\nb", "x" * 257):
            result = self.syscarve("mark", name, env={"SYSCARVE_MARK": "/nowhere"})
            self.assertEqual(result.status, 2, result)
            self.assert_one_line_error(result)

    def test_places_that_are_none(self):
        for where in ("/nowhere", "fd:1000", "fd:x", "/" + "x" * 200):
            result = self.syscarve("mark", "test", env={"SYSCARVE_MARK": where})
            self.assertIn(result.status, (2, 3), result)
            self.assert_one_line_error(result)
