# SPDX-License-Identifier: Apache-2.0
"""`prove --docker`: the capabilities and calls of containers, found by creating them without. Docker itself, with --cap-drop and
--cap-add or a profile, is the independent witness."""

import json
import os
import signal

import engine
from support import load, wait_until
from test_corpus import CorpusTest
from test_verify_docker import IMAGE, VerifyDocker

# It goes on as root when it cannot change its user, and no test notices.
SERVER = 'echo www:x:33:33::/:/bin/sh > /etc/passwd; echo www:x:33: > /etc/group; su -s /bin/sh www -c "exec sleep 600" || exec sleep 600'


class ProveMixin:
    def record(self, script, *options):
        recorder = self.start_recorder(*options, command=script)
        wait_until(lambda: recorder.process.poll() is not None, "the recorder has ended with its command", seconds=300)
        result = recorder.stop()
        self.assertEqual(result.status, 0, result)
        return recorder.folder

    def words(self, recordings, script, *options):
        return ["prove", "--docker", "--engine-socket", self.engine.socket, *options, recordings, "--", *script]

    def prove(self, recordings, script, *options):
        report = self.path("report.json")
        result = self.syscarve(*self.words(recordings, script, "--report", report, *options), timeout=700)
        return result, load(report) if os.path.exists(report) and os.path.getsize(report) else None

    def verdicts(self, report, service, verdict, kind="capabilities"):
        (found,) = [one for one in report["services"] if one["service"] == service]
        return {one["name"]: one.get("why", "") for one in found[kind] if one["verdict"] == verdict}


