# SPDX-License-Identifier: Apache-2.0
"""A Docker engine for the tests, and the Engine API without any client library.

Starting an engine takes two seconds and importing the images a few more, so that one serves all tests of a ctest run: the fixture
`e2e.engine_start` starts it and writes its place to the file that SYSCARVE_ENGINE names, `e2e.engine_stop` ends it and fails if
anything of it is left on the host. A test that is run without ctest gets an engine of its own.

  engine.py start     starts the engine and puts the images into it
  engine.py stop      ends it; no error if there is none

The engine is dockerd with a data root, sockets and a configuration of its own. It has no default bridge and touches neither iptables
nor IP forwarding; containers use the network "none", and a client enters their network namespace. Networks that
Compose makes work all the same, and published ports go through docker-proxy. An engine that is already running on the host is used
only if SYSCARVE_TEST_DOCKER_HOST (unix:///…) names it.
"""

import contextlib
import ctypes
import fcntl
import glob
import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import images
from support import decode, mount_points, process_state, wait_until

DOCKER = "/usr/bin/docker"
COMPOSE = "/usr/bin/docker-compose"
# /usr/local may have another engine's programs.
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
LABEL = "syscarve-test"
SKIPPED = 77
# An engine that has not responded to /info after so many seconds never will. On a busy machine it takes one.
HANGS_AFTER = 30

# Files that dockerd creates outside its configured folders. They are removed if they were not there before and nothing uses them.
OUTSIDE = ("/etc/docker/key.json", "/etc/docker", "/run/docker/plugins", "/run/docker/netns", "/run/docker", "/run/containerd/s",
           "/run/containerd", "/opt/containerd/bin", "/opt/containerd/lib", "/opt/containerd", "/etc/cni/net.d", "/etc/cni")


class Missing(Exception):
    """This host has no engine; the message is the reason."""


