# SPDX-License-Identifier: Apache-2.0
"""Containers of a real engine: their services work, they are recorded from their first call, and their profiles hold."""

import concurrent.futures
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import unittest
from unittest import mock

import engine
import services
from containers import RECORDING, ContainerTest, seccomp
from support import SOURCE, E2eTest, counts, load, mount_points, names, process_state, shares, traces, wait_until

# How often a service must do its work under its profile; more with `tests/run.sh --long`.
ROUNDS = int(os.environ.get("SYSCARVE_TEST_ROUNDS", "8"))

# Of x86_64, those below 300 that the engine's default profile refuses, that do not return (exit, pause, a frame that is none), that make
# another process, or that every program makes.
NOT_UNIQUE = {15, 34, 56, 57, 58, 59, 60, 103, 134, 135, 136, 139, 153, 155, 156, *range(163, 186), 202, 205, 211, 212,
              214, 215, 219, 227, 231, *range(236, 240), 246, *range(248, 251), 256, 272, 279, 298}
UNIQUE = [number for number in range(300) if number not in NOT_UNIQUE][:200]

# The capabilities that entries of the engine's default profile depend on, by number (linux/capability.h).
ASKED_FOR = {"DAC_READ_SEARCH": 2, "SYS_MODULE": 16, "SYS_RAWIO": 17, "SYS_CHROOT": 18, "SYS_PTRACE": 19, "SYS_PACCT": 20, "SYS_ADMIN": 21,
             "SYS_BOOT": 22, "SYS_NICE": 23, "SYS_TIME": 25, "SYS_TTY_CONFIG": 26, "SYSLOG": 34}


def numbers(recording):
    """All calls of the recorded program itself, except for its start and end."""
    return {call["nr"] for trace in traces(recording) for call in trace["calls"]} - {59, 231}


def in_parallel(function, values, threads=8):
    """The results of `function` for each; raises the first exception when all have ended."""
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, values))


@shares("containers")
class Engines(E2eTest):
    needs_bpf = False

    def setUp(self):
        super().setUp()
        try:
            self.engine = engine.Engine.start()
        except engine.Missing as reason:
            self.skipTest(str(reason))
        self.addCleanup(self.end)

    def end(self):
        return self.engine.end() if os.path.exists(self.engine.folder) else []

    def assert_gone(self):
        self.assertFalse(os.path.exists(self.engine.folder))
        self.assertEqual([words for _, words in engine.processes() if any(self.engine.folder in word for word in words)], [])
        with open("/proc/self/mountinfo") as mounts:
            self.assertNotIn(self.engine.folder, mounts.read())

    def test_leaves_nothing(self):
        api = self.engine.api
        container = api.create(self.engine.image("busybox"), ["sh", "-c", "echo $((6 * 7)); exit 3"]).start()
        self.assertEqual((container.wait(), container.logs()), (3, "42\n"))
        container.remove()
        self.assertEqual(self.end(), [])
        self.assert_gone()

    def test_cleans_up_after_a_crash_and_says_what_was_left(self):
        api = self.engine.api
        network = api.post("/networks/create", {"Name": "lost"})["Id"]
        container = api.create(self.engine.image("busybox"), ["sleep", "1000"], host={"NetworkMode": "lost"}).start()
        pid = container.pid
        self.engine.crash()
        self.assertEqual(process_state(pid), "S")
        left = "\n".join(self.end())
        for expected in (f"process {pid}", "containerd-shim", f"network br-{network[:12]}", f"/docker/{container.id}", "mount "):
            self.assertIn(expected, left)
        self.assertIn(process_state(pid), ("", "Z"))
        self.assertFalse(os.path.exists(f"/sys/class/net/br-{network[:12]}"))
        self.assert_gone()

    def test_crashed_one_comes_back_on_its_folder(self):
        container = self.engine.api.create(self.engine.image("busybox"), ["sleep", "1000"], "survivor", StopSignal="SIGKILL").start()
        self.engine.crash()
        self.engine.boot()
        self.assertEqual(container.inspect()["Name"], "/survivor")
        container.remove()
        # Of the first dockerd, which could not undo it any more.
        self.assertEqual(self.end(), [f"mount {self.engine.folder}/data"])

    def test_one_that_hangs_is_ended_all_the_same(self):
        container = self.engine.api.create(self.engine.image("busybox"), ["sleep", "1000"]).start()
        pid = container.pid
        os.kill(self.engine.pid(), signal.SIGSTOP)
        with mock.patch("engine.HANGS_AFTER", 0.2):
            left = "\n".join(self.end())
        self.assertIn(f"process {pid}", left)
        self.assert_gone()

    def test_stacks_tell_the_deadlock_of_dockers_own(self):
        stacks = self.engine.stacks()
        self.assertIn("dockerd", stacks)
        self.assertFalse(engine.is_known_deadlock(stacks))

        def stack(number, *frames):
            return "\n".join([f"goroutine {number} [semacquire, 2 minutes]:", "sync.(*Mutex).Lock(...)", *frames])
        leaving = stack(7, "github.com/docker/libnetwork.(*network).getSvcRecords(0xc000b1e000)")
        deleting = stack(8, "github.com/docker/libnetwork.(*network).ID(...)",
                         "github.com/docker/libnetwork.(*controller).processEndpointDelete(0xc0004a2000)")
        self.assertTrue(engine.is_known_deadlock("\n\n".join([leaving, deleting])))
        self.assertFalse(engine.is_known_deadlock(leaving))
        self.assertFalse(engine.is_known_deadlock("\n\n".join([leaving, deleting.replace("semacquire", "IO wait")])))