class ProveDocker(ProveMixin, VerifyDocker):
    JOB = "chown 7:7 /tmp && mkdir /tmp/made"

    def begin(self, work, options="", name="server"):
        """Begins a server, and waits until it sleeps."""
        return [f"begin {name} -d --stop-signal KILL {options} {IMAGE} sh -c '{work}' >&2",
                f"docker exec {name} sh -c 'until cat /proc/[0-9]*/comm | grep -q sleep; do :; done'"]

    def test_each_service_by_itself(self):
        script = [self.script(*self.begin(SERVER), f"run job '{self.JOB}'", "docker stop server >&2", "docker rm server >&2")]
        folder = self.record(script)
        result, report = self.prove(folder, script, "--runs", "2", "--into", folder)
        self.assertEqual(result.status, 0, result)
        self.assertTrue(report["complete"])
        self.assertEqual(list(self.verdicts(report, "job", "needed")), ["CAP_CHOWN"])
        self.assertIn("instead of success", self.verdicts(report, "job", "needed")["CAP_CHOWN"])
        # The command passes without: what tells is whom the program is in the end.
        needed = self.verdicts(report, "server", "needed")
        self.assertEqual(sorted(needed), ["CAP_SETGID", "CAP_SETUID"])
        self.assertIn("user 0 instead of 33", needed["CAP_SETUID"])
        self.assertIn("server: /bin/busybox ends with", result.stderr)
        self.assertIn("--cap-drop ALL --cap-add SETGID --cap-add SETUID\n", result.stderr)
        self.assertEqual(len(self.verdicts(report, "server", "not-needed")), 12)
        self.assertIn("without all that is not needed, at once: no difference", result.stderr)
        # The recordings have it, and what is made of them.
        profiles = self.new_folder()
        self.assertEqual(self.syscarve("generate", folder, "-o", profiles, "--with", "exec").status, 0)
        with open(f"{profiles}/SUMMARY.md", encoding="utf-8") as file:
            self.assertRegex(file.read(), r"`CAP_SETUID` \| needed .* Proven needed: without it, server: /bin/busybox ends with user 0 instead of 33")
        with open(f"{profiles}/capabilities.yaml", encoding="utf-8") as file:
            self.assertIn('"server": [CAP_SETGID, CAP_SETUID]', file.read())

    def test_calls(self):
        # glibc does without rseq, as on kernels that lack it. No shell: each call more is a trial or two.
        script = [self.script(f"begin job --rm {IMAGE} mkdir /tmp/made")]
        folder = self.record(script)
        result, report = self.prove(folder, script, "--runs", "1", "--syscalls", "--into", folder)
        self.assertEqual(result.status, 0, result)
        needed = self.verdicts(report, "job", "needed", "calls")
        self.assertEqual(needed["mkdir"], "exit status 1 instead of success; container job ends with exit status 1 instead of exit status 0")
        self.assertIn("execve", needed)
        dispensable = self.verdicts(report, "job", "not-needed", "calls")
        self.assertIn("rseq", dispensable)
        self.assertEqual(self.verdicts(report, "job", "needed"), {})
        # The recording has it.
        (proofs,) = load(f"{folder}/job.recording.json")["proofs"]
        self.assertEqual({one["name"] for one in proofs["calls"] if one["verdict"] == "not-needed"}, set(dispensable))
        # Docker itself, with a profile that refuses these, and one more.
        self.assertEqual(self.run_refusing([{"names": sorted(dispensable)}], "mkdir /tmp/made"), 0)
        self.assertNotEqual(self.run_refusing([{"names": [*dispensable, "mkdir"]}], "mkdir /tmp/made"), 0)

    def run_refusing(self, rules, work):
        profile = self.path("refusing.json")
        self.store_profile(profile, {"defaultAction": "SCMP_ACT_ALLOW",
                                     "syscalls": [{**rule, "action": "SCMP_ACT_ERRNO", "errnoRet": 38} for rule in rules]})
        return self.run_process([self.script(f"begin job --rm --security-opt seccomp={profile} {IMAGE} {work}")],
                                env={"DOCKER_HOST": f"unix://{self.engine.socket}"}).status

    def test_what_the_kernel_refuses_a_container_is_a_difference(self):
        script = [self.script("run job 'chown 7:7 /tmp || true'")]
        folder = self.record(script)
        result, report = self.prove(folder, script, "--runs", "1")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.verdicts(report, "job", "needed"), {"CAP_CHOWN": "job: busybox is refused chown with EPERM"})
        result, report = self.prove(folder, script, "--runs", "1", "--ignore-refusals")
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.verdicts(report, "job", "needed"), {})

    def test_a_container_with_a_profile_of_its_own_keeps_it(self):
        # It kills what makes sync, in every trial, too. No shell: each call more is a trial or two.
        profile = self.path("own.json")
        self.store_profile(profile, {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["sync"], "action": "SCMP_ACT_KILL"}]})
        script = [self.script("status=0", f"begin job --rm --security-opt seccomp={profile} {IMAGE} sync || status=$?", "test $status = 159")]
        folder = self.record(script)
        result, report = self.prove(folder, script, "--runs", "1", "--syscalls")
        self.assertEqual(result.status, 0, result)
        self.assertIn("execve", self.verdicts(report, "job", "needed", "calls"))
        self.assertNotIn("sync", self.verdicts(report, "job", "needed", "calls"))

    def test_a_command_that_fails_proves_nothing(self):
        recorded = [self.script(f"run job '{self.JOB}'")]
        folder = self.record(recorded)
        script = [self.script(f"begin job -d {IMAGE} sleep 600 >&2", "exit 7")]
        result, report = self.prove(folder, script, "--runs", "2")
        self.assertEqual(result.status, 1, result)
        self.assertIn("nothing proven: the command fails with nothing removed (exit status 7)", result.stderr)
        # What it left was in the way of the second run.
        self.assertEqual([run["status"] for run in report["reference_runs"]], [7, 7])

    def test_what_cannot_be_proven_is_said(self):
        past = f"docker -H unix://{self.engine.socket} run --rm --network none --label {engine.LABEL}={os.getpid()} --name past {IMAGE} true"
        script = [self.script(*self.begin("chown 7:7 /tmp && exec sleep 600", name="job"), "docker rm -f job >&2", past)]
        folder = self.record(script)
        recording = load(f"{folder}/job.recording.json")
        (trace,) = recording["runs"][0]["subjects"]
        (checks,) = [one for one in trace["capabilities"] if one["name"] == "CAP_CHOWN"]
        trace["capabilities"].append({**checks, "name": "CAP_SYS_TIME", "capability": 25})
        trace["capabilities"].sort(key=lambda one: one["capability"])
        recording["subjects"][0]["container"]["cap_add"] = ["CAP_SYS_TIME"]
        for name in ("job", "other"):
            with open(f"{folder}/{name}.recording.json", "w", encoding="utf-8") as file:
                json.dump(recording, file)
        result, report = self.prove(folder, script, "--runs", "1")
        self.assertEqual(result.status, 1, result)
        self.assertEqual(list(self.verdicts(report, "job", "needed")), ["CAP_CHOWN"])
        self.assertIn(self.verdicts(report, "job", "undecided")["CAP_SYS_TIME"], ("its containers do not have it here", "this host lacks it"))
        self.assertEqual(self.verdicts(report, "other", "undecided")["CAP_CHOWN"], "the command starts no container of it")
        self.assertIn("past: container past is privileged, or was not created through DOCKER_HOST", report["remarks"])

    def test_what_a_container_that_outlives_the_command_does_to_a_proof(self):
        folder = self.record([self.script(f"run job '{self.JOB}'")])
        result, report = self.prove(folder, [self.script(*self.begin("exec sleep 600", name="job"))], "--runs", "1")
        self.assertEqual(result.status, 1, result)
        self.assertIn("container job outlives the command", report["unproven"])

    def test_it_goes_on_where_it_was_interrupted(self):
        script = [self.script("if [ $(count) = 5 ]; then echo >> $here/fifth; sleep 600; fi", f"run job '{self.JOB}'")]
        whole = [self.script(f"run job '{self.JOB}'")]
        folder = self.record(whole)
        report = self.path("interrupted.json")
        process = self.start(self.command_line(*self.words(folder, script, "--runs", "1", "--grace", "200ms", "--report", report)))
        wait_until(lambda: os.path.exists(self.path("fifth")), "the fifth run has begun", seconds=100)
        process.send_signal(signal.SIGINT)
        result = self.finish(process)
        self.assertEqual(result.status, 1, result)
        self.assertIn(f"--resume {report} goes on from here", result.stderr)
        before = load(report)
        self.assertEqual((before["trials"], len(before["tried"]), before["complete"]), (3, 3, False))
        result = self.syscarve(*self.words(folder, script, "--runs", "1", "--resume", report))
        self.assertEqual(result.status, 0, result)
        after = load(report)
        self.assertEqual(list(self.verdicts(after, "job", "needed")), ["CAP_CHOWN"])
        self.assertEqual(after["tried"][:3], before["tried"])
        self.assertEqual(after["trials"], len(after["tried"]) - 3)
        result = self.syscarve(*self.words(folder, whole, "--resume", report))
        self.assertEqual(result.status, 2, result)
        self.assertIn("of another command", result.stderr)

    def test_usage(self):
        folder = self.new_folder()
        for words, message in (([], "no recordings are given"), ([folder], "no *.recording.json in it"),
                               ([folder, "--recording", "x"], "named before --"), ([folder, "--arguments"], "--arguments is for a command")):
            result = self.syscarve("prove", "--docker", *words, "--", "/bin/true")
            self.assertEqual(result.status, 2, result)
            self.assertIn(message, result.stderr)
        result = self.syscarve("prove", folder, "--", "/bin/true")
        self.assertIn("with --docker only", result.stderr)


class Corpus(ProveMixin, CorpusTest):
    def test_tinyproxy(self):
        script = self.script("once")
        folder = self.record(script, "--name", self.name)
        self._remove_containers(self.api)
        result, report = self.prove(folder, script, "--runs", "2")
        self.assertEqual(result.status, 0, result)
        needed = self.verdicts(report, "tinyproxy", "needed")
        self.assertEqual(sorted(needed), ["CAP_SETGID", "CAP_SETUID"], result)
        # Docker itself, with these and without one of them.
        labels = self.environment["CORPUS_RUN"]
        for left_out in (None, *needed):
            self.environment["CORPUS_RUN"] = " ".join([labels, "--cap-drop ALL", *(f"--cap-add {name}" for name in needed if name != left_out)])
            ended = self.run_process(script, env={"DOCKER_HOST": f"unix://{self.engine.socket}"})
            self.assertEqual(ended.status == 0, left_out is None, (left_out, ended))
            self._remove_containers(self.api)
