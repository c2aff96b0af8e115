# SPDX-License-Identifier: Apache-2.0
"""`harden`: recordings of every schema are accepted, each target's text is accepted by the target's program, and every report is valid."""

import json
import os
import shlex
import shutil
import subprocess

from reports import valid_junit, valid_sarif
from support import SOURCE, E2eTest

FULL = os.path.join(SOURCE, "tests", "golden", "recording", "full.json")
SERVER = os.path.join(SOURCE, "tests", "golden", "generate", "server", "recording.json")
CONTAINERS = os.path.join(SOURCE, "tests", "golden", "generate", "containers", "recordings")
SETTINGS = ["seccomp", "no-new-privileges", "capabilities", "user", "read-only-root", "network", "memory", "cpus", "pids", "open-files"]


def with_evidence():
    """A recording of a web server in a container, with what it used."""
    calls = [(0, "read"), (1, "write"), (41, "socket"), (49, "bind"), (257, "openat")]
    recording = {
        "schema": "syscarve.recording/5",
        "host": {"kernel": "6.18.44", "native_abi": "x86_64", "libseccomp": "2.5.4"},
        "method": {"backend": "bpf", "events": "first", "capabilities": "fexit", "denials": "none"},
        "complete": {"complete": True, "losses": []},
        "programs": [{"id": 0, "path": "/usr/sbin/web", "device": 1, "inode": 2}],
        "subjects": [{"id": 0, "kind": "container", "name": "web", "cgroup": "/web"}],
        "runs": [{
            "id": "a" * 32, "name": "default", "start": 1790000000000000000, "end": 1790000005000000000,
            "subjects": [{
                "subject": 0,
                "calls": [{"abi": "x86_64", "nr": number, "name": name, "count": 1, "programs": {"0": 1}} for number, name in calls],
                "runtime_calls": [], "baseline_calls": [], "denials": [], "capabilities": []}]}],
    }
    subject = recording["subjects"][0]
    subject["container"] = {
        "id": "c" * 64, "name": "web-1", "image": "nginx:1.25", "image_digest": "", "runtime": {"name": "", "version": ""},
        "labels": {"com.docker.compose.service": "web"}, "privileged": False, "no_new_privs": False, "read_only_root": False, "user": "",
        "seccomp": "default", "cap_add": [], "cap_drop": [], "stop_signal": "", "health_check": True, "shares": [], "publishes": []}
    uses = {"0": ["written", "created"]}
    subject["hardening"] = {
        "missing": [],
        "files": [
            {"path": "/run/web.pid", "kind": "regular", "mount": "/", "filesystem": "overlay", "uses": uses},
            {"path": "/var/lib/web/it's $HOME %25h", "kind": "regular", "mount": "/", "filesystem": "overlay", "uses": uses},
        ],
        "identities": {"0": [{"user": 33, "effective_user": 33, "group": 33, "effective_group": 33}]},
        "privileges": {},
        "endpoints": [{"use": "bound", "family": "inet", "scope": "any", "type": 1, "port": 80, "programs": [0]}],
        "messages": True,
        "peaks": {"memory_bytes": 20 << 20, "tasks": 3, "cpu_milli": 300, "open_files": 20, "memory_sampled": False, "tasks_sampled": False},
    }
    return recording


