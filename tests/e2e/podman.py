# SPDX-License-Identifier: Apache-2.0
"""Podman for tests: a storage of the test's own, an image of busybox, and nothing left behind."""

import glob
import os
import shutil
import subprocess

from support import shares, wait_until


@shares("containers")
class PodmanMixin:
    """A mixin for an E2eTest. Containers are in cgroups below one of the test's."""

    def setUp(self):
        super().setUp()
        for program in ("podman", "runc", "busybox"):
            if shutil.which(program, path=self.environment["PATH"]) is None:
                self.skipTest(f"needs {program}")
        self.parent = f"syscarve-e2e-podman-{os.getpid()}"
        self.locks = os.path.exists("/dev/shm/libpod_lock")
        self.addCleanup(self.remove_leftovers)
        self.import_image()

    def import_image(self):
        tree = self.path("tree")
        for name in ("bin", "proc", "sys", "dev", "etc", "tmp"):
            os.makedirs(os.path.join(tree, name))
        shutil.copy(shutil.which("busybox", path=self.environment["PATH"]), tree + "/bin/busybox")
        for name in ("sh", "ls", "mkdir", "cat"):
            os.symlink("busybox", f"{tree}/bin/{name}")
        with open(self.path("tree.tar"), "wb") as tar:
            subprocess.run(["tar", "-C", tree, "-c", "."], stdout=tar, check=True)
        result = self.podman("import", self.path("tree.tar"), "busybox:1")
        self.assertEqual(result.status, 0, result)

    def podman(self, verb, *words):
        return self.run_process(self.podman_command(verb, *words))

    def podman_command(self, verb, *words):
        return ["podman", "--root", self.path("storage"), "--runroot", self.path("run"), "--tmpdir", self.path("libpod"),
                "--cgroup-manager", "cgroupfs", "--runtime", "runc", "--storage-driver", "vfs", "--events-backend", "file",
                verb, *words]

    def container_words(self, *command, options=()):
        return ["--rm", "--network=host", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", "--cgroup-parent",
                "/" + self.parent, *options, "busybox:1", *command]

    def run_container(self, *command, options=()):
        return self.podman("run", *self.container_words(*command, options=options))

    def remove_leftovers(self):
        for top in glob.glob(f"/sys/fs/cgroup/*/{self.parent}") + glob.glob(f"/sys/fs/cgroup/{self.parent}"):
            for directory, _, _ in os.walk(top, topdown=False):
                wait_until(lambda: self._removed(directory), f"{directory} can be removed")
        if not self.locks and os.path.exists("/dev/shm/libpod_lock"):
            os.remove("/dev/shm/libpod_lock")

