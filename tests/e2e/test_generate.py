# SPDX-License-Identifier: Apache-2.0
"""`generate` and `explain`: a profile from recordings with a reason for each name, and only an error for any other input."""

import copy
import json
import os
import re
import shutil
import subprocess
import unittest

from support import SOURCE, E2eTest, counts, decode, load, names, store, traces


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

    def test_portable_closure_is_for_both_architectures(self):
        profile = json.loads(self.generated("--closure", "portable").stdout)
        self.assertEqual(set(profile["architectures"]), {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"})
        self.assertLess(self.allowed("--closure", "safe"), self.allowed("--closure", "portable"))
        path = store(self.recording, self.path("recording.json"))
        explanation = json.loads(self.syscarve("explain", path, "--closure", "portable", "--format", "json").stdout)
        added = {name for rule in explanation["closure"] for name in rule["added"]}
        self.assertEqual(added, self.allowed("--closure", "portable") - names(self.recording))

    def test_summary_counts_what_each_rule_of_closure_added(self):
        line = re.search(r"(?m)^added by closure: (.*)$", self.generated().stderr).group(1)
        counted = {rule: int(count) for rule, count in (part.split() for part in line.split(", "))}
        self.assertGreater(counted["end"], 0)
        self.assertEqual(sum(counted.values()), len(self.allowed() - names(self.recording)))
        self.assertNotIn("added by closure", self.generated("--closure", "none").stderr)

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

    def test_with_exec_a_shell_is_let_in(self):
        self.recording, _ = self.record("/bin/true")
        session = ("/bin/sh", "-c", "id; ls -l / | head -n 1; ps; cat /etc/hostname; sleep 0.1 & wait; test -e /etc/passwd")
        for options, status in (((), None), (("--with", "exec"), 0)):
            profile = store(json.loads(self.generated(*options).stdout), self.path("profile.json"))
            result = self.syscarve("run", "--profile", profile, "--", *session)
            if status is None:
                self.assertNotEqual(result.status, 0, result)
            else:
                self.assertEqual(result.status, status, result)
                self.assertIn("refused no call", result.stderr)
        profile = json.loads(self.generated("--with", "exec,tty").stdout)
        self.assertTrue(any(rule["comment"].startswith("with exec: busybox") for rule in profile["syscalls"]))
        self.assertEqual([rule["comment"] for rule in profile["syscalls"] if "clone" in rule["names"]],
                         ["with exec, for some arguments: without CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, "
                          "CLONE_NEWNET"])

    def test_with_takes_a_recording(self):
        shell, _ = self.record("/bin/sh", "-c", "umask")
        path = store(shell, self.path("shell.recording.json"))
        profile = json.loads(self.generated("--closure", "none", "--with", f"exec={path}", recording=self.record("/bin/true")[0]).stdout)
        rule = next(rule for rule in profile["syscalls"] if rule["comment"] == f"with exec: {path}")
        self.assertIn("umask", rule["names"])

    def test_with_what_there_is_not(self):
        path = store(self.recording, self.path("recording.json"))
        result = self.syscarve("generate", path, "--with", "shell")
        self.assertEqual(result.status, 2, result)
        self.assert_one_line_error(result, "exec, health, init, tty")
        result = self.syscarve("generate", path, "--with", f"exec={self.path('missing.json')}")
        self.assertEqual(result.status, 2, result)
        self.assert_one_line_error(result, "missing.json")

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
        self.needs_32_bit_calls()
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


GOLDEN = os.path.join(SOURCE, "tests", "golden", "generate", "containers")
CAPABILITIES = "capabilities.yaml"
OVERRIDE = "docker-compose.override.yml"


class GenerateFolder(E2eTest):
    """A folder of recordings in, a profile per service out. The recordings are made by hand: no container is needed."""
    needs_root = False
    needs_bpf = False

    def setUp(self):
        super().setUp()
        shutil.copytree(GOLDEN, self.path("project"))
        os.mkdir(self.path("no-baselines"))
        self.recordings = self.path("project", "recordings")

    def generated(self, *options, folders=("recordings",), output="profiles", baselines="no-baselines", expect=0, cwd="project"):
        result = self.syscarve("generate", *folders, "-o", output, "--baseline-dir", self.path(baselines), *options,
                               cwd=self.path(cwd))
        self.assertEqual(result.status, expect, result)
        return result

    def written(self, folder="project/profiles"):
        return sorted(os.listdir(self.path(folder))) if os.path.exists(self.path(folder)) else None

    def read(self, name, folder="project/profiles"):
        with open(self.path(folder, name), encoding="utf-8") as file:
            return file.read()

    def allowed(self, name):
        return {call for rule in json.loads(self.read(name))["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW"
                for call in rule["names"]}

    def recording(self, name):
        return load(os.path.join(self.recordings, name + ".recording.json"))

    def store_recording(self, name, value):
        store(value, os.path.join(self.recordings, name + ".recording.json"))

    def test_golden(self):
        self.generated("--compose", "docker-compose.yml")
        self.assertEqual(self.written(), ["SUMMARY.md", "backup.json", CAPABILITIES, "db.json", OVERRIDE, "web.json"])
        for name in self.written():
            expected = os.path.join(GOLDEN, "expected", name)
            if os.environ.get("SYSCARVE_UPDATE_GOLDENS"):
                os.makedirs(os.path.dirname(expected), exist_ok=True)
                shutil.copy(self.path("project", "profiles", name), expected)
            with open(expected, encoding="utf-8") as file:
                self.assertEqual(self.read(name), file.read(), f"{expected}; tests/golden/update.sh writes it anew")

    def test_twice_the_same(self):
        self.generated("--compose", "docker-compose.yml")
        first = {name: self.read(name) for name in self.written()}
        self.generated("--compose", "docker-compose.yml")
        self.assertEqual({name: self.read(name) for name in self.written()}, first)

    def test_each_service_has_its_own_calls(self):
        self.generated("--closure", "none", "--baseline", "none")
        for name in ("web", "db", "backup"):
            self.assertEqual(self.allowed(name + ".json"), names(self.recording(name)))

    def test_baseline_is_what_was_observed(self):
        self.generated("--closure", "none", "--no-new-privs", "recorded")
        observed = {call["name"] for trace in traces(self.recording("web")) for call in trace["baseline_calls"]}
        comments = {rule["comment"]: set(rule["names"]) for rule in json.loads(self.read("web.json"))["syscalls"]}
        # Whether these are observed is luck, so they are listed with their own reason either way.
        now_and_then = set(load(os.path.join(SOURCE, "profiles", "rules", "runtimes.json"))["occasional"][0]["names"])
        self.assertEqual(comments["baseline: observed"], observed - names(self.recording("web")) - now_and_then)
        self.assertNotIn("mount", self.allowed("web.json"), "a call of the runtime before the filter")
        self.assertFalse([comment for comment in comments if "shipped" in comment])
        self.assertIn("The container runtime's own calls: observed; go-runtime.", self.read("SUMMARY.md"))

    def test_baseline_measured_on_this_host_comes_before_the_shipped_one(self):
        folder = self.path("baselines")
        os.mkdir(folder, 0o755)
        baseline = {"schema": "syscarve.baseline/1", "runtime": "runc", "version": "1.1.5", "no_new_privs": False, "abi": "x86_64",
                    "names": ["execve", "sethostname"], "provenance": "a test"}
        path = store(baseline, os.path.join(folder, "runc-1.1.5-x86_64.json"))
        os.chmod(path, 0o644)
        result = self.generated(baselines="baselines")
        self.assertIn("sethostname", self.allowed("db.json"))
        self.assertIn("runc 1.1.5 without no_new_privs, measured on this host", result.stderr)
        explained = self.syscarve("explain", os.path.join(self.recordings, "db.recording.json"), "sethostname",
                                  "--baseline-dir", folder)
        self.assertIn("baseline, runc 1.1.5 without no_new_privs, measured on this host", explained.stdout)

        os.chmod(path, 0o666)
        result = self.generated(baselines="baselines")
        self.assertNotIn("sethostname", self.allowed("db.json"))
        self.assertIn("is not read: everybody may write it", result.stderr)

    def test_explain_names_the_source(self):
        options = ("--baseline-dir", self.path("no-baselines"))
        web = os.path.join(self.recordings, "web.recording.json")
        result = self.syscarve("explain", web, "futex", "capset", "sched_yield", *options)
        self.assertIn("futex\n  baseline, observed\n", result.stdout)
        self.assertIn("capset\n  baseline, runc 1.1.5 without no_new_privs, shipped\n", result.stdout)
        self.assertIn("sched_yield\n  baseline, go-runtime: runc is written in Go", result.stdout)
        calls = json.loads(self.syscarve("explain", web, "--format", "json", *options).stdout)["calls"]
        self.assertEqual({call["name"]: call.get("baseline") for call in calls}["futex"], "observed")

    def test_baseline_that_is_not_known_is_told_of(self):
        db = self.recording("db")
        db["subjects"][0]["container"]["runtime"] = {"name": "youki", "version": "0.3"}
        self.store_recording("db", db)
        result = self.generated()
        warning = "containers of youki 0.3 without no_new_privs may not start under this profile"
        self.assertIn("warning: db: " + warning, result.stderr)
        self.assertIn(warning.replace("_", "\\_"), self.read("SUMMARY.md"))

    def test_folders_of_several_runs_make_one_profile_per_service(self):
        other = self.path("project", "nightly")
        os.mkdir(other)
        recording = self.recording("backup")
        recording["runs"][0]["id"] = "5" * 32
        recording["runs"][0]["subjects"][0]["calls"][0].update(nr=39, name="getpid")
        store(recording, os.path.join(other, "backup.recording.json"))
        self.generated("--closure", "none", folders=("recordings", "nightly"))
        self.assertEqual(self.allowed("backup.json"), names(self.recording("backup")) | {"getpid"})
        self.assertEqual(self.written(), ["SUMMARY.md", "backup.json", CAPABILITIES, "db.json", "web.json"])

    def test_one_bad_recording_and_nothing_is_written(self):
        for content in (b"", b"{}", b"\xff"):
            with open(os.path.join(self.recordings, "web.recording.json"), "wb") as file:
                file.write(content)
            result = self.generated(expect=2)
            self.assert_one_line_error(result, "recordings/web.recording.json: ")
            self.assertIsNone(self.written())

    def test_incomplete_recording(self):
        web = self.recording("web")
        web["complete"] = {"complete": False, "losses": [{"what": "no_slot", "count": 3, "missed_calls": True, "detail": "."}]}
        self.store_recording("web", web)
        result = self.generated(expect=4)
        self.assert_one_line_error(result, "recordings/web.recording.json: ", "no_slot (3)", "--allow-incomplete")
        self.assertIsNone(self.written())
        result = self.generated("--allow-incomplete")
        self.assertIn("warning: web: a recording is incomplete", result.stderr)
        self.assertIn("- a recording is incomplete", self.read("SUMMARY.md"))

    def test_folder_without_recordings(self):
        os.mkdir(self.path("project", "empty"))
        store({}, self.path("project", "empty", "web.json"))
        store({}, self.path("project", "empty", ".web.recording.json"))
        result = self.generated(folders=("empty",), expect=2)
        self.assert_one_line_error(result, "empty", "*.recording.json", "hint")
        self.assertIsNone(self.written())

    def test_files_and_folders_do_not_mix(self):
        self.assert_one_line_error(self.generated(folders=("recordings", "recordings/web.recording.json"), expect=2), "folders")
        self.assert_one_line_error(self.generated("--compose", "docker-compose.yml", folders=("recordings/web.recording.json",),
                                                  expect=2), "--compose")
        self.assert_one_line_error(self.generated(output="-", expect=2), "-o")
        self.assert_one_line_error(self.generated("--format", "names", expect=2), "names")
        self.assert_one_line_error(self.generated(output="docker-compose.yml", expect=2), "docker-compose.yml")
        self.assert_one_line_error(self.generated(folders=("recordings", "nowhere"), expect=2), "folders")

    def test_recording_whose_profile_would_replace_a_recording(self):
        shutil.copy(os.path.join(self.recordings, "web.recording.json"),
                    os.path.join(self.recordings, "db.recording.recording.json"))
        result = self.generated(output="recordings", expect=2)
        self.assert_one_line_error(result, "db.recording.recording.json")

    def test_output_folder_is_made_and_can_be_anywhere(self):
        self.generated("--compose", "docker-compose.yml", output="../elsewhere/a/b")
        self.assertEqual(self.written("elsewhere/a/b"), ["SUMMARY.md", "backup.json", CAPABILITIES, "db.json", OVERRIDE, "web.json"])
        self.assertIn('"seccomp:../elsewhere/a/b/web.json"', self.read(OVERRIDE, "elsewhere/a/b"))
        # From another folder than the project's, the paths are the project's all the same.
        os.mkdir(self.path("away"))
        self.generated("--compose", "../project/docker-compose.yml", folders=("../project/recordings",),
                       output="../project/profiles", cwd="away")
        self.assertIn('"seccomp:./profiles/web.json"', self.read(OVERRIDE))

    def test_files_of_somebody_else_are_not_replaced(self):
        for name in (OVERRIDE, CAPABILITIES, "SUMMARY.md"):
            with open(self.path("project", name), "w", encoding="utf-8") as file:
                file.write("# mine\n")
            result = self.generated("--compose", "docker-compose.yml", output=".", expect=2)
            self.assert_one_line_error(result, name, "not made by syscarve")
            self.assertEqual(self.read(name, "project"), "# mine\n")
            self.assertFalse(os.path.exists(self.path("project", "web.json")))
            os.unlink(self.path("project", name))
        self.generated("--compose", "docker-compose.yml", output=".")

    def test_folder_that_cannot_be_made(self):
        self.assert_one_line_error(self.generated(output="docker-compose.yml/profiles", expect=2), "docker-compose.yml/profiles")
        self.assert_one_line_error(self.generated(output="/proc/profiles", expect=2), "make the folder /proc/profiles")

    def test_folder_of_baselines_that_is_not_there(self):
        self.assert_one_line_error(self.generated(baselines="nowhere", expect=2), "nowhere")

    def test_options_hold_for_every_service(self):
        self.generated("--block", "read", "--allow", "sync", "--unlisted", "kill", "--format", "oci")
        for name in ("web", "db", "backup"):
            self.assertNotIn("read", self.allowed(name + ".json"))
            self.assertIn("sync", self.allowed(name + ".json"))
            self.assertEqual(json.loads(self.read(name + ".json"))["defaultAction"], "SCMP_ACT_KILL_PROCESS")
        self.assertNotIn("comment", self.read("web.json"))

    def test_hostile_file_names(self):
        hostile = "x`|$(id)\n\x1b]0;t\x07'\" # <b> [l](u)"
        shutil.copy(os.path.join(self.recordings, "db.recording.json"), os.path.join(self.recordings, hostile + ".recording.json"))
        result = self.generated()
        self.assertTrue(os.path.exists(self.path("project", "profiles", hostile + ".json")))
        for text in (self.read("SUMMARY.md"), result.stderr):
            self.assertFalse([c for c in text if c < " " and c != "\n"], text)
            self.assertNotIn("\n\x1b", text)
        summary = self.read("SUMMARY.md")
        options = re.search(r"(?m)^--security-opt \$'.*$", summary).group(0)
        words = subprocess.run(["bash", "-c", f"printf '%s\\0' {options}"], capture_output=True, check=True, cwd=self.folder).stdout
        self.assertEqual(decode(words).split("\0")[:2], ["--security-opt", f"seccomp=profiles/{hostile}.json"])

    def test_hostile_service_names_and_labels(self):
        db = self.recording("db")
        for value in ("a\nb: {privileged: true}", "$(id)", "a: b", "\u202e", "db%FF"):
            db["subjects"][0]["container"]["labels"]["com.docker.compose.service"] = value
            self.store_recording("db", db)
            result = self.generated("--compose", "docker-compose.yml")
            self.assertRegex(result.stderr, r"warning: db: the Compose file has no service ")
            self.assertNotIn("db", self.read(OVERRIDE).partition("services:")[2])
            self.assertNotIn("\nb: {privileged", self.read("SUMMARY.md"))

    def test_compose_file_that_is_none(self):
        for content in ("", "services: [a]", "a: &a [*a]", "services: {web: {cap_add: {}}}"):
            with open(self.path("project", "docker-compose.yml"), "w", encoding="utf-8") as file:
                file.write(content)
            self.assert_one_line_error(self.generated("--compose", "docker-compose.yml", expect=2), "docker-compose.yml: ")
            self.assertIsNone(self.written())
        self.assert_one_line_error(self.generated("--compose", "missing.yml", expect=2), "missing.yml")

    def test_compose_file_without_a_recorded_service(self):
        with open(self.path("project", "docker-compose.yml"), "w", encoding="utf-8") as file:
            file.write("services: {other: {image: x}}")
        self.assert_one_line_error(self.generated("--compose", "docker-compose.yml", expect=2), "no recording belongs")
        self.assertIsNone(self.written())

    @unittest.skipUnless(shutil.which("docker-compose"), "docker-compose is not installed")
    def test_compose_itself_reads_the_override(self):
        self.generated("--compose", "docker-compose.yml")
        result = self.run_process(["docker-compose", "-f", "docker-compose.yml", "-f", "profiles/" + OVERRIDE, "config"],
                                  cwd=self.path("project"))
        self.assertEqual(result.status, 0, result)
        self.assertIn("seccomp:./profiles/web.json", result.stdout)
        self.assertIn("no-new-privileges:true", result.stdout)


def explanation_names(explanation):
    return {call["name"] for call in explanation["calls"]}