class Kept(ContainerTest):
    LOOP = ["sh", "-c", "while :; do sleep 0.05; done"]

    @shares("leftovers")
    def test_of_a_killed_recorder_what_was_recorded_is_kept_and_containers_run_on(self):
        recorder = self.start_recorder()
        container = self.create(self.LOOP, "survivor").start()
        partial = f"{recorder.folder}/survivor.recording.json.partial"
        wait_until(lambda: os.path.exists(partial) and "nanosleep" in "".join(names(load(partial))), "there is a checkpoint")
        recorder.process.kill()
        self.finish(recorder.process)
        self.assertIn(process_state(container.pid), ("S", "R"))
        recording = load(partial)
        self.assertEqual([loss["what"] for loss in recording["complete"]["losses"]], ["checkpoint"])
        self.assertEqual(recorder.files(), {})
        for mark in glob.glob(f"/run/syscarve-checkpoint.{recorder.process.pid}.*"):
            os.unlink(mark)

    @shares("kept")
    def test_one_that_cannot_be_written_does_not_cost_the_others(self):
        recorder = self.start_recorder()
        for name in ("first", "second", "third"):
            self.create(["true"], name).start().wait()
        os.mkdir(f"{recorder.folder}/second{RECORDING}")
        result = recorder.stop()
        self.assertEqual(result.status, 125, result)
        kept = re.search(r"second.recording.json: .*; the recording is kept in (\S+)", result.stderr)
        self.addCleanup(shutil.rmtree, os.path.dirname(kept[1]))
        os.rmdir(f"{recorder.folder}/second{RECORDING}")
        self.assertEqual(set(recorder.files()), {"first", "third"})
        for path in (kept[1], *recorder.files().values()):
            self.assertIn("execve", names(load(path)))

    def test_the_recorder_keeps_few_capabilities_in_every_thread(self):
        recorder = self.start_recorder()
        for task in os.listdir(f"/proc/{recorder.process.pid}/task"):
            with open(f"/proc/{recorder.process.pid}/task/{task}/status") as status:
                fields = dict(line.split(":\t") for line in status.read().splitlines() if ":\t" in line)
            # CHOWN, DAC_OVERRIDE, FOWNER, KILL and BPF.
            self.assertEqual(int(fields["CapPrm"], 16) & ~(1 << 0 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 39), 0, fields)
            self.assertEqual(fields["NoNewPrivs"], "1")
        self.assertEqual(recorder.stop().status, 3)  # There was nothing to record.


class Service:
    service_type = None

    def test_works_as_root(self):
        self.serve(as_root=True)

    def test_works_as_its_own_user(self):
        self.serve(as_root=False)

    def serve(self, **options):
        service = self.service_type()
        container = service.create(self.engine, **options).start()
        service.serve(self, container)


class Web(Service, ContainerTest):
    service_type = services.Web


class Cache(Service, ContainerTest):
    service_type = services.Cache


class Database(Service, ContainerTest):
    service_type = services.Database