class ApiError(Exception):
    def __init__(self, status, message):
        super().__init__(f"the engine answered {status}: {message}")
        self.status = status


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Api:
    """The Engine API of the engine that listens on `path`. Threads may share it."""

    def __init__(self, path):
        self.path = path

    def call(self, method, path, body=None, timeout=120, **query):
        """Sends `body`, a file of a tar archive or a value that becomes JSON, and returns the response's bytes."""
        if query:
            path += "?" + urllib.parse.urlencode({key: value if isinstance(value, str) else json.dumps(value)
                                                  for key, value in query.items()})
        headers = {"Content-Type": "application/x-tar"}
        if body is not None and not hasattr(body, "read"):
            body, headers = json.dumps(body), {"Content-Type": "application/json"}
        connection = UnixConnection(self.path, timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = response.read()
        if response.status >= 400:
            try:
                message = json.loads(answer)["message"]
            except (ValueError, KeyError):
                message = decode(answer)
            raise ApiError(response.status, message)
        return answer

    def get(self, path, **query):
        return json.loads(self.call("GET", path, **query))

    def post(self, path, body=None, **query):
        answer = self.call("POST", path, body, **query)
        return json.loads(answer) if answer.strip() else None

    def answers(self):
        try:
            return self.call("GET", "/_ping", timeout=10) == b"OK"
        except (OSError, http.client.HTTPException, ApiError):
            return False

    def works(self):
        """Whether it acquires the locks that every request except a ping needs."""
        try:
            return bool(self.call("GET", "/info", timeout=HANGS_AFTER))
        except (OSError, http.client.HTTPException, ApiError):
            return False

    def create(self, image, command=None, name=None, **config):
        """Creates a container. `host` is its HostConfig; without a NetworkMode in it there is no network. All other arguments are its Config."""
        host = {"NetworkMode": "none", **config.pop("host", {})}
        labels = {LABEL: str(os.getpid()), **config.pop("labels", {})}
        # dockerd's network code has nothing to do for a container that has no network: it starts in half the time, and cannot run into
        # the deadlock of `is_known_deadlock`.
        disabled = {"NetworkDisabled": True} if host["NetworkMode"] == "none" else {}
        body = {"Image": image, "Cmd": command, "Labels": labels, "HostConfig": host, **disabled, **config}
        return Container(self, self.post("/containers/create", body, **({"name": name} if name else {}))["Id"])

    def containers(self, **filters):
        return self.get("/containers/json", all=True, filters=filters)


class Container:
    def __init__(self, api, identifier):
        self._api = api
        self.id = identifier

    def _post(self, what, **query):
        return self._api.post(f"/containers/{self.id}/{what}", **query)

    def start(self):
        self._post("start")
        return self

    def inspect(self):
        return self._api.get(f"/containers/{self.id}/json")

    @property
    def pid(self):
        return self.inspect()["State"]["Pid"]

    @property
    def running(self):
        return self.inspect()["State"]["Running"]

    def wait(self):
        """Waits for its end and returns its exit status."""
        return self._post("wait")["StatusCode"]

    def stop(self, seconds=30):
        """Sends its stop signal and returns its status."""
        self._post("stop", t=seconds)
        return self.wait()

    def kill(self, name):
        self._post("kill", signal=name)

    def pause(self):
        self._post("pause")

    def unpause(self):
        self._post("unpause")

    def rename(self, name):
        self._post("rename", name=name)

    def remove(self):
        try:
            self._api.call("DELETE", f"/containers/{self.id}", force=True, v=True)
        except ApiError as error:
            # It may have removed itself; 409: it is being removed.
            if error.status not in (404, 409):
                raise

    def logs(self):
        return demultiplexed(self._api.call("GET", f"/containers/{self.id}/logs", stdout=True, stderr=True))

    def exec(self, *command, user=""):
        """Runs a command in the container; returns its status and output."""
        body = {"Cmd": command, "User": user, "AttachStdout": True, "AttachStderr": True}
        session = self._api.post(f"/containers/{self.id}/exec", body)["Id"]
        output = demultiplexed(self._api.call("POST", f"/exec/{session}/start", {"Detach": False, "Tty": False}))
        return self._api.get(f"/exec/{session}/json")["ExitCode"], output

    def connect(self, port, timeout=30):
        """A connection to a port of the container's own loopback interface, whatever network the engine gave it."""
        return in_network_of(self.pid, lambda: socket.create_connection(("127.0.0.1", port), timeout=timeout))


def demultiplexed(stream):
    """Both streams of a container without a terminal, as text."""
    text = b""
    while len(stream) >= 8:
        size = struct.unpack(">I", stream[4:8])[0]
        text += stream[8:8 + size]
        stream = stream[8 + size:]
    return decode(text)


def in_network_of(pid, function):
    """What `function` returns, called in the network namespace of `pid`. A socket stays in the namespace that it was made in."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(descriptor):
        if libc.setns(descriptor, 0x40000000) != 0:  # CLONE_NEWNET; of this thread only.
            raise OSError(ctypes.get_errno(), "setns")
    with open(f"/proc/self/task/{threading.get_native_id()}/ns/net") as home, open(f"/proc/{pid}/ns/net") as network:
        enter(network.fileno())
        try:
            return function()
        finally:
            enter(home.fileno())


def start_time(pid):
    """A value that distinguishes this process from a later one with the same number, or None."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[19].decode()
    except (FileNotFoundError, ProcessLookupError):
        return None


def processes():
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    yield int(name), decode(file.read()).split("\0")
            except (FileNotFoundError, ProcessLookupError):
                pass


def cgroup_mounts():
    with open("/proc/self/mountinfo") as mounts:
        return [line.split()[4] for line in mounts if line.partition(" - ")[2].split()[0] in ("cgroup", "cgroup2")]


def remove_bridge(name):
    if not os.path.exists(f"/sys/class/net/{name}/bridge"):
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", name.encode(), 0))  # SIOCSIFFLAGS: down
        fcntl.ioctl(control, 0x89A1, struct.pack("16s", name.encode()))  # SIOCBRDELBR
    return True


class Engine:
    """An engine that listens on `socket`. One that was started here can also be ended and killed."""

    def __init__(self, path, state=None):
        self.socket = path
        self.api = Api(path)
        self._state = state

    @classmethod
    def start(cls):
        for program in ("dockerd", "containerd", "runc", "docker-proxy"):
            if not shutil.which(program, path=PATH):
                raise Missing(f"{program} is not installed")
        # Short, because the length of socket paths is limited; and not in /tmp, which may be in memory.
        folder = tempfile.mkdtemp(prefix="syscarve-engine-", dir="/var/tmp")
        absent = [path for path in OUTSIDE if not os.path.exists(path)]
        absent += [f"{mount}/docker" for mount in cgroup_mounts() if not os.path.exists(f"{mount}/docker")]
        with open(f"{folder}/daemon.json", "w") as file:
            file.write("{}")
        engine = cls(f"{folder}/docker.sock", {"folder": folder, "absent": absent})
        try:
            engine.boot()
        except BaseException:
            engine.end()
            raise
        return engine

    @property
    def folder(self):
        return self._state["folder"]

    def boot(self):
        """Starts dockerd on the engine's folder, where a killed one may have left containers, and waits until it responds."""
        folder = self.folder
        command = [shutil.which("dockerd", path=PATH), "--config-file", f"{folder}/daemon.json", "--data-root", f"{folder}/data",
                   "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/dockerd.pid", "--host", f"unix://{self.socket}",
                   "--bridge=none", "--iptables=false", "--ip-forward=false"]
        with open(f"{folder}/log", "ab") as log:
            # A session of its own: neither a test's terminal nor its end affects the engine.
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                       cwd=folder, env={"PATH": PATH, "HOME": folder})
        self._state.update(pid=process.pid, start_time=start_time(process.pid))
        wait_until(lambda: process.poll() is not None or self.api.answers(), "the engine answers", seconds=90)
        if process.poll() is not None:
            raise AssertionError(f"dockerd ended with status {process.returncode}:\n{self.log()}")

    def log(self, lines=30):
        with open(f"{self.folder}/log", encoding="utf-8", errors="surrogateescape") as log:
            return "".join(log.readlines()[-lines:])

    def pid(self):
        """The pid of dockerd, or None if it does not run."""
        pid = self._state.get("pid")
        return pid if pid is not None and start_time(pid) == self._state["start_time"] else None

    def stacks(self):
        """The stacks of all goroutines of dockerd, which dockerd writes to a file. Empty if it does not."""
        pid = self.pid()
        if pid is None:
            return ""
        os.kill(pid, signal.SIGUSR1)
        with contextlib.suppress(AssertionError):
            written = wait_until(lambda: re.search(r"goroutine stacks written to ([^\s\"]+)", self.log()), "stacks are written", seconds=10)
            with open(written[1], encoding="utf-8", errors="surrogateescape") as file:
                return file.read()
        return ""

    def _signal(self, number):
        """Sends a signal to dockerd if it still runs, and waits until it has ended."""
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, number)

        def ended():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            return process_state(pid) in ("", "Z")
        wait_until(ended, "dockerd has ended", seconds=60)

    def crash(self):
        """Kills dockerd as a lack of memory would. Its containers stay."""
        self._signal(signal.SIGKILL)
        # containerd ends with it. While its pid is in use, by another process or because it is not reaped yet, the next dockerd would
        # refuse to start or wait for the dead containerd.
        for path in (f"{self.folder}/dockerd.pid", f"{self.folder}/exec/containerd/containerd.pid"):
            with open(path) as file:
                pid = file.read().strip()
            wait_until(lambda pid=pid: process_state(pid) in ("", "Z"), f"the process of {path} has ended")
            os.unlink(path)

    def environment(self):
        """The environment with which docker and docker-compose use this engine and no other."""
        return {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": "/nonexistent", "COMPOSE_DOCKER_CLI_BUILD": "0"}

    def image(self, name):
        """The tag of a test image, which is loaded into the engine if it is missing."""
        tag = f"syscarve-test/{name}:latest"
        wanted = images.archive(name)
        try:
            if self.api.get(f"/images/{tag}/json")["Comment"] == wanted.digest:
                return tag
        except ApiError as error:
            if error.status != 404:
                raise
        with open(wanted.path, "rb") as file:
            self.api.call("POST", "/images/create", file, timeout=600, fromSrc="-", repo=f"syscarve-test/{name}", tag="latest",
                          message=wanted.digest)
        return tag

    def end(self):
        """Ends the engine and removes all of it. Returns what tests left behind."""
        if self._state is None:
            return self._clear()
        works = self.api.works()
        problems = self._clear() if works else []
        self._signal(signal.SIGTERM if works else signal.SIGKILL)  # One that hangs does not end by SIGTERM.
        return problems + self._sweep()

    def _clear(self):
        """Removes everything that tests have made in the engine; returns the containers among it."""
        filters = {} if self._state else {"label": [LABEL]}
        left = []
        for found in self.api.containers(**filters):
            left.append("container " + " ".join(found["Names"]))
            Container(self.api, found["Id"]).remove()
        if self._state:
            self.api.post("/networks/prune")
            self.api.post("/volumes/prune")
        return left

    # Every mount and process that names our folder is ours, even if dockerd was killed and could not clean up.
    def _sweep(self):
        folder, problems = self.folder, []
        ours = [(pid, words) for pid, words in processes() if any(folder in word for word in words) and pid != os.getpid()]
        containers = [os.path.basename(path) for path in glob.glob(f"{folder}/data/containers/*")]
        for procs in [path for identifier in containers for mount in cgroup_mounts()
                      for path in glob.glob(f"{mount}/docker/{identifier}/**/cgroup.procs", recursive=True)]:
            with open(procs) as pids:
                ours += [(int(pid), [procs]) for pid in pids]
        for pid, words in ours:
            problems.append(f"process {pid}: {' '.join(words)}")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: all(process_state(pid) in ("", "Z") for pid, _ in ours), "what the engine left has ended")
        for identifier in containers:
            for mount in cgroup_mounts():
                for path, _, _ in os.walk(f"{mount}/docker/{identifier}", topdown=False):
                    problems.append(f"cgroup {path}")
                    wait_until(lambda path=path: removed(path), f"{path} can be removed")
        for network in self._networks():
            if remove_bridge(f"br-{network[:12]}"):
                problems.append(f"network br-{network[:12]}")
        for point in reversed([point for point in mount_points() if point.startswith(folder + "/")]):
            problems.append(f"mount {point}")
            subprocess.run(["umount", "--lazy", point], check=False)
        shutil.rmtree(folder)
        others = any("dockerd" in os.path.basename(words[0]) for _, words in processes())
        for path in self._state["absent"]:
            # Only empty folders are removed, and none while another engine may be about to use it.
            if not others:
                removed(path)
        return problems

    def _networks(self):
        try:
            with open(f"{self.folder}/data/network/files/local-kv.db", "rb") as file:
                return {match.decode() for match in re.findall(rb"docker/network/v1\.0/bridge/([0-9a-f]{64})", file.read())}
        except FileNotFoundError:
            return set()

    def store(self, path):
        with open(path, "w") as file:
            json.dump({"socket": self.socket, "state": self._state}, file)

    @classmethod
    def load(cls, path):
        """The engine that is recorded in the file `path`, or None."""
        try:
            with open(path) as file:
                noted = json.load(file)
        except FileNotFoundError:
            return None
        return cls(noted["socket"], noted["state"])


