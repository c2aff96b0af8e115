# SPDX-License-Identifier: Apache-2.0
"""Access of the corpus to the host: commands with a time limit, cgroups, root folders made of layers."""

import contextlib
import fcntl
import glob
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(SOURCE / "tests/e2e"))

import images  # noqa: E402  (the mirror that this host's own packages come from)
import support  # noqa: E402

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Nothing of the caller's environment may change what a program does, also in a container.
ENVIRONMENT = {"PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", "TERM": "dumb", "TZ": "UTC"}
# For every workload, so that its clients can rely on them.
CLIENTS = ("curl", "procps", "python3", "openssl", "ca-certificates", "adduser")


class Failed(Exception):
    """The harness cannot continue with this workload; the message is the reason."""


class Ended:
    """How a command ended: `status` as in a shell, "timeout" if it had to be killed; `output` of both streams, `stdout` alone."""

    def __init__(self, status, stdout, output, seconds):
        self.status, self.stdout, self.output, self.seconds = status, stdout, output, seconds

    @property
    def good(self):
        return self.status == 0


def shell_status(returncode):
    return returncode if returncode >= 0 else 128 - returncode


def run(argv, limit=60, stdin=subprocess.DEVNULL, env=None, **options):
    """Runs a command in a session of its own, which is killed after `limit` seconds."""
    begin = time.monotonic()
    # Files, not pipes: a background process of the command would keep a pipe open.
    with open_scratch() as out, open_scratch() as err:
        process = subprocess.Popen(argv, stdin=stdin, stdout=out, stderr=err, env=env or ENVIRONMENT, start_new_session=True, **options)
        try:
            status = shell_status(process.wait(limit))
        except subprocess.TimeoutExpired:
            status = "timeout"
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        seconds = time.monotonic() - begin
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read())
    return Ended(status, texts[0], support.decode(texts[0] + texts[1]), seconds)


def open_scratch():
    return os.fdopen(os.memfd_create("output"), "w+b")


def checked(argv, **options):
    ended = run(argv, **options)
    if not ended.good:
        raise Failed(f"`{' '.join(map(str, argv))}` ended with {ended.status}: {ended.output[-2000:]}")
    return ended.stdout.decode()


def wait_until(condition, seconds):
    """Whether `condition()` became true in time."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 1.3, 0.3)
    return True


def digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, pathlib.Path) else str(part).encode()
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()[:16]


class Cgroup:
    """A cgroup of our own in every hierarchy: /NAME/harness for our processes, /NAME/containers for the runtime's. All are removed at the end."""

    def __init__(self, name):
        self.name = name
        self.containers = f"/{name}/containers"
        self.mount = support.cgroup2_mount()
        if self.mount is None:
            raise Failed("no cgroup v2 is mounted")

    def __enter__(self):
        os.makedirs(f"{self.mount}/{self.name}/harness", exist_ok=True)
        return self

    def enter(self):
        """Moves this process into it, and so all processes that it starts."""
        pathlib.Path(f"{self.mount}/{self.name}/harness/cgroup.procs").write_text(str(os.getpid()))

    def end(self):
        """Kills all processes in it."""
        def pids():
            found = []
            for procs in glob.glob(f"{self.mount}/{self.name}/**/cgroup.procs", recursive=True):
                with contextlib.suppress(OSError):
                    found += [int(pid) for pid in pathlib.Path(procs).read_text().split()]
            return found

        def gone():
            left = pids()
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not left
        wait_until(gone, 30)

    def __exit__(self, *_):
        self.end()
        with open("/proc/self/mountinfo") as mounts:
            points = [line.split()[4] for line in mounts if line.partition(" - ")[2].split()[0] in ("cgroup", "cgroup2")]

        def removed():
            for point in points:
                for folder, _, _ in os.walk(f"{point}/{self.name}", topdown=False):
                    with contextlib.suppress(OSError):
                        os.rmdir(folder)
            return not any(os.path.exists(f"{point}/{self.name}") for point in points)
        if not wait_until(removed, 30):
            raise Failed(f"the cgroup /{self.name} could not be removed")


def loopback_up():
    """Brings the loopback interface up, which is down in a fresh network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 1)  # IFF_UP
        fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


def mounted(*argv):
    checked(["mount", *map(str, argv)])


def suite():
    """The code name of this host's release."""
    return support.decode(run(["sh", "-c", '. /etc/os-release; printf "%s" "$VERSION_CODENAME"']).stdout)