@unittest.skipUnless(os.uname().machine == "x86_64", "the numbers are x86_64's")
class First(ContainerTest):
    """The first call of a container, for which no program in user space could be in time."""

    def unique(self, number, name=None, **config):
        return self.create(["/workloads/unique_first", str(number)], name or f"unique-{number}", **config)

    def assert_complete(self, recording):
        self.assertEqual(recording["complete"], {"complete": True, "losses": []})

    def test_two_hundred_containers_as_fast_as_the_engine_can(self):
        containers = in_parallel(self.unique, UNIQUE)
        with self.recording("--name", "unique-*") as recorder:
            in_parallel(lambda container: container.start(), containers)
            self.assertEqual({container.wait() for container in containers}, {0})
        recordings = recorder.recordings()
        self.assertEqual(set(recordings), {f"unique-{number}" for number in UNIQUE})
        self.assertEqual({name: numbers(recording) for name, recording in recordings.items()},
                         {f"unique-{number}": {number} for number in UNIQUE})
        for container, number in zip(containers, UNIQUE):
            recording = recordings[f"unique-{number}"]
            self.assert_complete(recording)
            self.assertEqual([subject["container"]["id"] for subject in recording["subjects"]], [container.id])
            self.assertEqual(counts(recording).get("exit_group"), 1)
        in_parallel(lambda container: container.remove(), containers)

    def test_numbers_that_nobody_knows(self):
        wanted = range(600, 623)
        containers = in_parallel(lambda number: self.unique(number, host={"SecurityOpt": ["seccomp=unconfined"]}), wanted)
        with self.recording("--name", "unique-*") as recorder:
            in_parallel(lambda container: container.start().wait(), containers)
        self.assertEqual({name: numbers(recording) for name, recording in recorder.recordings().items()},
                         {f"unique-{number}": {number} for number in wanted})

    def test_created_and_removed_within_the_recording(self):
        """It lives for milliseconds, and is removed with its name before the recorder can query it."""
        wanted = UNIQUE[:23]
        with self.recording("--name", "unique-*") as recorder:
            containers = in_parallel(lambda number: self.unique(number, host={"AutoRemove": True}).start(), wanted)
            for container in containers:
                self.wait_until_gone(container)
        self.assertEqual({name: numbers(recording) for name, recording in recorder.recordings().items()},
                         {f"unique-{number}": {number} for number in wanted})

    def wait_until_gone(self, container):
        def gone():
            try:
                container.inspect()
            except engine.ApiError as error:
                return error.status == 404
            return False
        wait_until(gone, "the container has removed itself")

    def test_neighbours_started_together_share_no_name(self):
        left, right = UNIQUE[:60:2], UNIQUE[1:60:2]

        def script(numbers):
            return ["sh", "-c", " && ".join(f"/workloads/unique_first {number}" for number in numbers)]
        pair = [self.create(script(numbers), name) for name, numbers in (("left", left), ("right", right))]
        with self.recording("--name", "left", "--name", "right") as recorder:
            barrier = threading.Barrier(2)

            def start(container):
                barrier.wait()
                return container.start().wait()
            self.assertEqual(in_parallel(start, pair, threads=2), [0, 0])
        found = recorder.recordings()
        # The shell makes calls of its own; none of the other's.
        shell = self.shell_calls()
        self.assertEqual(numbers(found["left"]) - shell, set(left) - shell)
        self.assertEqual(numbers(found["right"]) - shell, set(right) - shell)
        self.assertGreater(len(set(left) - shell), 15)

    def shell_calls(self):
        container = self.create(["sh", "-c", "/bin/true && /bin/true"], "plain")
        with self.recording("--name", "plain") as recorder:
            self.assertEqual(container.start().wait(), 0)
        # Signals and its own pids: whether it asks for them depends on how soon a child ends.
        return numbers(recorder.recordings()["plain"]) | {13, 15, 39, 110}

    def test_only_the_wanted(self):
        chosen = [self.unique(UNIQUE[20], "chosen-1", labels={"tier": "one"}), self.unique(UNIQUE[21], "chosen-2", labels={"tier": "two"}),
                  self.unique(UNIQUE[22], "other", labels={"tier": "one"})]
        with self.recording("--name", "chosen-*", "--label", "tier=one") as recorder:
            in_parallel(lambda container: container.start().wait(), chosen)
        self.assertEqual({name: numbers(recording) for name, recording in recorder.recordings().items()}, {"chosen-1": {UNIQUE[20]}})

    def test_replicas_share_a_file(self):
        labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "worker"}
        replicas = [self.unique(number, f"shop_worker_{number}", labels=labels) for number in UNIQUE[:7]]
        with self.recording("--compose-project", "shop") as recorder:
            in_parallel(lambda container: container.start().wait(), replicas)
        found = recorder.recordings()
        self.assertEqual(list(found), ["worker"])
        self.assertEqual(numbers(found["worker"]), set(UNIQUE[:7]))
        self.assertEqual({subject["container"]["id"] for subject in found["worker"]["subjects"]}, {one.id for one in replicas})

    def test_health_checks_and_exec_belong_to_the_container(self):
        exec_call, health_call = UNIQUE[30], UNIQUE[31]
        container = self.create(["sleep", "1000"], "checked", StopSignal="SIGKILL", Healthcheck={
            "Test": ["CMD", "/workloads/unique_first", str(health_call)], "Interval": 10**9, "Timeout": 30 * 10**9, "Retries": 1})
        with self.recording("--name", "checked") as recorder:
            container.start()
            self.assertEqual(container.exec("/workloads/unique_first", str(exec_call))[0], 0)
            wait_until(lambda: container.inspect()["State"]["Health"]["Status"] == "healthy", "the health check has run")
            container.stop()
        found = recorder.recordings()
        self.assertEqual(list(found), ["checked"])
        self.assertLessEqual({exec_call, health_call}, numbers(found["checked"]))