def removed(path):
    """Removes a file or an empty folder; returns whether it is gone."""
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return True
    except NotADirectoryError:
        os.unlink(path)
    except OSError:
        return False
    return True


def noted():
    return os.environ.get("SYSCARVE_ENGINE", "")


def is_known_deadlock(stacks):
    """Whether these stacks of dockerd show the deadlock of https://github.com/moby/libnetwork/issues/2649, which Docker 20.10.24 of
    Debian 12 has: while two containers of one network start and end, `getSvcRecords` holds the network and waits for the controller,
    `processEndpointDelete` the controller and waits for the network. From then on dockerd responds to pings and little else."""
    waiting = [stack for stack in stacks.split("\n\n") if re.match(r"goroutine \d+ \[(semacquire|sync\.Mutex\.Lock)", stack)]
    return all(any(name in stack for stack in waiting) for name in ("(*network).getSvcRecords(", "(*controller).processEndpointDelete("))


def replace_if_hung():
    """Replaces the recorded engine by a new one if it hangs. Returns whether the cause is a known deadlock of Docker."""
    engine = Engine.load(noted()) if noted() else None
    if engine is None or not engine.pid() or engine.api.works():
        return False
    stacks = engine.stacks()
    deadlock = is_known_deadlock(stacks)
    print("the engine hangs" + (" in a deadlock of its own" if deadlock else f"; its goroutines:\n{stacks}"), file=sys.stderr)
    engine.end()
    start()
    return deadlock