class Harden(E2eTest):
    needs_root = False
    needs_bpf = False

    def recording(self, change=lambda recording: None):
        recording = with_evidence()
        change(recording)
        path = os.path.join(self.new_folder(), "web.recording.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(recording, file)
        return path

    def harden(self, *arguments, expect=0, **options):
        result = self.syscarve("harden", "--baseline", "none", *arguments, **options)
        self.assertEqual(result.status, expect, result)
        return result

    def plan(self, *arguments, expect=0):
        services = json.loads(self.harden(*arguments, "--format", "json", expect=expect).stdout)["services"]
        return next(iter(services.values()))

    def verdicts(self, plan):
        return {setting["setting"]: setting["verdict"] for setting in plan["settings"]}

    def hardened(self, target):
        folder = self.new_folder()
        self.harden(self.recording(), "-o", folder, "--target", target)
        return folder


class Plans(Harden):
    def test_each_setting_has_a_verdict(self):
        plan = self.plan(self.recording())
        verdicts = self.verdicts(plan)
        self.assertEqual({name: verdicts[name] for name in SETTINGS}, {
            **dict.fromkeys(SETTINGS, "observed"), "network": "refused",
            **({} if verdicts["capabilities"] == "observed" else {"capabilities": "unknown"})})
        self.assertEqual(plan["line"]["writable"], {"/run": {"kind": "tmpfs", "size": "16m", "owner": "33:33"}, "/var/lib/web": {"kind": "volume"}})
        self.assertEqual(plan["line"]["user"], "33:33")

    def test_a_recording_without_evidence_says_what_it_cannot_speak_of(self):
        result = self.harden(SERVER)
        self.assertIn("no evidence of files", result.stdout)
        self.assertIn("record --hardening", result.stdout)
        verdicts = self.verdicts(self.plan(SERVER))
        self.assertEqual({verdicts[name] for name in ("user", "read-only-root", "memory", "no-new-privileges")}, {"unknown"})

    def test_old_and_full_recordings_are_taken(self):
        for name in sorted(os.listdir(os.path.dirname(FULL))):
            self.harden(os.path.join(os.path.dirname(FULL), name), "--allow-incomplete")
        self.harden(CONTAINERS)

    def test_settings_are_tried_and_left_out(self):
        plan = self.plan(self.recording(), "--try", "network", "--leave-out", "memory,read-only-root")
        self.assertNotIn("memory_bytes", plan["line"])
        self.assertNotIn("read_only_root", plan["line"])
        result = self.harden(self.recording(), "--try", "nonsense", expect=2)
        self.assertIn("nonsense", result.stderr)


    def test_the_line_can_be_pasted_from_the_report(self):
        self.assertIn("docker run \\\n", self.harden(self.recording()).stdout)


class Gate(Harden):
    def test_fails_on_what_is_as_grave(self):
        def privileged(recording):
            recording["subjects"][0]["container"]["privileged"] = True

        path = self.recording(privileged)
        self.harden(path)
        self.assertIn("privileged", self.harden(path, "--fail-on", "critical", expect=1).stdout)
        self.harden(self.recording(), "--fail-on", "high")
        self.harden(self.recording(), "--fail-on", "medium", expect=1)

    def test_reports_are_valid(self):
        path = self.recording()
        rules = {result["ruleId"] for result in valid_sarif(self.harden(path, "--format", "sarif").stdout)["results"]}
        self.assertIn("no-new-privileges", rules)
        self.assertIsNotNone(valid_junit(self.harden(path, "--format", "junit").stdout)["read-only-root"].find("failure"))
        self.assertIn("| read-only-root |", self.harden(path, "--format", "markdown").stdout)

    def test_the_same_recordings_give_the_same_bytes(self):
        path = self.recording()
        for form in ("text", "json", "markdown", "sarif", "junit"):
            self.assertEqual(self.harden(path, "--format", form).stdout, self.harden(path, "--format", form).stdout)


class Targets(Harden):
    def read(self, folder, name):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()

    def test_a_shell_reads_the_line(self):
        folder = self.hardened("docker")
        text = self.read(folder, "web.run.sh")
        words = shlex.split(text.replace("\\\n", " "), comments=True)
        self.assertEqual(words[:2], ["docker", "run"])
        self.assertEqual(words[-1], "nginx:1.25")
        for word in (f"seccomp={folder}/web.json", "no-new-privileges:true", "--read-only", "33:33", "web-var-lib-web:/var/lib/web",
                     "/run:rw,nosuid,nodev,noexec,size=16m,mode=1777,uid=33,gid=33", "nofile=1024:16384"):
            self.assertIn(word, words)
        self.assertEqual(subprocess.run(["sh", "-n"], input=text.encode(), timeout=60, check=False).returncode, 0)

    def test_yaml_has_what_was_meant(self):
        import yaml  # Only the tests of YAML need it.

        service = yaml.safe_load(self.read(self.hardened("compose"), "web.compose.yml"))["services"]["web"]
        self.assertEqual((service["read_only"], service["user"], service["volumes"]), (True, "33:33", ["web-var-lib-web:/var/lib/web"]))
        spec = yaml.safe_load(self.read(self.hardened("kubernetes"), "web.kubernetes.yaml"))["spec"]
        container = spec["containers"][0]
        self.assertEqual(container["securityContext"]["seccompProfile"], {"type": "Localhost", "localhostProfile": "web.json"})
        self.assertEqual(container["securityContext"]["runAsUser"], 33)
        self.assertEqual({mount["name"] for mount in container["volumeMounts"]}, {volume["name"] for volume in spec["volumes"]})

    def test_compose_takes_its_file(self):
        compose = shutil.which("docker-compose")
        if compose is None:
            self.skipTest("docker-compose is missing")
        folder = self.new_folder()
        with open(os.path.join(folder, "docker-compose.yml"), "w", encoding="utf-8") as file:
            file.write('version: "2.4"\nservices:\n  web:\n    image: nginx:1.25\n')
        project = os.path.join(folder, "docker-compose.yml")
        self.harden(self.recording(), "-o", folder, "--target", "compose", "--compose", project)
        result = subprocess.run([compose, "-f", project, "-f", os.path.join(folder, "docker-compose.override.yml"), "config"],
                                cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("read_only: true", result.stdout)

    def test_systemd_takes_its_drop_in(self):
        folder = self.hardened("systemd")
        units = os.path.join(folder, "units")
        os.makedirs(os.path.join(units, "web.service.d"))
        with open(os.path.join(units, "web.service"), "w", encoding="utf-8") as file:
            file.write("[Service]\nExecStart=/bin/true\n")
        shutil.copy(os.path.join(folder, "web.conf"), os.path.join(units, "web.service.d", "web.conf"))
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", os.path.join(units, "web.service")],
                                capture_output=True, text=True, timeout=120, check=False)
        told = [line for line in result.stderr.splitlines() if "web.conf" in line or "web.service" in line]
        self.assertEqual(told, [], result.stderr)
        self.assertIn("ReadWritePaths=-/var/lib/web\n", self.read(folder, "web.conf"))

    def test_what_a_target_cannot_say_is_an_error(self):
        def colon(recording):
            recording["subjects"][0]["hardening"]["files"][0]["path"] = "/srv/a:b/x"

        result = self.harden(self.recording(colon), expect=2)
        self.assertIn("--leave-out read-only-root", result.stderr)
        self.harden(self.recording(colon), "--leave-out", "read-only-root")