@unittest.skipUnless(os.uname().machine == "x86_64", "the numbers are x86_64's")
class InForce(ContainerTest):
    """What the engine of this host enforces, read from the kernel."""

    def unconfined(self, **host):
        # mount, unshare, personality(0) and one that the default allows.
        script = "/workloads/unique_first 165; /workloads/unique_first 272; /workloads/unique_first 135; /workloads/unique_first 142"
        container = self.create(["sh", "-c", script], "unconfined", host={"SecurityOpt": ["seccomp=unconfined"], **host})
        with self.recording("--name", "unconfined") as recorder:
            container.start().wait()
        return recorder.folder

    def generated(self, folder, *options):
        output = self.new_folder()
        result = self.syscarve("generate", folder, "-o", output, "--engine-socket", self.engine.socket, *options)
        self.assertEqual(result.status, 0, result)
        return load(f"{output}/unconfined.json"), result

    @staticmethod
    def allowed(profile):
        return {name: rule.get("args", []) for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}

    def test_ceiling_cuts_what_the_engine_refuses_by_default(self):
        folder = self.unconfined()
        without, _ = self.generated(folder)
        self.assertLessEqual({"mount", "unshare", "sched_setparam"}, set(self.allowed(without)))
        profile, result = self.generated(folder, "--ceiling", "engine-default")
        allowed = self.allowed(profile)
        self.assertFalse({"mount", "unshare"} & set(allowed))
        self.assertIn("sched_setparam", allowed)
        self.assertNotEqual(allowed["personality"], [])
        self.assertRegex(result.stderr, "cut by the ceiling: mount .*, unshare ")
        # Nothing of the container that was asked is left.
        self.assertEqual([found for found in self.api.containers() if "syscarve-ceiling" in found["Names"][0]], [])

    def test_ceiling_is_that_of_the_configured_capabilities(self):
        profile, _ = self.generated(self.unconfined(CapAdd=["SYS_ADMIN"]), "--ceiling", "engine-default")
        self.assertLessEqual({"mount", "unshare"}, set(self.allowed(profile)))

    def test_inspect_takes_a_container(self):
        container = self.create(["sleep", "1000"], "inspected", StopSignal="SIGKILL").start()
        for target in ("inspected", container.id, container.id[:12], "container:inspected", str(container.pid)):
            result = self.syscarve("inspect", target, "--engine-socket", self.engine.socket, "--format", "docker")
            self.assertEqual(result.status, 0, result)
            self.assertIn("sched_setparam", result.stdout)
            self.assertNotIn('"mount",', result.stdout.partition("SCMP_ACT_ERRNO")[0])
        container.stop()
        for target in ("inspected", "nobody-is-called-so"):
            result = self.syscarve("inspect", target, "--engine-socket", self.engine.socket)
            self.assertIn(result.status, (2, 3), result)
            self.assert_one_line_error(result)

    def test_live_filters_are_profiles(self):
        """The engine's default filter depends on the capabilities, and so does the profile read from live:NAME."""
        self.environment["DOCKER_HOST"] = f"unix://{self.engine.socket}"
        names = {}
        for name, host in (("plain", {}), ("admin", {"CapAdd": ["SYS_ADMIN"]}), ("dropped", {"CapDrop": ["ALL"]})):
            container = self.create(["sleep", "1000"], name, host=host, StopSignal="SIGKILL").start()
            result = self.syscarve("explain", f"live:{name}", "--format", "json")
            self.assertEqual(result.status, 0, result)
            names[name] = {call["name"] for call in json.loads(result.stdout)["calls"]
                           if any(rule["action"] == "SCMP_ACT_ALLOW" for rule in call["rules"])}
            container.stop()
        self.assertLessEqual({"mount", "unshare", "setns", "bpf"}, names["admin"])
        self.assertFalse({"mount", "unshare", "setns", "bpf"} & (names["plain"] | names["dropped"]))
        # The default capabilities have chroot, none of them has not.
        self.assertIn("chroot", names["plain"])
        self.assertNotIn("chroot", names["dropped"])
        self.assertLessEqual({"read", "openat", "execve"}, names["plain"] & names["dropped"] & names["admin"])

    def test_every_number_of_the_engines_default_is_read_as_the_kernel_decides_it(self):
        """The filter of each container, with "allow" made visible, is loaded again, and every number is called."""
        bounding = int(re.search(r"CapBnd:\s*(\w+)", pathlib.Path("/proc/self/status").read_text())[1], 16)
        # All that the profile asks for and this host may give.
        many = [name for name, number in ASKED_FOR.items() if bounding >> number & 1]
        paths = []
        for name, host in (("none", {"CapDrop": ["ALL"]}), ("default", {}), ("admin", {"CapAdd": ["SYS_ADMIN"]}), ("many", {"CapAdd": many})):
            container = self.create(["sleep", "1000"], name, host=host, StopSignal="SIGKILL").start()
            paths.append(f"{self.new_folder()}/{name}.bpf")
            result = self.syscarve("inspect", name, "--engine-socket", self.engine.socket, "--format", "raw", "-o", paths[-1])
            self.assertEqual(result.status, 0, result)
            container.stop()
        self.assertEqual(len({pathlib.Path(path).read_bytes() for path in paths}), 4)
        test = pathlib.Path(os.environ["SYSCARVE_BINARY"]).with_name("read_profile_kernel_test")
        result = subprocess.run([test, "--gtest_filter=Given/LiveFilterKernelTest.*"], capture_output=True, text=True, timeout=120,
                                env={**os.environ, "SYSCARVE_FILTER_FILES": ":".join(paths)})
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        if "this kernel makes no 32-bit calls" in result.stdout:
            self.assertIn("[  SKIPPED ] 4 tests", result.stdout)
            self.skipTest("this kernel makes no 32-bit calls: only the other half was compared")
        self.assertIn("[  PASSED  ] 4 tests.", result.stdout)

    def test_nothing_to_record(self):
        for command, status in (("true", 125), ("false", 125)):
            result = self.syscarve("record", "--docker", "-o", self.new_folder(), "--", command)
            self.assertEqual(result.status, status, result)
            self.assertIn("no container was started", result.stderr)

    def test_a_container_is_meant_with_live_as_without(self):
        self.create(["sleep", "1000"], "lively", StopSignal="SIGKILL").start()
        plain, live = (self.syscarve("inspect", target) for target in ("lively", "live:lively"))
        self.assertEqual((plain.status, live.status, live.stdout), (0, 0, plain.stdout), live)

    def test_containers_that_already_run(self):
        container = self.create(["sleep", "1000"], "early", StopSignal="SIGKILL").start()
        with self.recording("--name", "early", expect=3) as recorder:
            self.assertEqual(container.exec("/workloads/unique_first", "142")[0], 0)
        self.assertEqual(recorder.files(), {})
        self.assertIn("--running", recorder.result.stderr)
        with self.recording("--name", "other", expect=3) as recorder:
            pass
        self.assertNotIn("--running adds", recorder.result.stderr)
        with self.recording("--name", "early", "--running", expect=3) as recorder:
            pass
        self.assertIn("no system call was made by early", recorder.result.stderr)
        with self.recording("--name", "early", "--running") as recorder:
            self.assertEqual(container.exec("/workloads/unique_first", "142")[0], 0)
        container.stop()
        recording = recorder.recordings()["early"]
        self.assertIn(142, numbers(recording))
        self.assertEqual([loss["what"] for loss in recording["complete"]["losses"]], ["started_before"])
        refused = self.syscarve("generate", recorder.files()["early"])
        self.assertEqual(refused.status, 4, refused)
        self.assert_one_line_error(refused, "--allow-incomplete")


