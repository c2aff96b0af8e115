# SPDX-License-Identifier: Apache-2.0
"""A service of services/: recorded in a container of runc, and then run in one under the generated profile.

Its file is read by the container's own /bin/sh; README.md describes its format. Its functions run in the container's namespaces, but
neither in its cgroup nor under its filter: they are the clients, and are not recorded."""

import contextlib
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import time

import host
import syscarve

# Docker's default capabilities.
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP", "NET_BIND_SERVICE",
                "SYS_CHROOT", "KILL", "AUDIT_WRITE")
READY_SECONDS = 60
# The time limit for a start that is expected to fail.
SOON = 15
LIMIT = 60
# The time that Docker waits.
STOP_SECONDS = 10
# A stop that takes this much longer under a profile counts as hanging.
STOP_SLACK = 3
# The command that an engine runs in a container for `record --exercise exec`.
PROBE = "id >/dev/null 2>&1; ls / >/dev/null 2>&1; true"
# A user looks around in a container.
SHELL = "id -u && ls -l /etc > /dev/null && grep -c root /etc/passwd && cat /proc/1/comm && (sleep 0.1; echo over) && echo $((6 * 7))"


class Service:
    kind = "service"

    def __init__(self, path):
        self.path, self.name = path, path.name
        text = path.read_text(encoding="utf-8")
        # The shell reads the same lines; they contain nothing to expand.
        said = {name: shlex.split(value) for name, value in re.findall(r"^([a-z_]+)=(.*)$", text, re.MULTILINE)}
        word = lambda name, default="": " ".join(said.get(name, [default]))
        self.packages, self.command = word("packages").split(), shlex.split(word("command"))
        self.user, self.stop_signal = word("user"), word("stop_signal", "TERM")
        self.capabilities = (*CAPABILITIES, *word("capabilities").split())
        self.functions = re.findall(r"^([a-z_0-9]+)\(\) \{", text, re.MULTILINE)
        self.others = [name for name in self.functions if name.startswith("other_")]

    def inputs(self):
        return [self.path, host.HERE / "lib.sh"]

    def run(self, work):
        return Run(self, work).result()


