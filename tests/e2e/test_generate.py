"""`generate` and `explain`: recordings in, a profile with a reason for each name out, and nothing else for anything else."""

import copy
import json
import os

from support import E2eTest, counts, load, names, store


class Generate(E2eTest):
    def setUp(self):
        super().setUp()
        self.recording, _ = self.record("/bin/sh", "-c", "/bin/ls / > /dev/null; :")

    def generated(self, *options, recording=None):
        path = store(recording or self.recording, os.path.join(self.new_folder(), "recording.json"))
        result = self.syscarve("generate", path, *options)
        self.assertEqual(result.status, 0, result)
        return result

    def allowed(self, *options):
        profile = json.loads(self.generated(*options).stdout)
        return {name for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}

    def test_names_are_those_recorded(self):
        result = self.generated("--format", "names", "--closure", "none")
        self.assertEqual(result.stdout.splitlines(), sorted(names(self.recording)))

    def test_no_closure_allows_what_was_recorded(self):
        for form in ("docker", "oci"):
            self.assertEqual(self.allowed("--format", form, "--closure", "none"), names(self.recording))

    def test_safe_closure_adds_and_explain_says_why(self):
        allowed = self.allowed()
        added = allowed - names(self.recording)
        self.assertLess(names(self.recording), allowed)
        self.assertIn("restart_syscall", added)
        path = store(self.recording, self.path("recording.json"))
        explanation = json.loads(self.syscarve("explain", path, "--format", "json").stdout)
        self.assertEqual(explanation_names(explanation), allowed)

    def test_summary_tells_what_is_left_and_the_capabilities(self):
        result = self.generated()
        self.assertRegex(result.stderr, r"(?m)^\d+ of the kernel's \d+ \S+ calls are left \(\d+ seen, \d+ by closure\)")
        self.assertRegex(result.stderr, r"(?m)^capabilities: ")
        self.assertEqual(self.generated("--quiet").stderr, "")

    def test_allow_and_block(self):
        allowed = self.allowed("--allow", "mount", "--allow", "bpf,ptrace", "--block", "getdents64")
        self.assertLess({"mount", "bpf", "ptrace"}, allowed)
        self.assertNotIn("getdents64", allowed)

    def test_misspelt_name_is_refused_with_the_nearest(self):
        output = self.path("profile.json")
        path = store(self.recording, self.path("recording.json"))
        result = self.syscarve("generate", path, "--allow", "pread", "-o", output)
        self.assertEqual(result.status, 2, result)
        self.assert_one_line_error(result, "pread", "pread64")
        self.assertFalse(os.path.exists(output))

    def test_several_recordings_in_any_order(self):
        other, _ = self.record(self.workload("calls"), "146:3")
        paths = [store(recording, self.path(f"{index}.json")) for index, recording in enumerate((self.recording, other))]
        outputs = {self.syscarve("generate", *order, "--closure", "none").stdout for order in (paths, paths[::-1], paths + paths)}
        self.assertEqual(len(outputs), 1)
        result = self.syscarve("generate", *paths, "--format", "names", "--closure", "none")
        self.assertEqual(set(result.stdout.split()), names(self.recording) | names(other))

    def test_from_standard_input(self):
        result = self.syscarve("generate", "-", "--format", "names", stdin=json.dumps(self.recording).encode())
        self.assertEqual(result.status, 0, result)
        self.assertIn("execve\n", result.stdout)

    def test_full_disk_keeps_the_old_profile(self):
        path = store(self.recording, self.path("recording.json"))
        result = self.run_process(["/bin/sh", "-c", "\"$@\" > /dev/full", "sh", *self.command_line("generate", path)])
        self.assertEqual(result.status, 3, result)
        self.assertIn("No space left on device", result.stderr)

    def test_incomplete_recording(self):
        incomplete = copy.deepcopy(self.recording)
        incomplete["complete"] = {"complete": False, "losses": [
            {"what": "slots_full", "count": 3, "missed_calls": True, "detail": "more programs than slots"}]}
        path = store(incomplete, self.path("incomplete.json"))
        output = self.path("profile.json")
        result = self.syscarve("generate", path, "-o", output)
        self.assertEqual(result.status, 4, result)
        self.assertIn("--allow-incomplete", result.stderr)
        self.assertFalse(os.path.exists(output))
        result = self.syscarve("generate", path, "-o", output, "--allow-incomplete")
        self.assertEqual(result.status, 0, result)
        self.assertIn("warning", result.stderr)
        self.assertTrue(os.path.exists(output))

    def test_lost_detail_is_not_incomplete(self):
        lossy = copy.deepcopy(self.recording)
        lossy["complete"]["losses"] = [{"what": "ring_full", "count": 2, "missed_calls": False, "detail": "first sightings were lost"}]
        for call in lossy["runs"][0]["subjects"][0]["calls"]:
            call.pop("first_seen")
        self.assertEqual(self.generated("--closure", "none", recording=lossy).stdout, self.generated("--closure", "none").stdout)

    def test_unlisted_kill(self):
        profile = self.generate(self.recording, "--closure", "none", "--unlisted", "kill")
        self.assertEqual(load(profile)["defaultAction"], "SCMP_ACT_KILL_PROCESS")
        allowed = self.syscarve("run", "--profile", profile, "--", "/bin/sh", "-c", "/bin/ls / > /dev/null; :")
        self.assertEqual(allowed.status, 0, allowed)

    def test_compat_calls_are_spoken_of_too(self):
        recording, _ = self.record(self.workload("calls"), "i386:20:5")
        self.assertEqual(counts(recording)["i386:getpid"], 5)
        profile = load(self.generate(recording, "--closure", "none"))
        self.assertIn("SCMP_ARCH_X86", profile["architectures"])
        path = self.generate(recording)
        result = self.syscarve("run", "--profile", path, "--", self.workload("calls"), "i386:20:5")
        self.assertEqual(result.status, 0, result)
        self.assertIn("refused no call", result.stderr)


class Explain(E2eTest):
    def test_recording(self):
        recording, _ = self.record(self.workload("calls"), "146:23", options=["--run", "first test"])
        path = store(recording, self.path("recording.json"))
        result = self.syscarve("explain", path, "sched_get_priority_max")
        self.assertEqual(result.status, 0, result)
        for part in ("sched_get_priority_max", "23", "first test", "/calls"):
            self.assertIn(part, result.stdout)
        self.assertNotIn("execve", result.stdout)
        everything = self.syscarve("explain", path)
        for name in names(recording):
            self.assertIn(name, everything.stdout)

    def test_name_that_is_not_there(self):
        recording, _ = self.record("/bin/true")
        path = store(recording, self.path("recording.json"))
        result = self.syscarve("explain", path, "mount")
        self.assertIn("mount", result.stdout + result.stderr)
        result = self.syscarve("explain", path, "opennat")
        self.assertEqual(result.status, 2, result)
        self.assert_one_line_error(result, "opennat", "openat")

    def test_profile(self):
        recording, _ = self.record("/bin/true")
        profile = self.generate(recording)
        result = self.syscarve("explain", profile)
        self.assertEqual(result.status, 0, result)
        for name in names(recording):
            self.assertIn(name, result.stdout)

    def test_reader_that_goes_away(self):
        recording, _ = self.record("/bin/true")
        path = store(recording, self.path("recording.json"))
        result = self.run_process(["/bin/bash", "-c", "\"$@\" | true; exit \"${PIPESTATUS[0]}\"", "bash",
                                   *self.command_line("explain", path)])
        self.assertNotEqual(result.status, 128 + 13, result)


def explanation_names(explanation):
    return {call["name"] for call in explanation["calls"]}