@unittest.skipUnless(os.uname().machine == "x86_64", "the numbers are x86_64's")
class BadLuck(ContainerTest):
    def unique(self, number, name=None, **config):
        return self.create(["/workloads/unique_first", str(number)], name, **config)

    def test_two_containers_of_one_name_one_after_the_other(self):
        ids = []
        with self.recording("--name", "twice") as recorder:
            for number in UNIQUE[:2]:
                container = self.unique(number, "twice").start()
                container.wait()
                ids.append(container.id)
                container.remove()
        found = recorder.recordings()
        self.assertEqual(list(found), ["twice"])
        self.assertEqual(numbers(found["twice"]), set(UNIQUE[:2]))
        self.assertEqual({subject["container"]["id"] for subject in found["twice"]["subjects"]}, set(ids))

    def test_renamed_while_it_runs(self):
        container = self.create(["sleep", "1000"], "before", StopSignal="SIGKILL")
        with self.recording("--label", f"{engine.LABEL}={os.getpid()}") as recorder:
            container.start()
            self.assertEqual(container.exec("/workloads/unique_first", str(UNIQUE[5]))[0], 0)
            container.rename("after")
            self.assertEqual(container.exec("/workloads/unique_first", str(UNIQUE[6]))[0], 0)
            container.stop()
        # One container is one subject, whichever of its names it is called by.
        (name, recording), = recorder.recordings().items()
        self.assertIn(name, ("before", "after"))
        self.assertEqual([subject["container"]["id"] for subject in recording["subjects"]], [container.id])
        self.assertLessEqual({UNIQUE[5], UNIQUE[6]}, numbers(recording))

    def test_paused_across_the_end(self):
        container = self.create(["sleep", "1000"], "paused", StopSignal="SIGKILL")
        with self.recording("--name", "paused") as recorder:
            container.start()
            container.pause()
        container.unpause()
        container.stop()
        recording = recorder.recordings()["paused"]
        self.assertTrue(recording["complete"]["complete"], recording["complete"])
        self.assertIn("execve", names(recording))

    def test_engine_is_killed_and_comes_back(self):
        own = engine.Engine.start()
        self.addCleanup(own.end)
        image = own.image("busybox")

        def run(number):
            own.api.create(image, ["/workloads/unique_first", str(number)], f"unique-{number}").start().wait()
        self.engine = own
        self.api = own.api
        with self.recording() as recorder:
            run(UNIQUE[0])
            own.crash()
            own.boot()
            run(UNIQUE[1])
        self.assertEqual({name: numbers(recording) for name, recording in recorder.recordings().items()},
                         {f"unique-{number}": {number} for number in UNIQUE[:2]})

    def test_engine_dies_for_good(self):
        own = engine.Engine.start()
        self.addCleanup(own.end)
        image = own.image("busybox")
        container = own.api.create(image, ["/workloads/unique_first", str(UNIQUE[0])], "last")
        self.engine = own
        recorder = self.start_recorder()
        container.start().wait()
        own.crash()
        result = recorder.stop()
        self.assertEqual(result.status, 0, result)
        found = recorder.recordings()
        self.assertEqual(len(found), 1, result)
        self.assertEqual(numbers(next(iter(found.values()))), {UNIQUE[0]})

    def test_cgroup_that_is_not_the_containers_own(self):
        """An unexpected layout: the cgroup that the recorder takes for the container's is an ancestor of it."""
        parent = "/" + "5" * 64
        self.addCleanup(self.remove_cgroups, parent)
        container = self.unique(UNIQUE[0], "nested", host={"CgroupParent": parent})
        with self.recording("--name", "nested") as recorder:
            container.start().wait()
        recording = recorder.recordings()["nested"]
        self.assertEqual([loss["what"] for loss in recording["complete"]["losses"]], ["container_not_seen"])
        self.assertIn("INCOMPLETE: container_not_seen", recorder.result.stderr)
        refused = self.syscarve("generate", recorder.files()["nested"])
        self.assertEqual(refused.status, 4, refused)

    @staticmethod
    def remove_cgroups(path):
        for point in mount_points():
            if point.startswith("/sys/fs/cgroup") and os.path.isdir(point + path):
                os.rmdir(point + path)

    def test_socket_that_nobody_listens_on(self):
        result = self.syscarve("record", "--docker", "--engine-socket", self.path("none.sock"), "-o", self.path("out"))
        self.assertNotEqual(result.status, 0)
        self.assert_one_line_error(result, self.path("none.sock"))

    def test_socket_that_may_not_be_read(self):
        result = self.syscarve("record", "--docker", "--engine-socket", self.engine.socket, "-o", "-", user="nobody")
        self.assertNotEqual(result.status, 0)
        self.assertRegex(result.stderr, r"\Asyscarve: error: ")

    def test_hostile_labels_stay_in_their_folder_and_off_the_terminal(self):
        escape = "\x1b]0;owned\x07\n\r\u202e"
        services = ["../../../tmp/escaped", "/etc/cron.d/evil", "..", ".", "", f"web{escape}", "a/b\\c", "x" * 5000, "-rf", "nul\u0001"]
        containers = [self.unique(number, f"hostile-{number}", labels={"com.docker.compose.project": f"shop{escape}",
                                                                       "com.docker.compose.service": service, f"key{escape}": escape})
                      for number, service in zip(UNIQUE, services)]
        with self.recording("--name", "hostile-*") as recorder:
            in_parallel(lambda container: container.start().wait(), containers)
        self.assertFalse(set(recorder.result.stderr) & set("\x1b\x07\r\u202e"), recorder.result)
        files = [os.path.join(where, name) for where, _, found in os.walk(recorder.folder) for name in found]
        # All directly in the folder, each container in exactly one of them.
        self.assertEqual({os.path.dirname(path) for path in files}, {recorder.folder})
        for path in files:
            self.assertRegex(os.path.basename(path), r"\A[A-Za-z0-9_][A-Za-z0-9_.%@+~-]*\.recording\.json\Z")
        self.assertEqual(sorted(number for path in files for number in numbers(load(path))), UNIQUE[:len(services)])
        self.assertEqual(sorted(subject["container"]["id"] for path in files for subject in load(path)["subjects"]),
                         sorted(container.id for container in containers))
        self.assertFalse(os.path.exists("/etc/cron.d/evil.recording.json"))

    def test_more_containers_than_there_is_room_for(self):
        containers = [self.unique(number, f"many-{number}") for number in UNIQUE[:5]]
        with self.recording("--max-containers", "3", "--name", "many-*") as recorder:
            for container in containers:
                container.start().wait()
        found = recorder.recordings()
        complete = [name for name, recording in found.items() if recording["complete"]["complete"]]
        refused = {name: recording for name, recording in found.items() if not recording["complete"]["complete"]}
        self.assertEqual(set(found), {f"many-{number}" for number in UNIQUE[:5]}, recorder.result)
        self.assertEqual(sorted(complete), sorted(f"many-{number}" for number in UNIQUE[:3]))
        for name, recording in refused.items():
            self.assertIn("containers_full", [loss["what"] for loss in recording["complete"]["losses"]])
            self.assertIn("INCOMPLETE", recorder.result.stderr)
            result = self.syscarve("generate", recorder.files()[name], "-o", self.path("profile.json"))
            self.assertNotEqual(result.status, 0, result)