class Container:
    def __init__(self, run, profile, capabilities=None):
        self._run, self._service = run, run.service
        self._capabilities = ["CAP_" + one for one in run.service.capabilities] if capabilities is None else capabilities
        self.id = run.service.name
        self._bundle = run.work.folder / "bundle"
        self._log = open(run.work.folder / "log", "ab")
        self._profile = profile
        self._beside = None
        self._process = None

    def _runc(self, *words, **options):
        return host.run(["runc", "--root", self._run.work.folder / "runc", *words], **options)

    def start(self):
        self._bundle.mkdir(exist_ok=True)
        self._pid_file = self._bundle / "pid"
        self._pid_file.unlink(missing_ok=True)
        (self._bundle / "config.json").write_text(json.dumps(self._config()))
        self._process = subprocess.Popen(
            ["runc", "--root", self._run.work.folder / "runc", "run", "--bundle", self._bundle, "--pid-file", self._pid_file, self.id],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=host.ENVIRONMENT, start_new_session=True)
        host.wait_until(lambda: self._process.poll() is not None or self._pid_file.exists() and self._pid_file.read_text(), 30)
        if self.running and "beside" in self._service.functions:
            self._beside = subprocess.Popen(self._client("beside"), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                                            env=host.ENVIRONMENT, start_new_session=True)

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def _client(self, function):
        return ["nsenter", "--target", self._pid_file.read_text(), "--mount", "--uts", "--ipc", "--net", "--pid", "--", "/bin/sh", "-eu",
                "-c", 'cd /; . /corpus/lib.sh; . /corpus/workload; "$1"', "sh", function]

    def call(self, function, limit=LIMIT):
        """Runs a function of the workload's file."""
        if not self.running:
            return host.Ended("not running", b"", "", 0)
        return host.run(self._client(function), limit)

    def wait_until_ready(self, seconds=READY_SECONDS):
        """Calls `ready` until it succeeds, and returns how the last try ended."""
        last = None

        def tried():
            nonlocal last
            last = self.call("ready", 10)
            return last.good or not self.running
        host.wait_until(tried, seconds)
        return last

    def exec(self, script):
        if not self.running:
            return host.Ended("not running", b"", "", 0)
        return self._runc("exec", self.id, "/bin/sh", "-ec", script, limit=LIMIT)

    def identities(self):
        """The names of its programs with their ids and groups, as texts. Empty if it does not run."""
        listed = self._runc("ps", "--format", "json", self.id)
        found = set()
        for pid in json.loads(listed.output) if self.running and listed.good else []:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                said = dict(re.findall(r"(?m)^(Name|Uid|Gid|Groups):[ \t]*(.*?)[ \t]*$", pathlib.Path(f"/proc/{pid}/status").read_text()))
                found.add(" ".join([said["Name"], *(f"{key.lower()} {'/'.join(said[key].split()) or 'none'}" for key in ("Uid", "Gid", "Groups"))]))
        return found

    def stop(self):
        """Stops it as an engine does. Returns how the service ended."""
        if not self.running:
            return host.Ended("not running", b"", "", 0)
        begin = time.monotonic()
        self._runc("kill", self.id, self._service.stop_signal)
        try:
            status = host.shell_status(self._process.wait(STOP_SECONDS))
        except subprocess.TimeoutExpired:
            status = "timeout"
        return host.Ended(status, b"", "", time.monotonic() - begin)

    def remove(self):
        if self._beside:
            self._beside.kill()
            self._beside.wait()
        self._runc("delete", "--force", self.id)
        if self._process:
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def _config(self):
        root = self._run.root
        user = {"uid": 0, "gid": 0}
        home = "/root"
        if self._service.user:
            entry = [line.split(":") for line in (root / "etc/passwd").read_text().splitlines() if line.startswith(self._service.user + ":")]
            if not entry:
                raise host.Failed(f"there is no user {self._service.user}")
            user, home = {"uid": int(entry[0][2]), "gid": int(entry[0][3])}, entry[0][5]
        held = self._capabilities
        # As engines do: a user other than root has them only in the bounding set.
        effective = [] if user["uid"] else held
        config = {
            "ociVersion": "1.0.2",
            "root": {"path": str(root)},
            "hostname": self.id,
            "process": {
                "user": user, "args": self._service.command, "cwd": "/", "noNewPrivileges": False,
                "env": [f"{key}={value}" for key, value in {**host.ENVIRONMENT, "HOME": home}.items()],
                "capabilities": {"bounding": held, "permitted": effective, "effective": effective},
                "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 4096}],
            },
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
                {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
                 "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
                {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
                {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
                {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
            ],
            "linux": {
                "cgroupsPath": f"{self._run.work.cgroup.containers}/{self.id}",
                "namespaces": [{"type": one} for one in ("pid", "network", "ipc", "uts", "mount")],
                "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            },
        }
        if self._profile:
            config["linux"]["seccomp"] = json.loads(self._profile.read_text())
        return config


class Run:
    """All steps for one service."""

    def __init__(self, service, work):
        self.service, self.work = service, work
        self.root = work.namespace.root
        self._identities = []  # After each load without a profile.
        self._without = {}  # How the phases go then.

    def renew(self):
        """Fresh data, and the workload's file where the clients find it."""
        self.work.namespace.renew()
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost {self.service.name}\n")
        shutil.copy(self.service.path, self.root / "corpus/workload")
        shutil.copy(host.HERE / "lib.sh", self.root / "corpus/lib.sh")
        if "prepare" in self.service.functions:
            with host.Namespace.folder_mounts(self.root):
                ended = self.work.namespace.inside("/bin/sh", "-euc", "cd /; . /corpus/lib.sh; . /corpus/workload; prepare", limit=180)
            if not ended.good:
                raise host.Failed(f"prepare ended with {ended.status}: {ended.output[-2000:]}")

    def container(self, profile=None, capabilities=None):
        container = Container(self, profile, capabilities)
        container.start()
        return container

    def said(self):
        log = self.work.folder / "log"
        return host.support.decode(log.read_bytes())[-1500:] if log.exists() else ""

    def record(self, name, life=False):
        """One recording of a start, the load and the stop; with its life, also of a shell, a reload, and of a start and the load on the
        existing data, as `record --exercise stop,reload,exec,restart` does through an engine."""
        self.renew()
        with self.work.recorder(name, self.service.name) as recorder:
            self.recorded_start(life)
            if life:
                self.recorded_start(False)
        return recorder.recording

    def recorded_start(self, life):
        container = self.container()

        def must(what, ended):
            if not ended.good:
                raise host.Failed(f"{what} ended with {ended.status} while it was recorded: {ended.output[-1000:]}\n{self.said()}")

        try:
            must("ready", container.wait_until_ready())
            must("load", container.call("load"))
            self._identities.append(container.identities())
            if life:
                must("exec", container.exec(PROBE))
            if life and "reload" in self.service.functions:
                must("reload", container.call("reload"))
                must("ready", container.wait_until_ready())
                must("load", container.call("load"))
            container.stop()
        finally:
            container.remove()

    def phases(self, profile=None, mark=lambda name: None, capabilities=None, all_of_them=True):
        """Goes through all phases, and returns how each ended; or only as far as the first that is not good."""
        done = {}
        container = None

        def note(name, ended, good=None):
            done[name] = {"good": ended.good if good is None else good, "status": ended.status, "seconds": round(ended.seconds, 2)}
            if not done[name]["good"]:
                done[name]["said"] = (ended.output[-700:] + "\n" + self.said()[-700:]).strip()
            return done[name]["good"]

        def fresh():
            nonlocal container
            if container:
                container.remove()
            self.renew()
            container = self.container(profile, capabilities)
            return container.wait_until_ready(READY_SECONDS if all_of_them else SOON)

        def usable():
            """Damage by one phase does not count against the next."""
            mark("between")
            return container.running and container.call("ready", 10).good or fresh().good

        def enough():
            return not all_of_them and not all(phase["good"] or not self._without[name]["good"] for name, phase in done.items())

        try:
            mark("start")
            note("start", fresh())
            if enough():
                return done
            for name in ("load", *self.service.others):
                if name != "load" and not usable():
                    note(name, host.Ended("not running", b"", "", 0))
                    continue
                mark(name)
                if note(name, container.call(name)) and name == "load":
                    done["load"]["identities"] = sorted(container.identities())
                if enough() or not all_of_them and self.as_others(done):
                    return done
            usable()
            mark("exec")
            note("exec", container.exec(SHELL))
            if "reload" in self.service.functions:
                usable()
                mark("reload")
                ended = container.call("reload")
                # The service must still work afterwards.
                if note("reload", ended) and note("reload", container.wait_until_ready()):
                    note("reload", container.call("load"))
            usable()
            mark("stop")
            note("stop", container.stop(), True)
            container.remove()
            mark("restart")
            container = self.container(profile, capabilities)
            if note("restart", container.wait_until_ready()) and note("restart", container.call("load")):
                done["restart"]["stop"] = container.stop().status
        finally:
            if container:
                container.remove()
        return done

    def judged(self, done, without):
        """Sets for each phase whether it counts, and whether it ended as without a profile."""
        for name, phase in done.items():
            expected = without[name]
            if name in ("stop", "restart"):
                same = phase.get("stop", phase["status"]) == expected.get("stop", expected["status"])
                in_time = phase["seconds"] <= expected["seconds"] + STOP_SLACK if name == "stop" else True
                phase["good"] = phase["good"] and same and in_time
            phase["counts"] = expected["good"] and expected["status"] != "not running"
        return done

    def as_others(self, done):
        """Programs with ids or groups that no run without a profile had, or without those that all such runs had."""
        always = set.intersection(*self._identities)
        once = set.union(*self._identities)
        now = set(done.get("load", {}).get("identities", ()))
        return sorted((now - once) | (always - now)) if now else []

    def needed(self, profile, held, without):
        """Capability -> the differences without it: the first phase that fails, or programs with other ids or groups."""
        found = {}
        for one in held:
            done = self.judged(self.phases(profile, capabilities=[other for other in held if other != one], all_of_them=False), without)
            found[one] = [name for name, phase in done.items() if phase["counts"] and not phase["good"]] + self.as_others(done)
        return found

    def under(self, variant, recording, without):
        folder = self.work.folder
        profile = self.work.verbs.generate(recording, variant, folder / f"{variant.text}.json")
        held = self.work.verbs.capabilities(recording, folder / f"capabilities-{variant.text}") if variant.capabilities else None
        (folder / "log").unlink(missing_ok=True)
        with self.work.recorder(f"enforced-{variant.text}", self.service.name) as recorder:
            done = self.judged(self.phases(profile, recorder.mark, held), without)
        refused = syscarve.refused(recorder.recording) if recorder.recording else {}
        for name, phase in done.items():
            phase["refused"] = refused.get(name, [])
        found = {**self.work.verbs.price(recording, variant), "phases": done}
        if held is not None:
            found["capabilities"] = {"held": held, "as_others": self.as_others(done), "needed": self.needed(profile, held, without)}
        return found

    def result(self):
        self.renew()
        versions = self.work.namespace.versions(self.service.packages)
        without = self.phases()
        self._without = without
        self._identities.append(set(without["load"].get("identities", ())))
        if not without["start"]["good"] or not without["load"]["good"]:
            bad = "start" if not without["start"]["good"] else "load"
            raise host.Failed(f"{bad} fails without a profile: {without[bad].get('said')}")
        recordings = [self.record(f"recording-{number}") for number in range(self.work.recordings)]
        variants = self.work.variants
        of_life = self.record("life", life=True) if any(one.life for one in variants) else None
        return {
            "packages": versions, "without": without, "seen": len(syscarve.names(recordings[0])),
            "luck": syscarve.luck(recordings, self.work.verbs, variants, self.work.folder),
            "capability_luck": syscarve.capability_luck(recordings, self.work.verbs, self.work.folder),
            "variants": {one.text: self.under(one, of_life if one.life else recordings[0], without) for one in variants},
        }