def provide():
    """An engine, and a function to call when it is no longer needed. Raises Missing where there can be none."""
    host = os.environ.get("SYSCARVE_TEST_DOCKER_HOST", "")
    if host:
        if not host.startswith("unix://"):
            raise AssertionError(f"SYSCARVE_TEST_DOCKER_HOST={host} is not unix:///…")
        engine = Engine(host[len("unix://"):])
        if not engine.api.answers():
            raise AssertionError(f"no engine answers at {host}")
        return engine, lambda: []
    engine = Engine.load(noted()) if noted() else None
    if engine and engine.api.answers():
        return engine, lambda: []
    engine = Engine.start()
    return engine, engine.end


def start():
    stop()  # A run that was killed may have left one.
    if os.geteuid() != 0:
        raise Missing("an engine needs root")
    engine, _ = provide()
    # Recorded before anything else can fail, so that stop finds it.
    engine.store(noted())
    for name in images.NAMES:
        engine.image(name)


def stop():
    engine = Engine.load(noted())
    if engine is None:
        return
    if engine._state and not os.path.exists(engine.folder):
        os.unlink(noted())  # Of before the last boot, or of one that hung.
        return
    problems = engine.end()
    os.unlink(noted())
    if problems:
        raise AssertionError("the engine left something behind:\n" + "\n".join(problems))


def main():
    if sys.argv[1:] not in (["start"], ["stop"]) or not noted():
        print(__doc__, file=sys.stderr)
        return 2
    try:
        start() if sys.argv[1] == "start" else stop()
    except Missing as reason:
        print("skipped:", reason)
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
