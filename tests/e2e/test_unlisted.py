# SPDX-License-Identifier: Apache-2.0
"""The action for a call that a container's profile does not allow: for each --unlisted as docs/profile-semantics.md states, tested inside a
container; and the stub that runc puts in front of the profile's filter, read from the kernel."""

import os
import unittest

import kernel_filter
from containers import ContainerTest, seccomp
from podman import PodmanMixin
from support import WORKLOADS, E2eTest

EPERM, EINVAL, ENOSYS = -1, -22, -38
KILLED = "killed"
# A call of before Linux 5.1 that nobody falls back from, and what the kernel itself answers to the arguments.
MINCORE = 27
STATX, CLONE3, OPENAT2, EPOLL_PWAIT2 = 332, 435, 437, 441
# Numbers that no kernel has: between those that there are, and beyond.
HOLE, FUTURE = 400, 600
ASKED = (MINCORE, STATX, CLONE3, OPENAT2, EPOLL_PWAIT2, HOLE, FUTURE)

# What is the same whatever the engine.
ANSWERS = {
    "enosys": {MINCORE: EPERM, STATX: ENOSYS, CLONE3: ENOSYS, OPENAT2: ENOSYS, EPOLL_PWAIT2: ENOSYS, FUTURE: ENOSYS},
    "eperm": {MINCORE: EPERM, STATX: ENOSYS, CLONE3: ENOSYS, OPENAT2: ENOSYS, EPOLL_PWAIT2: ENOSYS, HOLE: EPERM, FUTURE: ENOSYS},
    "kill": {MINCORE: KILLED, STATX: KILLED, CLONE3: KILLED, OPENAT2: KILLED, EPOLL_PWAIT2: KILLED, HOLE: KILLED, FUTURE: ENOSYS},
    "log": {MINCORE: EINVAL, HOLE: ENOSYS, FUTURE: ENOSYS},
}
X32 = 0x40000000
NUMBERS = [*range(1100), *range(X32, X32 + 1100)]


def errno_return(errno):
    return kernel_filter.ERRNO | -errno


@unittest.skipUnless(os.uname().machine == "x86_64", "the numbers are x86_64's")
class UnderRunc(ContainerTest):
    def profile(self, *options):
        with self.recording("--name", "asked") as recorder:
            for words in ([], ["wait"]):
                container = self.create(["/workloads/ask", *words], "asked", OpenStdin=True).start()
                if words:
                    container.kill("KILL")
                container.wait()
                container.remove()
        folder = self.new_folder()
        result = self.syscarve("generate", recorder.folder, "-o", folder, *options)
        self.assertEqual(result.status, 0, result)
        return os.path.join(folder, "asked.json")

    def ask(self, profile, number):
        container = self.create(["/workloads/ask", str(number)], host=seccomp(profile)).start()
        status = container.wait()
        if status == 128 + 31:  # SIGSYS
            return KILLED
        self.assertEqual(status, 0, container.logs())
        asked, answer = container.logs().split()
        self.assertEqual(int(asked), number)
        return int(answer)

    def live_filter(self, profile):
        container = self.create(["/workloads/ask", "wait"], host=seccomp(profile), OpenStdin=True).start()
        path = self.path("live")
        self.assertEqual(self.syscarve("inspect", container.pid, "--format", "raw", "-o", path).status, 0)
        container.kill("KILL")
        return read(path)

    # The default closure would allow some of what is asked.
    def check(self, unlisted, closure="safe"):
        profile = self.profile("--unlisted", unlisted, "--closure", closure)
        answers = {number: self.ask(profile, number) for number in ASKED}
        self.assertEqual({number: answers[number] for number in ANSWERS[unlisted]}, ANSWERS[unlisted])
        if unlisted == "enosys":
            # Docker 20.10 does not hand on the errno of a default.
            self.assertIn(answers[HOLE], (EPERM, ENOSYS))
        self.check_live_filter(profile, unlisted, -answers[HOLE] if unlisted == "enosys" else None)

    def check_live_filter(self, profile, unlisted, default_errno):
        """The filter in the kernel is the profile's, but for ENOSYS beyond the largest number that the profile names."""
        live, own = self.live_filter(profile), read(kernel_filter.export(profile, self.path("own"), default_errno))
        largest = kernel_filter.largest_named(profile)
        for name, architecture in kernel_filter.ARCHITECTURES.items():
            for number in NUMBERS:
                expected = kernel_filter.evaluate(own, number, architecture)
                stub = name == "SCMP_ARCH_X86_64" and unlisted != "log" and largest < number < X32
                if stub:
                    self.assertNotEqual(expected, kernel_filter.ALLOW, number)
                    expected = errno_return(ENOSYS)
                if name == "SCMP_ARCH_AARCH64":
                    continue  # No call of a foreign architecture comes to this kernel.
                self.assertEqual(hex(kernel_filter.evaluate(live, number, architecture)), hex(expected), (name, number, largest))

    def test_enosys(self):
        self.check("enosys")

    def test_eperm(self):
        self.check("eperm")

    def test_kill(self):
        self.check("kill")

    def test_log(self):
        self.check("log")

    def test_portable_profile_holds_here(self):
        self.check("enosys", closure="portable")


class UnderPodman(PodmanMixin, E2eTest):
    def test_hole_is_answered_by_the_default(self):
        folder, out = self.new_folder(), self.new_folder()
        volume = ["-v", f"{self.public_workloads()}:/workloads:ro"]
        words = self.container_words("/workloads/ask", options=["--name", "asked", *volume])
        result = self.syscarve("record", "--docker", "-o", folder, "--", *self.podman_command("run", *words))
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.syscarve("generate", folder, "-o", out, "--closure", "safe").status, 0)
        (name,) = set(os.listdir(out)) - {"SUMMARY.md", "capabilities.yaml"}
        profile = os.path.join(out, name)
        answers = {}
        for number in ASKED:
            result = self.run_container("/workloads/ask", str(number), options=["--security-opt", f"seccomp={profile}", *volume])
            self.assertEqual(result.status, 0, result)
            answers[number] = int(result.stdout.split()[1])
        self.assertEqual(answers, {**ANSWERS["enosys"], HOLE: ENOSYS})

    def public_workloads(self):
        return os.path.dirname(self.public(os.path.join(WORKLOADS, "ask")))


def read(path):
    with open(path, "rb") as file:
        return file.read()
