# SPDX-License-Identifier: Apache-2.0
"""`generate --format apparmor` and `selinux`: policies that their own compilers take, from recordings and from logs."""

import json
import os
import shutil
import subprocess

from support import E2eTest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RECORDING = os.path.join(ROOT, "tests", "golden", "access", "recording.json")
BASE = os.path.join(ROOT, "tests", "support", "selinux_base.cil")
REFUSED = ('audit: type=1400 audit(1795968699.240:806): apparmor="DENIED" operation="open" profile="cache" name="/etc/motd" pid=195 comm="sh" '
           'requested_mask="r" denied_mask="r" fsuid=0 ouid=0\n')


class Access(E2eTest):
    needs_root = False
    needs_bpf = False

    def generate(self, output_format, *inputs, options=(), expect=0):
        suffix = {"apparmor": ".apparmor", "selinux": ".cil"}[output_format]
        path = os.path.join(self.new_folder(), "policy" + suffix)
        result = self.syscarve("generate", *inputs, "--format", output_format, "-o", path, *options)
        self.assertEqual(result.status, expect, result)
        return path, result

    def compile(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_apparmor(self):
        path, result = self.generate("apparmor", RECORDING, options=("--name", "cache"))
        self.compile("/usr/sbin/apparmor_parser", "-Q", "-K", path)
        self.assertIn("--security-opt apparmor=cache", result.stderr)
        self.assertNotIn("calls are left", result.stderr)
        with open(path) as file:
            self.assertIn("\nprofile cache flags=", file.read())

    def test_selinux(self):
        path, result = self.generate("selinux", RECORDING, options=("--name", "cache"))
        self.compile("/usr/bin/secilc", "-M", "true", "-o", os.path.join(os.path.dirname(path), "policy"), "-f",
                     os.path.join(os.path.dirname(path), "contexts"), BASE, path)
        self.assertIn("--security-opt label=type:cache.process", result.stderr)

    def test_a_folder_has_one_for_each_service(self):
        folder = self.new_folder()
        for name in ("a", "b"):
            shutil.copy(RECORDING, os.path.join(folder, name + ".recording.json"))
        output = os.path.join(self.new_folder(), "policies")
        result = self.syscarve("generate", folder, "--format", "apparmor", "-o", output)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(sorted(os.listdir(output)), ["a.apparmor", "b.apparmor"])
        for name in os.listdir(output):
            self.compile("/usr/sbin/apparmor_parser", "-Q", "-K", os.path.join(output, name))
        self.assertIn("--security-opt apparmor=b", result.stderr)

    def test_a_refusal_read_back_closes_the_gap(self):
        log = os.path.join(self.new_folder(), "refused.log")
        with open(log, "w") as file:
            file.write(REFUSED)
        with open(self.generate("apparmor", RECORDING)[0]) as file:
            self.assertNotIn("/etc/motd", file.read())
        _, result = self.generate("apparmor", RECORDING, log, expect=4)
        self.assertIn("--allow-incomplete", result.stderr)
        path, _ = self.generate("apparmor", RECORDING, log, options=("--allow-incomplete",))
        self.compile("/usr/sbin/apparmor_parser", "-Q", "-K", path)
        with open(path) as file:
            self.assertIn("  /etc/motd r,\n", file.read())

    def test_merged_recordings_keep_what_the_log_says(self):
        log = os.path.join(self.new_folder(), "refused.log")
        merged = os.path.join(self.new_folder(), "merged.json")
        with open(log, "w") as file:
            file.write(REFUSED)
        self.assertEqual(self.syscarve("merge", log, "-o", merged).status, 0)
        with open(merged) as file:
            hardening = json.load(file)["subjects"][0]["hardening"]
        self.assertEqual([entry["path"] for entry in hardening["files"]], ["/etc/motd"])

    def test_what_says_nothing_of_files_is_an_error(self):
        plain = os.path.join(ROOT, "tests", "golden", "generate", "server", "recording.json")
        _, result = self.generate("apparmor", plain, expect=2)
        self.assertIn("--hardening", result.stderr)
        profile = os.path.join(ROOT, "tests", "golden", "formats", "profile.json")
        result = self.syscarve("convert", profile, "--format", "apparmor")
        self.assertEqual(result.status, 2, result)
