# SPDX-License-Identifier: Apache-2.0
"""Common parts of the end-to-end tests: running syscarve, waiting for events, and checks that nothing is left behind.

Each test runs in a cgroup and a folder of its own, both made in setUp. When the test is over, a process that is still in the
cgroup, a cgroup below it, a mount or a temporary file is a failure, whatever else the test asserted.
"""

import dataclasses
import glob
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

BINARY = os.environ.get("SYSCARVE_BINARY", "")
WORKLOADS = os.environ.get("SYSCARVE_WORKLOADS", "")
NOBODY = "nobody"
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def shares(*_names):
    """Marks a test or a class that needs a resource of the host, by any name. No two tests with a common name run at once. The names
    are explained in tests/README.md. runner.py reads them from the text."""
    return lambda decorated: decorated


def alone(decorated):
    """Marks a test or a class: no other test runs at the same time. It measures, needs the whole machine, or any recorder disturbs it."""
    return decorated


@dataclasses.dataclass
class Result:
    """How a process ended. The streams are str with surrogates for bytes that are not UTF-8."""
    status: int
    stdout: str
    stderr: str

    def __str__(self):
        return f"status {self.status}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def decode(data):
    return data.decode("utf-8", "surrogateescape")


def wait_until(condition, what, seconds=30):
    """Polls until `condition()` is true and returns its result."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up waiting until {what}")
        time.sleep(0.005)


def cgroup2_mount():
    with open("/proc/self/mountinfo") as mounts:
        for line in mounts:
            fields, _, rest = line.partition(" - ")
            if rest.split()[0] == "cgroup2":
                return fields.split()[4]
    return None


def own_cgroup():
    with open("/proc/self/cgroup") as lines:
        for line in lines:
            if line.startswith("0::"):
                return line[3:].strip()
    return "/"


def mount_points():
    with open("/proc/self/mountinfo") as mounts:
        return [line.split()[4] for line in mounts]


def process_state(pid):
    """The letter of /proc/PID/stat ("T" is stopped), or "" if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return decode(stat.read().rpartition(b")")[2].split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return ""


def recording_note():
    """The path and content of a note that `doctor` reported no problem with this binary since the last boot. The path is "" if there is no
    build folder. Loading the programs anew for each of hundreds of tests takes a minute in all. Only a success is noted: if the
    host changes later, tests fail and are not skipped."""
    build = os.environ.get("SYSCARVE_BUILD", "")
    with open("/proc/sys/kernel/random/boot_id") as file:
        boot = file.read().strip()
    info = os.stat(BINARY)
    return build and os.path.join(build, f"host-records-{os.geteuid()}"), f"{boot} {info.st_ino} {info.st_mtime_ns}"


def said_to_record():
    path, content = recording_note()
    try:
        with open(path) as file:
            return file.read() == content
    except FileNotFoundError:
        return False


def say_that_it_records():
    path, content = recording_note()
    if not path:
        return
    # Two tests may write it at once.
    with open(f"{path}.{os.getpid()}", "w") as file:
        file.write(content)
    os.rename(file.name, path)


def identity_environment(user):
    """The variables that syscarve sets for a command that runs as `user`, so that other ways to run it see the same ones."""
    entry = pwd.getpwnam(user)
    return {"HOME": entry.pw_dir, "USER": user, "LOGNAME": user, "SHELL": entry.pw_shell}


class E2eTest(unittest.TestCase):
    needs_root = True
    needs_bpf = True
    # Whether all programs that the test starts, unless it gives another user, run without root even if the test itself is root.
    as_nobody = False
    maxDiff = None

    def setUp(self):
        self._cgroup = None
        if not BINARY:
            self.fail("SYSCARVE_BINARY must name the binary to test")
        if self.needs_root and os.geteuid() != 0:
            self.skipTest("needs root")
        if self.needs_bpf and not said_to_record():
            doctor = subprocess.run([BINARY, "doctor"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
            if doctor.returncode != 0:
                self.skipTest("this host cannot record with BPF:\n" + decode(doctor.stdout))
            say_that_it_records()
        self._enter_cgroup()
        self.folder = tempfile.mkdtemp(prefix="syscarve-e2e-")
        os.chmod(self.folder, 0o755)
        if self.as_nobody and os.geteuid() == 0:
            self._give(self.folder, NOBODY)
        self.addCleanup(self._leave)
        # Nothing of the caller's environment may change what a program does: a locale, a pager, a Python path.
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C"}
        # The file in which tests/support/coverage.sh collects the coverage.
        if profile := os.environ.get("LLVM_PROFILE_FILE"):
            self.environment["LLVM_PROFILE_FILE"] = profile
        self._started = []
        self._copies = {}
        self._next_folder = 0

    # A cgroup of our own separates the test from other recorders on the host, and catches every stray process.
    def _enter_cgroup(self):
        mount = cgroup2_mount()
        if os.geteuid() != 0 or mount is None:
            return
        own = own_cgroup()
        self._home_cgroup = mount + ("" if own == "/" else own)
        self._cgroup = f"{self._home_cgroup}/syscarve-e2e-{os.getpid()}"
        os.mkdir(self._cgroup)
        self._move_to(self._cgroup)

    def _move_to(self, cgroup):
        with open(f"{cgroup}/cgroup.procs", "w") as procs:
            procs.write(str(os.getpid()))

    def _leave(self):
        for process in self._started:
            if process.poll() is None:
                self._end(process)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()
        problems = []
        if self._cgroup:
            self._move_to(self._home_cgroup)
            problems += self._end_cgroup()
        left = [point for point in mount_points() if point.startswith(self.folder)]
        for point in reversed(left):
            subprocess.run(["umount", point], check=False)
        if left:
            problems.append(f"mounts were left: {left}")
        temporary = glob.glob(self.folder + "/**/.syscarve-*", recursive=True)
        if temporary:
            problems.append(f"temporary files were left: {temporary}")
        shutil.rmtree(self.folder)
        self.assertEqual(problems, [], "the test left something behind")

    # A recorder passes SIGTERM on and ends in an orderly way. Only a failed test leaves anything running.
    @staticmethod
    def _end(process):
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _end_cgroup(self):
        problems = []
        left = []
        for procs in glob.glob(self._cgroup + "/**/cgroup.procs", recursive=True):
            with open(procs) as pids:
                left += [int(pid) for pid in pids]
        if left:
            problems.append(f"processes were left: {left}")
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not any(process_state(pid) not in ("", "Z") for pid in left), "the left processes have ended")
        leaves = self.leaves()
        if leaves:
            problems.append(f"cgroups were left: {leaves}")
        for directory, _, _ in os.walk(self._cgroup, topdown=False):
            wait_until(lambda: self._removed(directory), f"{directory} can be removed")
        return problems

    @staticmethod
    def _removed(directory):
        try:
            os.rmdir(directory)
        except OSError:
            return False
        return True

    def leaves(self):
        """The cgroups that this test's recorders have made and not removed."""
        return sorted(glob.glob(self._cgroup + "/**/syscarve.*", recursive=True))

    def recorded_pids(self):
        """The processes that are in those cgroups now."""
        pids = []
        for leaf in self.leaves():
            try:
                with open(leaf + "/cgroup.procs") as procs:
                    pids += [int(line) for line in procs]
            except FileNotFoundError:
                pass  # Its recorder was faster.
        return pids

    def recorded_pid_of(self, executable):
        """The pid of the recorded process that runs `executable`, as soon as there is one."""
        def find():
            for pid in self.recorded_pids():
                try:
                    if os.readlink(f"/proc/{pid}/exe") == os.path.realpath(executable):
                        return pid
                except OSError:
                    pass
            return None
        return wait_until(find, f"{executable} runs in a recorded cgroup")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def new_folder(self, user=None):
        """A fresh folder that belongs to `user`. All have names of one length: a longer path can mean other calls."""
        self._next_folder += 1
        folder = self.path(f"work-{self._next_folder:03}")
        os.mkdir(folder)
        if user := user or self._default_user():
            self._give(folder, user)
        return folder

    @staticmethod
    def _give(path, user):
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)

    def _default_user(self):
        return NOBODY if self.as_nobody and os.geteuid() == 0 else None

    def public(self, file):
        """A copy of `file` that every user can reach: the build folder may be in a home folder."""
        if file not in self._copies:
            os.makedirs(self.path("bin"), exist_ok=True)
            copy = self.path("bin", os.path.basename(file))
            shutil.copy(file, copy)
            os.chmod(copy, 0o755)
            self._copies[file] = copy
        return self._copies[file]

    def workload(self, name):
        return self.public(os.path.join(WORKLOADS, name))

    def needs_32_bit_calls(self):
        """Some kernels are built or booted without them."""
        if subprocess.run([self.workload("calls"), "i386:20:1"], timeout=60).returncode != 0:
            self.skipTest("this kernel makes no 32-bit calls")

    def users(self):
        """The users for one run with root, if that is available, and one without."""
        return (None, NOBODY) if os.geteuid() == 0 else (None,)

    def command_line(self, *arguments):
        return [self.public(BINARY), *map(str, arguments)]

    def run_process(self, argv, user=None, env=None, stdin=None, timeout=120, **options):
        """Runs `argv` to its end. `stdin` is the input's bytes; nothing is read from ours."""
        process = self.start(argv, user=user, env=env, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE, **options)
        return self.finish(process, stdin=stdin, timeout=timeout)

    def start(self, argv, user=None, env=None, **options):
        environment = dict(self.environment)
        if user := user or self._default_user():
            entry = pwd.getpwnam(user)
            environment.update(identity_environment(user))
            # Other users cannot continue a file that root has begun to write.
            if profile := environment.get("LLVM_PROFILE_FILE"):
                environment["LLVM_PROFILE_FILE"] = os.path.join(os.path.dirname(profile), f"{user}-{os.path.basename(profile)}")
            options.update(user=entry.pw_uid, group=entry.pw_gid, extra_groups=[])
        environment.update(env or {})
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.folder, **options}
        process = subprocess.Popen(argv, env=environment, **options)
        self._started.append(process)
        return process

    def finish(self, process, stdin=None, timeout=120):
        stdout, stderr = process.communicate(stdin, timeout=timeout)
        status = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return Result(status, decode(stdout or b""), decode(stderr or b""))

    def syscarve(self, *arguments, **options):
        return self.run_process(self.command_line(*arguments), **options)

    def record(self, *command, options=(), expect=0, **process_options):
        """Records `command`; returns the recording and how syscarve ended."""
        output = os.path.join(self.new_folder(process_options.get("user")), "recording.json")
        result = self.syscarve("record", "-o", output, *options, "--", *command, **process_options)
        self.assertEqual(result.status, expect, result)
        return load(output), result

    def generate(self, recording, *options):
        """Generates a profile and returns its path. `recording` is a path or a loaded recording."""
        folder = self.new_folder()
        if not isinstance(recording, str):
            recording = store(recording, os.path.join(folder, "recording.json"))
        profile = os.path.join(folder, "profile.json")
        result = self.syscarve("generate", recording, "-o", profile, *options)
        self.assertEqual(result.status, 0, result)
        return profile

    def assert_one_line_error(self, result, *parts):
        """One sentence, possibly with a hint, and nothing else on stderr; nothing on stdout."""
        self.assertEqual(result.stdout, "", result)
        self.assertRegex(result.stderr, r"\Asyscarve: error: .+\n(syscarve: hint: .+\n)?\Z", result)
        for part in parts:
            self.assertIn(part, result.stderr, result)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def store(value, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)
    return path


def traces(recording):
    return [trace for run in recording["runs"] for trace in run["subjects"]]


def call_name(call):
    """The name as in profiles; a call of an ABI other than the kernel's own has the ABI as a prefix."""
    name = call.get("name", f"#{call['nr']}")
    return name if call["abi"] == "x86_64" or call["abi"] == "aarch64" else f"{call['abi']}:{name}"


def counts(recording):
    """name -> count over all runs and subjects, phase main."""
    total = {}
    for trace in traces(recording):
        for call in trace["calls"]:
            total[call_name(call)] = total.get(call_name(call), 0) + call["count"]
    return total


def names(recording):
    return set(counts(recording))


def strace_names(path):
    """The names of the calls in the output of `strace -f -o`."""
    found = set()
    with open(path, encoding="utf-8", errors="surrogateescape") as trace:
        for line in trace:
            # "1234 openat(…", but not "1234 <... openat resumed>", "1234 --- SIGCHLD …" or "1234 +++ exited …".
            call = re.match(r"\d+ +([a-z_][a-z0-9_]*)\(", line)
            if call:
                found.add(call.group(1))
    return found
