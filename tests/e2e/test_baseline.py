# SPDX-License-Identifier: Apache-2.0
"""`baseline`: the calls of a runtime under the filter, measured here; they suffice, and nothing is left behind."""

import glob
import os
import re
import secrets
import shutil
import subprocess

from support import E2eTest, load, mount_points, shares, store

RUNC_NEEDS = {"close", "execve", "openat", "write"}


def hex_cgroups():
    return {path for path in glob.glob("/sys/fs/cgroup/*/*") + glob.glob("/sys/fs/cgroup/*")
            if re.fullmatch(r"[0-9a-f]{64}", os.path.basename(path))}


@shares("containers")
class Baseline(E2eTest):
    def setUp(self):
        super().setUp()
        if shutil.which("runc", path=self.environment["PATH"]) is None:
            self.skipTest("needs runc")
        self.temporary = self.path("tmp")
        os.mkdir(self.temporary)
        before = self.traces()
        self.addCleanup(lambda: self.assertEqual(self.traces(), before, "cgroups or mounts were left"))

    # Where the verb may leave something; an engine that runs on the host at the same time is busy elsewhere.
    def traces(self):
        return hex_cgroups(), [point for point in mount_points() if point.startswith((self.folder, "/sys/fs/cgroup"))]

    def measure(self, *options, **process_options):
        return self.syscarve("baseline", *options, env={"TMPDIR": self.temporary}, **process_options)

    def start_under(self, names, no_new_privs, user):
        """Whether runc starts a container under a filter that allows `names` and an exit."""
        bundle = self.new_folder()
        for name in ("proc", "dev"):
            os.makedirs(f"{bundle}/rootfs/{name}")
        shutil.copy(self.workload("first_last"), f"{bundle}/rootfs/program")
        identity = secrets.token_hex(32)
        config = {
            "ociVersion": "1.0.2",
            "process": {"terminal": False, "user": {"uid": user, "gid": user}, "args": ["/program"], "env": ["PATH=/"], "cwd": "/",
                        "noNewPrivileges": no_new_privs},
            "root": {"path": "rootfs", "readonly": True},
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}],
            "linux": {"cgroupsPath": "/" + identity, "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network")],
                      "seccomp": {"defaultAction": "SCMP_ACT_ERRNO",
                                  "syscalls": [{"names": sorted(names | {"exit_group", "exit"}), "action": "SCMP_ACT_ALLOW"}]}},
        }
        store(config, bundle + "/config.json")
        result = self.run_process(["runc", "--root", self.path("state"), "run", "--bundle", bundle, identity])
        return "runc" not in result.stderr and "container" not in result.stderr, result

    def test_measures_files_that_are_enough(self):
        folder = self.path("measured")
        os.mkdir(folder)
        result = self.measure("--runtime", "runc", "--runs", "3", "-o", folder)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.stdout, "")
        names = sorted(os.listdir(folder))
        self.assertEqual(len(names), 2, names)
        self.assertRegex(names[0], r"\Arunc-[0-9.]+-(x86_64|aarch64)-nnp\.json\Z")
        self.assertEqual(names[1], names[0].replace("-nnp", ""))
        for name in names:
            baseline = load(f"{folder}/{name}")
            self.assertEqual(baseline["schema"], "syscarve.baseline/1")
            self.assertEqual(baseline["runtime"], "runc")
            self.assertEqual(baseline["no_new_privs"], "-nnp" in name)
            self.assertEqual(baseline["names"], sorted(set(baseline["names"])))
            self.assertLessEqual(RUNC_NEEDS, set(baseline["names"]))
            self.assertFalse({"mount", "pivot_root", "clone", "unshare"} & set(baseline["names"]), "made before the filter")
            # Go's threads may need what three starts did not show.
            allowed = set(baseline["names"]) | {"futex", "rt_sigreturn", "nanosleep", "epoll_pwait", "sched_yield", "tgkill", "getpid", "mmap"}
            for user in (0, 65534):
                started, how = self.start_under(allowed, baseline["no_new_privs"], user)
                self.assertTrue(started, how)
            started, how = self.start_under(allowed - {"write"}, baseline["no_new_privs"], 0)
            self.assertFalse(started, f"without write it cannot start: {how}")
        self.assertIn("setuid", load(f"{folder}/{names[1]}")["names"])
        self.assertEqual(os.listdir(self.temporary), [])

    def test_one_file_is_of_both(self):
        path = self.path("runc.json")
        result = self.measure("--runs", "1", "-o", path, "--quiet")
        self.assertEqual((result.status, result.stderr), (0, ""), result)
        self.assertFalse(load(path)["no_new_privs"])
        recording, _ = self.record("/bin/true")
        profile = self.generate(recording, "--baseline", path)
        allowed = {name for rule in load(profile)["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}
        self.assertLessEqual(set(load(path)["names"]), allowed)

    def test_no_new_privs_alone(self):
        path = self.path("runc.json")
        self.assertEqual(self.measure("--runs", "1", "--no-new-privs", "on", "-o", path).status, 0)
        self.assertTrue(load(path)["no_new_privs"])

    def test_a_host_with_v2_alone(self):
        path = self.path("runc.json")
        result = self.measure("--runs", "1", "--no-new-privs", "off", "--unified", "-o", path)
        self.assertEqual(result.status, 0, result)
        self.assertLessEqual(RUNC_NEEDS, set(load(path)["names"]))

    def test_another_container_meanwhile_is_not_measured(self):
        wrapper = self.path("bin", "runc")
        os.makedirs(self.path("bin"), exist_ok=True)
        other = f"{self._cgroup}/{'0' * 64}"
        os.mkdir(other)
        # A process that moves into a container's cgroup, and makes a call that no runtime makes there.
        with open(wrapper, "w") as script:
            script.write("#!/bin/sh\n"
                         f"if [ \"$1\" != --version ]; then ( echo 0 > {other}/cgroup.procs; exec {self.workload('calls')} 146:3 ); fi\n"
                         "exec /usr/sbin/runc \"$@\"\n")
        os.chmod(wrapper, 0o755)
        path = self.path("runc.json")
        result = self.measure("--runtime", wrapper, "--runs", "1", "--no-new-privs", "off", "-o", path)
        self.assertEqual(result.status, 0, result)
        self.assertNotIn("sched_get_priority_max", load(path)["names"])
        os.rmdir(other)

    def test_a_program_that_is_no_runtime(self):
        path = self.path("x.json")
        for runtime, status in (("/bin/true", 3), ("no-such-runtime", 2), ("/etc/passwd", 3)):
            result = self.measure("--runtime", runtime, "-o", path)
            self.assertEqual(result.status, status, result)
            self.assert_one_line_error(result)
            self.assertFalse(os.path.exists(path))
        self.assertEqual(os.listdir(self.temporary), [])

    def test_a_runtime_that_fails(self):
        script = self.path("runc")
        with open(script, "w") as file:
            file.write("#!/bin/sh\n[ \"$1\" = --version ] && { echo runc version 9.9.9; exit 0; }\nexit 7\n")
        os.chmod(script, 0o755)
        result = self.measure("--runtime", script, "-o", self.path("x.json"))
        self.assertEqual(result.status, 3, result)
        self.assert_one_line_error(result, "exit status 7")
        self.assertEqual(os.listdir(self.temporary), [])

    def test_only_root(self):
        result = self.syscarve("baseline", "-o", self.path("x.json"), user="nobody")
        self.assertEqual(result.status, 3, result)
        self.assert_one_line_error(result, "root")
