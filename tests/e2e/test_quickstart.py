# SPDX-License-Identifier: Apache-2.0
"""The commands of the README, unchanged."""

import os
import re
import shutil
import stat

from support import NOBODY, SOURCE, E2eTest, alone, load, names

QUICKSTART = os.path.join(SOURCE, "examples/quickstart.sh")


class Quickstart(E2eTest):
    @alone  # Configures and builds what the others run.
    def test_start_to_end(self):
        out = os.path.join(SOURCE, "quickstart-out")
        was_there = os.path.exists(out)
        result = self.run_process([QUICKSTART], timeout=1600)
        self.assertEqual(result.status, 0, result)
        self.assertRegex(result.stderr, r"\d+ of the kernel's \d+ \S+ calls are left")
        self.assertRegex(result.stderr, r"capabilities: --cap-drop ALL .*--cap-add CAP_SETUID")
        self.assertRegex(result.stderr, r"refused unshare\(")
        self.assertIn("accept4", names(load(f"{out}/nginx.recording.json")))
        self.assertEqual(load(f"{out}/refused.json")["refused"], [])
        if not was_there:
            shutil.rmtree(out)

    def test_needs_root_and_says_so(self):
        examples = self.path("examples")
        os.mkdir(examples)
        shutil.copy(QUICKSTART, examples)
        result = self.run_process([os.path.join(examples, "quickstart.sh")], user=NOBODY)
        self.assertEqual((result.status, result.stdout), (1, ""), result)
        self.assertIn("sudo ./examples/quickstart.sh", result.stderr)


class Readme(E2eTest):
    # Commands that this test leaves out, with the reason.
    ELSEWHERE = {
        "./examples/quickstart.sh": "has a test of its own, above",
        "./tests/run.sh": "runs this test",
        "docker": "needs an engine and an image",
        "syscarve record --docker": "needs an engine: test_compose.py",
        "syscarve harden recordings": "goes on from there",
        "syscarve verify --docker": "goes on from there",
    }

    def test_commands_do_what_they_say(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            blocks = re.findall(r"(?ms)^```console\n(.*?)^```", file.read())
        commands = [line[2:].partition("#")[0].strip().removeprefix("sudo ") for block in blocks for line in block.splitlines()
                    if line.startswith("$ ")]
        self.assertTrue(any(command.startswith("syscarve record ") for command in commands), commands)

        self.public(os.environ["SYSCARVE_BINARY"])
        script = self.path("run-my-tests.sh")
        with open(script, "w") as file:
            file.write("#!/bin/sh\nexec sort < /etc/passwd > /dev/null\n")
        os.chmod(script, stat.S_IRWXU)
        path = {"PATH": self.path("bin") + ":" + self.environment["PATH"]}
        for command in commands:
            if any((command + " ").startswith(elsewhere + " ") for elsewhere in self.ELSEWHERE):
                continue
            self.assertTrue(command.startswith("syscarve "), command)
            result = self.run_process(["/bin/sh", "-c", command], env=path)
            self.assertEqual(result.status, 0, (command, result))
