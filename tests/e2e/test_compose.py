# SPDX-License-Identifier: Apache-2.0
"""examples/compose/, unchanged: the project works, is recorded, and works under the generated override."""

import os
import re
import shutil

import engine
from containers import ContainerTest
from support import BINARY, SOURCE, load, names

SERVICES = {"web": "accept4", "cache": "accept4", "database": "shmget"}


class Example(ContainerTest):
    def setUp(self):
        super().setUp()
        # The example's own folder is the source tree's, and stays as it is. Another name shows that none is built in.
        self.project = self.path("a project")
        shutil.copytree(os.path.join(SOURCE, "examples/compose"), self.project)
        image = self.engine.image("services")
        self.environment.update(IMAGE=image, SYSCARVE=self.public(BINARY), COMPOSE_PROJECT_NAME="example")
        # The distribution's programs, not those of another engine in /usr/local.
        self.environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
        self.addCleanup(self.take_down)

    def take_down(self):
        left = self.api.containers(label=["com.docker.compose.project=example"])
        for found in left:
            engine.Container(self.api, found["Id"]).remove()
        for network in self.api.get("/networks", filters={"label": ["com.docker.compose.project=example"]}):
            self.api.call("DELETE", f"/networks/{network['Id']}")
        self.assertEqual([found["Names"] for found in left], [], "the example left containers")

    def run_in_project(self, *command, **options):
        return self.run_process(command, cwd=self.project, **options)

    def compose(self, *arguments):
        result = self.run_in_project(engine.COMPOSE, *arguments)
        self.assertEqual(result.status, 0, result)
        return result

    def test_its_tests_pass_and_can_fail(self):
        self.compose("up", "-d")
        result = self.run_in_project("./run-tests.sh")
        self.assertEqual(result.status, 0, result)
        self.assertIn("all tests passed", result.stdout)
        # A table that is already there: the answer is another one.
        self.compose("exec", "-T", "database", "psql", "--host=/tmp", "--username=postgres", "--command=CREATE TABLE fruit(x int)")
        result = self.run_in_project("./run-tests.sh")
        self.assertNotEqual(result.status, 0, result)
        self.assertNotIn("all tests passed", result.stdout)
        self.compose("down", "-t", "10")

    def test_hardened_and_tested_again(self):
        result = self.run_in_project("./harden.sh", timeout=600)
        self.assertEqual(result.status, 0, result)
        # Recorded, twice verified, and with the override.
        self.assertEqual(result.stdout.count("all tests passed"), 4, result)
        self.assertIn("verified: nothing breaks", result.stderr)
        made = set(os.listdir(os.path.join(self.project, "profiles")))
        self.assertEqual(made, {"web.json", "cache.json", "database.json", "SUMMARY.md", "capabilities.yaml",
                                "docker-compose.override.yml", "hardening.json", "hardening-proofs.json"})
        hardening = load(os.path.join(self.project, "profiles/hardening.json"))["services"]
        for service in SERVICES:
            settings = {one["setting"]: one["verdict"] for one in hardening[service]["settings"]}
            for setting in ("seccomp", "no-new-privileges", "capabilities", "read-only-root", "memory", "cpus", "pids", "open-files", "ipc"):
                self.assertEqual(settings[setting], "proven", f"{setting} of {service}")
        with open(os.path.join(self.project, "profiles/docker-compose.override.yml"), encoding="utf-8") as file:
            override = file.read()
        for service, needed in SERVICES.items():
            recording = load(os.path.join(self.project, f"recordings/{service}.recording.json"))
            self.assertEqual(recording["complete"], {"complete": True, "losses": []})
            self.assertIn(needed, names(recording))
            # Its own tests, by name, are where its calls were seen.
            self.assertIn(f"{service}-ready", {run["name"] for run in recording["runs"]})
            self.assertRegex(override, rf"(?m)^  {service}:$")
            self.assertRegex(override, rf"seccomp[:=]\S*{service}\.json")
        self.assert_enforced()

    def assert_enforced(self):
        """The engine enforces the settings of the override."""
        files = ["-f", "docker-compose.yml", "-f", "profiles/docker-compose.override.yml"]
        self.compose(*files, "up", "-d")
        for found in self.api.containers(label=["com.docker.compose.project=example"]):
            security = self.api.get(f"/containers/{found['Id']}/json")["HostConfig"]
            self.assertTrue(any(re.match(r"seccomp[=:]\s*\{", option) for option in security["SecurityOpt"]), security["SecurityOpt"])
            self.assertEqual(security["CapDrop"], ["ALL"])
            self.assertTrue(any(option.startswith("no-new-privileges") for option in security["SecurityOpt"]), security["SecurityOpt"])
            self.assertTrue(security["ReadonlyRootfs"])
            self.assertTrue(security["Memory"] and security["PidsLimit"] and security["NanoCpus"])
        self.compose(*files, "down", "-t", "10", "--volumes")
