# SPDX-License-Identifier: Apache-2.0
"""Containers of Podman are recorded as Docker's are, by its socket and without."""

import os
import stat

from containers import ContainerTest
from podman import PodmanMixin
from support import E2eTest, counts, load, names, traces, wait_until


class Podman(PodmanMixin, E2eTest):
    def record_container(self, *options):
        folder = self.new_folder()
        container = self.container_words("sh", "-c", "echo hi; ls /", options=["--name", "shop_web_1", "--label",
                                                                              "com.docker.compose.service=web"])
        result = self.syscarve("record", "--docker", "-o", folder, *options, "--", *self.podman_command("run", *container))
        self.assertEqual((result.status, result.stdout[:3]), (0, "hi\n"), result)
        return {name: load(f"{folder}/{name}") for name in os.listdir(folder)}, result

    def assert_recorded(self, recording):
        self.assertEqual(recording["complete"], {"complete": True, "losses": []})
        self.assertLessEqual({"execve", "write", "getdents64"}, names(recording))
        self.assertFalse({"mount", "pivot_root", "capset"} & names(recording), "these are the runtime's")
        baseline = {call["name"] for trace in traces(recording) for call in trace["baseline_calls"]}
        self.assertLessEqual({"execve", "capset", "setgroups"}, baseline)
        self.assertEqual(recording["subjects"][0]["start"], {"filtered": True, "no_new_privs": False})

    def test_by_its_socket(self):
        socket = self.path("podman.sock")
        service = self.start(self.podman_command("system", "service", "-t", "0", "unix://" + socket))
        wait_until(lambda: os.path.exists(socket) and stat.S_ISSOCK(os.stat(socket).st_mode), "podman's service listens")
        recordings, _ = self.record_container("--engine-socket", socket, "--name", "shop_*")
        service.terminate()
        service.wait(timeout=30)
        self.assertEqual(list(recordings), ["web.recording.json"])
        self.assert_recorded(recordings["web.recording.json"])
        container = recordings["web.recording.json"]["subjects"][0]["container"]
        self.assertEqual((container["name"], container["labels"].get("com.docker.compose.service")), ("shop_web_1", "web"))

    def test_without_a_socket(self):
        self.environment["DOCKER_HOST"] = "unix://" + self.path("nobody.sock")  # Whatever engine this host has.
        recordings, result = self.record_container()
        self.assertIn("no engine can be queried", result.stderr)
        (name, recording), = recordings.items()
        self.assert_recorded(recording)
        self.assertEqual(name, recording["subjects"][0]["container"]["id"][:12] + ".recording.json")

    def test_in_a_recorded_command(self):
        """Without --docker what the command runs is the command's, also in the cgroup of a container."""
        calls = self.workload("calls_static")
        number = {"x86_64": 148, "aarch64": 127}[os.uname().machine]
        container = self.container_words("/calls", f"{number}:7", options=["--volume", calls + ":/calls:ro"])
        recording, _ = self.record(*self.podman_command("run", *container))
        self.assertEqual(recording["complete"], {"complete": True, "losses": []})
        self.assertEqual(counts(recording)["sched_rr_get_interval"], 7)
        self.assertLessEqual({"pivot_root", "capset"}, names(recording), "so is the work of the runtime")


class BesideDocker(PodmanMixin, ContainerTest):
    def test_only_dockers_socket_answers(self):
        del self.environment["DOCKER_CONFIG"]  # Podman wants it to be readable.
        folder = self.new_folder()
        result = self.syscarve("record", "--docker", "-o", folder, "--", *self.podman_command("run", *self.container_words("ls", "/")))
        self.assertEqual(result.status, 0, result)
        self.assertIn("podman system service", result.stderr)
        (name,) = os.listdir(folder)
        recording = load(f"{folder}/{name}")
        self.assertEqual(name, recording["subjects"][0]["container"]["id"][:12] + ".recording.json")
        self.assertIn("getdents64", names(recording))