class Tree:
    """One minimal Debian in the work folder, and beside it a layer for each workload, with its packages only: many of them exclude each
    other. Downloaded packages are kept."""

    def __init__(self, work, binary):
        self.work, self.binary = work, binary
        self.folder = work / "tree"
        self.archives = work / "archives"

    def provide(self):
        stamp = self.work / "tree.json"
        recipe = {"suite": suite(), "packages": sorted({*CLIENTS, *self.libraries()})}
        if stamp.exists() and json.loads(stamp.read_text()) == recipe:
            return
        print(f"making a tree of {suite()} in {self.work}", file=sys.stderr)
        stamp.unlink(missing_ok=True)
        for old in (self.folder, self.work / "layers"):
            shutil.rmtree(old, ignore_errors=True)
        self.archives.mkdir(parents=True, exist_ok=True)
        release, mirror, components = images.host_mirror()
        checked(["debootstrap", "--variant=minbase", f"--components={components}", release, self.folder, mirror], limit=1800)
        self._write("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        # Layers are made again if they are lost, and do not need manuals.
        self._write("etc/dpkg/dpkg.cfg.d/corpus", "force-unsafe-io\n" + "".join(
            f"path-exclude=/usr/share/{what}/*\n" for what in ("doc", "man", "locale", "info")))
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        with Namespace.folder_mounts(self.folder):
            mounted("--bind", self.archives, self.folder / "var/cache/apt/archives")
            try:
                self._apt(self.folder, recipe["packages"], update=True)
            finally:
                checked(["umount", self.folder / "var/cache/apt/archives"])
        stamp.write_text(json.dumps(recipe))

    def _write(self, name, text, mode=0o644):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def libraries(self):
        """The packages whose libraries the binary is linked with: tools are recorded inside the tree."""
        paths = set()
        for line in checked(["ldd", self.binary]).splitlines():
            if "=> /" in line:
                path = os.path.realpath(line.split("=> ")[1].split(" (")[0])
                # Where /lib is a link, dpkg may know the file by either name.
                paths |= {path, path.removeprefix("/usr")}
        found = run(["dpkg-query", "-S", *sorted(paths)], limit=300)
        return {line.split(":")[0] for line in found.stdout.decode().splitlines()}

    @staticmethod
    def _apt(root, packages, update=False):
        environment = {**ENVIRONMENT, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        apt = ["chroot", root, "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "-o", "APT::Keep-Downloaded-Packages=1"]
        if update:
            checked([*apt, "update"], limit=600, env=environment)
        checked([*apt, "install", "-y", "--no-install-recommends", *packages], limit=1800, env=environment)

    def layer(self, name, packages):
        """The lower folders of a root that has these packages."""
        folder = self.work / "layers" / name
        upper, stamp = folder / "upper", folder / "packages.json"
        if stamp.exists() and json.loads(stamp.read_text()) == sorted(packages):
            return [upper, self.folder]
        if not packages:
            return [self.folder]
        print(f"{name}: installing {' '.join(packages)}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        merged = folder / "merged"
        for one in (upper, folder / "work", merged):
            one.mkdir(parents=True)
        mounted("-t", "overlay", "overlay", "-o", f"lowerdir={self.folder},upperdir={upper},workdir={folder}/work", merged)
        try:
            with Namespace.folder_mounts(merged):
                mounted("--bind", self.archives, merged / "var/cache/apt/archives")
                try:
                    self._apt(merged, packages)
                finally:
                    checked(["umount", merged / "var/cache/apt/archives"])
        finally:
            # A process that a maintainer script has started would keep it busy.
            checked(["umount", "--lazy", merged])
        merged.rmdir()
        stamp.write_text(json.dumps(sorted(packages)))
        return [upper, self.folder]


class Namespace:
    """A root folder for one workload: layers below, and on top of them one in memory, which `renew` empties. To be used in a mount
    namespace of its own, whose end removes everything."""

    def __init__(self, folder, lower):
        self.folder, self.lower = folder, lower
        self.root = folder / "root"
        self.root.mkdir()
        self._is_mounted = False

    def renew(self):
        """Resets it to its first state."""
        if self._is_mounted:
            checked(["umount", "--lazy", self.root])
            checked(["umount", "--lazy", self.folder / "memory"])
        memory = self.folder / "memory"
        memory.mkdir(exist_ok=True)
        mounted("-t", "tmpfs", "-o", "mode=755", "tmpfs", memory)
        for name in ("upper", "work"):
            (memory / name).mkdir()
        lower = ":".join(map(str, self.lower))
        mounted("-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={memory}/upper,workdir={memory}/work", self.root)
        self._is_mounted = True
        (self.root / "corpus").mkdir()
        # As engines write them. There is no network interface except loopback.
        for name, text in (("hosts", "127.0.0.1 localhost\n"), ("resolv.conf", "nameserver 127.0.0.1\n")):
            (self.root / "etc" / name).unlink(missing_ok=True)
            (self.root / "etc" / name).write_text(text)

    @staticmethod
    @contextlib.contextmanager
    def folder_mounts(root):
        """With the host's /proc, /sys and /dev in it."""
        done = []
        try:
            for name in ("proc", "sys", "dev"):
                (root / name).mkdir(exist_ok=True)
                mounted("--rbind", "--make-rslave", f"/{name}", root / name)
                done.append(root / name)
            yield
        finally:
            for point in reversed(done):
                checked(["umount", "--lazy", "--recursive", point])

    def inside(self, *argv, **options):
        """Runs a command with this root, as root, in no container."""
        return run(["chroot", self.root, *map(str, argv)], **options)

    def versions(self, packages):
        """The versions of the packages, including those that a meta package stands for."""
        query = self.inside("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n")
        known = dict(line.split(" ", 1) for line in query.stdout.decode().splitlines() if line.endswith(" installed"))
        return {name: known[name].split(" ")[0] for name in packages if name in known}
