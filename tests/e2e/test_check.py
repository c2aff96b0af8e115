# SPDX-License-Identifier: Apache-2.0
"""`check`: the recorded calls that a profile would refuse, with evidence and the documented exit codes."""

import json
import os

from support import SOURCE, E2eTest, load, names, store

SERVER = os.path.join(SOURCE, "tests", "golden", "generate", "server", "recording.json")
WEB = os.path.join(SOURCE, "tests", "golden", "generate", "containers", "recordings", "web.recording.json")


class Check(E2eTest):
    needs_root = False
    needs_bpf = False

    def setUp(self):
        super().setUp()
        self.server = self.complete()
        self.some_name = sorted(names(load(self.server)))[0]

    def complete(self):
        """The server's recording without losses, and without the number that has no name, which no profile can contain."""
        content = load(SERVER)
        content["complete"] = {"complete": True, "losses": []}
        for run in content["runs"]:
            for trace in run["subjects"]:
                trace["calls"] = [call for call in trace["calls"] if "name" in call]
        return store(content, os.path.join(self.new_folder(), "complete.recording.json"))

    def profile(self, *options, recording=None):
        path = os.path.join(self.new_folder(), "profile.json")
        result = self.syscarve("generate", recording or self.server, "-o", path, "--baseline", "none", *options)
        self.assertEqual(result.status, 0, result)
        return path

    def checked(self, recording, profile, *options, expect=0):
        result = self.syscarve("check", recording, "--profile", profile, *options)
        self.assertEqual(result.status, expect, result)
        return result

    def test_a_profile_of_the_recording_refuses_nothing(self):
        result = self.checked(self.server, self.profile())
        self.assertRegex(result.stdout, r"(?m)^\d+ calls checked: 0 would be refused")

    def test_a_refused_call_is_named_with_its_evidence(self):
        name = self.some_name
        profile = self.profile("--block", name)
        result = self.checked(self.server, profile, expect=1)
        self.assertRegex(result.stdout, rf"(?m)^{name}\n  refused with E\w+\n  seen \d+ times? in run ")
        answer = json.loads(self.checked(self.server, profile, "--format", "json", expect=1).stdout)
        self.assertEqual(answer["schema"], "syscarve.check/1")
        self.assertEqual({call["name"] for call in answer["refused"]}, {name})
        seen = answer["refused"][0]["seen"]
        self.assertTrue(all(sighting["programs"] and sighting["count"] for sighting in seen), seen)
        self.assertEqual(answer["refused"][0]["count"], sum(sighting["count"] for sighting in seen))

    def test_the_runtimes_calls_are_told_apart(self):
        recording = load(WEB)
        trace = recording["runs"][0]["subjects"][0]
        trace["baseline_calls"] = [{"abi": "x86_64", "nr": 165, "name": "mount", "count": 1, "programs": {"0": 1}}]
        path = store(recording, self.path("web.recording.json"))
        answer = json.loads(self.checked(path, self.profile(recording=WEB), "--format", "json", expect=1).stdout)
        self.assertEqual([(call["name"], call["by"]) for call in answer["refused"] if call["name"] == "mount"], [("mount", "runtime")])

    def test_arguments_that_are_not_known_leave_it_open(self):
        name = "openat"
        self.assertIn(name, names(load(self.server)))
        profile = load(self.profile("--block", name))
        profile["syscalls"] = [rule for rule in profile["syscalls"] if name not in rule["names"]]
        profile["syscalls"].append({"names": [name], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 0, "op": "SCMP_CMP_EQ"}]})
        path = store(profile, self.path("narrow.json"))
        answer = json.loads(self.checked(self.server, path, "--format", "json", expect=0).stdout)
        self.assertIn(name, {call["name"] for call in answer["depends"]})
        self.assertEqual(answer["refused"], [])

    def test_an_incomplete_recording_cannot_say_nothing_is_refused(self):
        recording = load(self.server)
        loss = {"what": "started_before", "count": 1, "missed_calls": True, "detail": "x"}
        recording["complete"] = {"complete": False, "losses": [loss]}
        path = store(recording, self.path("lossy.recording.json"))
        result = self.checked(path, self.profile(), expect=4)
        self.assertIn("incomplete", result.stderr)
        self.checked(path, self.profile(), "--allow-incomplete", expect=0)
        # What is refused is known all the same.
        self.checked(path, self.profile("--block", self.some_name), expect=1)

    def test_a_number_without_a_name_is_refused_as_a_number(self):
        answer = json.loads(self.checked(SERVER, self.profile(), "--format", "json", expect=1).stdout)
        self.assertEqual([call.get("name", call["number"]) for call in answer["refused"]], [571])

    def test_bad_input(self):
        broken = self.path("broken.json")
        with open(broken, "w", encoding="utf-8") as file:
            file.write("{")
        self.assert_one_line_error(self.checked(broken, self.profile(), expect=2), "broken.json")
        self.assert_one_line_error(self.checked(self.server, broken, expect=2), "broken.json")
        self.assert_one_line_error(self.checked(self.server, self.path("missing"), expect=2), "missing")

    def test_hostile_names_stay_off_the_terminal(self):
        recording = load(self.server)
        recording["programs"][0]["path"] = "/tmp/\x1b[2J\nrefused: none"
        recording["runs"][0]["name"] = "\x1b]0;x\x07"
        path = store(recording, self.path("hostile.recording.json"))
        result = self.checked(path, self.profile("--block", ",".join(sorted(names(recording)))), expect=1)
        self.assertFalse([c for c in result.stdout if c < " " and c != "\n"], result.stdout)
        self.assertNotIn("\nrefused: none", result.stdout)