class UnderProfile:
    """A service under a profile that the engine enforces."""
    service_type = None

    def setUp(self):
        super().setUp()
        self.service = self.service_type()

    def host(self, profile, capabilities, no_new_privileges):
        host = seccomp(profile)
        host["SecurityOpt"] += ["no-new-privileges"] if no_new_privileges else []
        return {**host, "CapDrop": ["ALL"], "CapAdd": capabilities}

    def state_of(self, container):
        pid = container.pid
        if pid == 0:
            self.fail(f"{self.service.name} has ended:\n{container.logs()}")
        with open(f"/proc/{pid}/status") as file:
            return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}


class Enforced(UnderProfile):
    """record, generate, and the engine itself enforcing the result."""

    def record_service(self, **options):
        with self.recording("--name", self.service.name) as recorder:
            container = self.service.create(self.engine, self.service.name, **options).start()
            self.service.serve(self, container)
            container.remove()
        recording = load(recorder.files()[self.service.name])
        self.assertEqual(recording["complete"]["losses"], [])
        return recorder

    def generate_profiles(self, folder, *options):
        """Returns the profile of the service and the capabilities that it needs according to syscarve."""
        out = self.new_folder()
        result = self.syscarve("generate", folder, "-o", out, *options)
        self.assertEqual(result.status, 0, result)
        with open(os.path.join(out, "SUMMARY.md"), encoding="utf-8") as file:
            summary = file.read()
        self.assertRegex(summary, r"--cap-drop[ =]ALL")
        return os.path.join(out, f"{self.service.name}.json"), sorted(set(re.findall(r"--cap-add[ =](?:CAP_)?([A-Z_]+)", summary)))

    def hold(self, as_root, no_new_privileges):
        security = {"host": {"SecurityOpt": ["no-new-privileges"]}} if no_new_privileges else {}
        recorder = self.record_service(as_root=as_root, **security)
        host = self.host(*self.generate_profiles(recorder.folder), no_new_privileges)

        def once(number):
            container = self.service.create(self.engine, f"enforced-{number}", as_root=as_root, host=host).start()
            status = self.state_of(container)
            self.service.serve(self, container)
            container.remove()
            return status
        seen = in_parallel(once, range(ROUNDS), threads=4)
        # The engine did what it was told: a filter, the capabilities, and the bit.
        for status in seen:
            self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), ("2", str(int(no_new_privileges))))

    def test_as_root(self):
        self.hold(as_root=True, no_new_privileges=False)

    def test_as_root_with_no_new_privileges(self):
        self.hold(as_root=True, no_new_privileges=True)

    def test_as_its_own_user(self):
        self.hold(as_root=False, no_new_privileges=False)

    def test_as_its_own_user_with_no_new_privileges(self):
        self.hold(as_root=False, no_new_privileges=True)

    def test_a_missing_call_is_named(self):
        recorder = self.record_service(as_root=False)
        self.assertIn(self.service.needed, names(recorder.recordings()[self.service.name]))
        profile, capabilities = self.generate_profiles(recorder.folder, "--closure", "none", "--block", self.service.needed)
        with self.recording("--name", "refused") as second:
            container = self.service.create(self.engine, "refused", as_root=False, host=self.host(profile, capabilities, False)).start()
            with self.assertRaises((AssertionError, OSError), msg="the work was done without " + self.service.needed):
                self.service.serve(self, container)
            container.remove()
        denied = {call["name"] for trace in traces(second.recordings()["refused"]) for call in trace.get("denials", [])}
        self.assertIn(self.service.needed, denied)


class EnforcedWeb(Enforced, ContainerTest):
    service_type = services.Web


class EnforcedCache(Enforced, ContainerTest):
    service_type = services.Cache


class EnforcedDatabase(Enforced, ContainerTest):
    service_type = services.Database


class Shipped(UnderProfile):
    """The engine enforces the profile that profiles/services/ has for the service."""
    profile = ""

    def test_serves_under_the_shipped_profile(self):
        path = os.path.join(SOURCE, "profiles/services", self.profile)
        capabilities = load(f"{path}.provenance.json")["capabilities_as_root"]
        for as_root in (True, False):
            for no_new_privileges in (True, False):
                host = self.host(f"{path}.json", capabilities if as_root else [], no_new_privileges)
                container = self.service.create(self.engine, "shipped", as_root=as_root, host=host).start()
                self.assertEqual(self.state_of(container)["Seccomp"], "2")
                self.service.serve(self, container)
                container.remove()


class ShippedNginx(Shipped, ContainerTest):
    service_type = services.Web
    profile = "nginx"


class ShippedRedis(Shipped, ContainerTest):
    service_type = services.Cache
    profile = "redis"


class ShippedPostgresql(Shipped, ContainerTest):
    service_type = services.Database
    profile = "postgresql"
