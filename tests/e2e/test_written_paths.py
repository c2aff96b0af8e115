# SPDX-License-Identifier: Apache-2.0
"""The paths that were created, written and removed according to the hardening evidence of containers, compared with those that strace saw
of the same processes: on the root's own file system the sets are equal, including paths that are gone when the container ends."""

import os
import re

import services
from containers import ContainerTest
from support import decode, shares, wait_until

USES = ("created", "written", "removed")
CALLS = ("open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,rename,renameat,renameat2,"
         "bind,chdir,fchdir,clone,clone3,fork,vfork,chroot,pivot_root,setns,unshare")
LINE = re.compile(r"(\d+) +(.*)")
CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)(.*)", re.DOTALL)
UNFINISHED = re.compile(r"(.*?),? ?<unfinished \.\.\.>")
RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)")
# The descriptor of a file, or AT_FDCWD, with its path.
DESCRIPTOR = re.compile(r"(?:AT_FDCWD|\d+)<(.*)>(?:\(deleted\))?")
CHILD = re.compile(r"\d+ in strace's PID NS")
ESCAPE = re.compile(r'\\(x[0-9a-f]{2}|[0-7]{1,3}|.)')
LETTERS = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f"}


def plain(text):
    """What strace has escaped."""
    def one(match):
        code = match[1]
        if code[0] == "x":
            return chr(int(code[1:], 16))
        return chr(int(code, 8)) if code[0] in "01234567" else LETTERS.get(code, code)
    return decode(ESCAPE.sub(one, text).encode("latin-1"))


def arguments(text):
    """The arguments of a call, as strace separates them."""
    found, depth, quoted, begin, place = [], 0, False, 0, 0
    while place < len(text):
        letter = text[place]
        if quoted:
            if letter == "\\":
                place += 1
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in "[{<(":
            depth += 1
        elif letter in "]}>)":
            depth -= 1
        elif letter == "," and depth == 0:
            found.append(text[begin:place].strip())
            begin = place + 1
        place += 1
    return found + [text[begin:].strip()]


def string(argument):
    return plain(argument[argument.index('"') + 1:argument.rindex('"')])


def normal(folder, path):
    """As the recording format has paths: absolute, without "." and "..", and no link followed."""
    return "/" + os.path.normpath(os.path.join(folder, path)).lstrip("/")


def whole_calls(lines):
    """The calls that ended, in the order in which they ended: where they began, the process, name, arguments, result and what follows it."""
    begun = {}
    for number, line in enumerate(lines):
        match = LINE.fullmatch(line.rstrip("\n"))
        if not match:
            raise AssertionError(f"strace wrote {line!r}")
        pid, text = int(match[1]), match[2]
        start = number
        if unfinished := UNFINISHED.fullmatch(text):
            begun[pid] = number, unfinished[1]
            continue
        if resumed := RESUMED.match(text):
            start, head = begun.pop(pid)
            separator = "" if resumed[2].startswith(")") or head.endswith("(") else ", "
            text = head + separator + resumed[2].lstrip(", ")
        if call := CALL.fullmatch(text):
            yield start, pid, call[1], arguments(call[2]), int(call[3]), call[4].strip()


class Witness:
    """The paths in strace's log, by use. `there` are the paths that existed at its beginning, in the folder `first_folder`."""

    def __init__(self, lines, there, first_pid, first_folder):
        self.seen = {use: set() for use in USES}
        self._there = set(there)
        self._folders = {first_pid: [(-1, first_folder)]}
        calls = list(whole_calls(lines))
        self._parents = {}
        for start, pid, name, _, result, rest in calls:
            if name in ("clone", "clone3", "fork", "vfork") and result > 0:
                child = CHILD.search(rest)
                self._parents[int(child[0].split()[0]) if child else result] = (start, pid)
        for start, pid, name, parts, result, rest in calls:
            if result >= 0:
                self._take(start, pid, name, parts, rest)

    def _folder(self, pid, at):
        """The working directory that `pid` had when it made the call at this line."""
        if pid not in self._folders:
            begin, parent = self._parents[pid]
            self._folders[pid] = [(begin, self._folder(parent, begin))]
        return next(folder for since, folder in reversed(self._folders[pid]) if since <= at)

    def _named(self, start, pid, path, descriptor=None):
        """The path that is named by an argument, beginning at a descriptor where there is one."""
        known = DESCRIPTOR.fullmatch(descriptor) if descriptor else None
        return normal(plain(known[1]) if known else self._folder(pid, start), string(path))

    def _create(self, path):
        self.seen["created"].add(path)
        self._there.add(path)

    def _remove(self, path):
        self.seen["removed"].add(path)
        self._there.discard(path)

    def _rename(self, old, new):
        below = [path for path in self._there if path.startswith(old + "/")]
        self._there.difference_update(below)
        self._there.update(new + path[len(old):] for path in below)
        self._remove(old)
        self._create(new)

    def _take(self, start, pid, name, parts, rest):
        if name in ("chroot", "pivot_root", "setns", "unshare"):
            raise AssertionError(f"{name} changes what paths mean, which this reading of strace's log does not know")
        if name == "creat" or name.startswith("open"):
            flags = "O_WRONLY|O_CREAT" if name == "creat" else parts[1] if name == "open" else parts[2]
            path = re.fullmatch(r"<(.*)>(?:\(deleted\))?", rest)
            path = plain(path[1])
            if not path.startswith("/"):  # No file, but a pipe or the like.
                return
            if "O_WRONLY" in flags or "O_RDWR" in flags:
                self.seen["written"].add(path)
            if "O_CREAT" in flags and path not in self._there:
                self._create(path)
        elif name in ("mkdir", "mknod"):
            self._create(self._named(start, pid, parts[0]))
        elif name in ("mkdirat", "mknodat"):
            self._create(self._named(start, pid, parts[1], parts[0]))
        elif name in ("link", "symlink"):
            self._create(self._named(start, pid, parts[1]))
        elif name == "linkat":
            self._create(self._named(start, pid, parts[3], parts[2]))
        elif name == "symlinkat":
            self._create(self._named(start, pid, parts[2], parts[1]))
        elif name in ("unlink", "rmdir"):
            self._remove(self._named(start, pid, parts[0]))
        elif name == "unlinkat":
            self._remove(self._named(start, pid, parts[1], parts[0]))
        elif name == "rename":
            self._rename(self._named(start, pid, parts[0]), self._named(start, pid, parts[1]))
        elif name in ("renameat", "renameat2"):
            self._rename(self._named(start, pid, parts[1], parts[0]), self._named(start, pid, parts[3], parts[2]))
        elif name == "bind":
            if "AF_UNIX" in parts[1] and 'sun_path="' in parts[1]:
                self._create(self._named(start, pid, parts[1]))
        elif name == "chdir":
            self._folder(pid, start)
            self._folders[pid].append((start, self._named(start, pid, parts[0])))
        elif name == "fchdir":
            self._folder(pid, start)
            self._folders[pid].append((start, plain(DESCRIPTOR.fullmatch(parts[0])[1])))


class Jobs(services.Service):
    """beanstalkd with its log of jobs on the root."""
    name = "jobs"
    port = 11300
    stop_signal = "SIGKILL"  # As the first process of a container it is deaf to others.
    command = ("sh", "-c", "mkdir /var/lib/jobs; exec beanstalkd -b /var/lib/jobs -s 4096 -l 127.0.0.1 -p 11300")

    def work(self, test, container, connect):
        with connect() as connection, connection.makefile("rb") as answers:
            for number in range(97):
                connection.sendall(b"put 1 0 60 1000\r\n" + b"x" * 1000 + b"\r\n")
                test.assertTrue(answers.readline().startswith(b"INSERTED"))
            for number in range(97):
                connection.sendall(b"reserve\r\n")
                job = answers.readline().split()[1]
                answers.readline()
                connection.sendall(b"delete " + job + b"\r\n")
                test.assertTrue(answers.readline().startswith(b"DELETED"))

    status = 128 + 9


class Repository(services.Service):
    """git's daemon, to which is pushed: objects under temporary names, locks, folders for what is not accepted yet."""
    name = "repository"
    port = 9418
    stop_signal = "SIGKILL"
    status = 128 + 9
    command = ("sh", "-c", "git init -q --bare -b main /srv/git/one; cd /srv/git; exec git daemon --reuseaddr --listen=127.0.0.1 --base-path=/srv/git "
                           "--export-all --enable=receive-pack")

    def work(self, test, container, connect):
        folder = test.new_folder()
        identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

        def git(*command):
            result = test.run_process(["nsenter", "-t", str(container.pid), "-n", "git", "-C", folder, *command], env=identity)
            test.assertEqual(result.status, 0, result)
        git("init", "-q", "-b", "main", ".")
        for number in range(3):
            with open(f"{folder}/file-{number}", "w", encoding="ascii") as file:
                file.write(f"{number}\n")
            git("add", ".")
            git("commit", "-q", "-m", str(number))
            git("push", "-q", "git://127.0.0.1/one", "main")
        git("push", "-q", "git://127.0.0.1/one", "main:refs/heads/side")
        git("push", "-q", "git://127.0.0.1/one", ":side")


@shares("containers")
class WrittenPaths(ContainerTest):
    def traced(self, service):
        """Records a container with `service` while strace follows its processes from before it is that service. The evidence; what strace
        saw; where something is mounted."""
        gate = self.path("gate")
        os.mkfifo(gate)
        log = self.path("strace.log")
        service.command = ("sh", "-c", 'read go < /gate; exec "$@"', "gate", *service.command)
        with self.recording() as recorder:
            container = service.create(self.engine, name=f"written-{service.name}", host={"Binds": [f"{gate}:/gate"]}).start()
            pid = container.pid
            tracer = self.start(["strace", "-f", "-y", "-s", "4096", "--decode-pids=pidns", "-e", f"trace={CALLS}", "-o", log, "-p", str(pid)])
            wait_until(lambda: self.is_traced(pid) or tracer.poll() is not None, "strace has attached")
            self.assertIsNone(tracer.poll())
            there = set(self.files_of_root(pid))
            mounts = self.mounts(pid)
            folder = os.readlink(f"/proc/{pid}/cwd")
            with open(gate, "w", encoding="ascii") as release:
                release.write("go\n")
            self.serve(service, container)
            self.assertEqual(self.finish(tracer).status, 0)
            container.remove()
        (recording,) = recorder.recordings().values()
        self.assertEqual(recording["complete"]["losses"], [])
        with open(log, encoding="latin-1") as file:
            witness = Witness(file, there, pid, folder)
        return recording["subjects"][0]["hardening"], witness, mounts

    def serve(self, service, container):
        if not hasattr(service, "status"):
            service.serve(self, container)
            return
        wait_until(lambda: service.ready(lambda: container.connect(service.port)), f"{service.name} is ready")
        service.work(self, container, lambda: container.connect(service.port))
        self.assertEqual(container.stop(), service.status, container.logs())

    def is_traced(self, pid):
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return not any(line.split() == ["TracerPid:", "0"] for line in file)

    def files_of_root(self, pid):
        root = f"/proc/{pid}/root/"
        device = os.lstat(root).st_dev
        for where, folders, names in os.walk(root):
            yield from (os.path.join(where, name)[len(root) - 1:] for name in names + folders)
            folders[:] = [name for name in folders if os.lstat(os.path.join(where, name)).st_dev == device]

    def mounts(self, pid):
        with open(f"/proc/{pid}/mountinfo", encoding="latin-1") as file:
            return {plain(line.split()[4]) for line in file} - {"/"}

    def check(self, service, least):
        """`least`: a part of a path, by use, that there must be: that nothing was seen at all would be no proof."""
        evidence, witness, mounts = self.traced(service)
        self.assertEqual(evidence["missing"], [])
        for use in USES:
            on_root = {path for path in witness.seen[use] if not any(path == mount or path.startswith(mount + "/") for mount in mounts)}
            of_use = [file for file in evidence["files"]
                      if file.get("mount", "/") == "/" and any(use in uses for uses in file["uses"].values())]
            told = {file["path"] for file in of_use if not file.get("others")}
            # Of a folder with many files the evidence tells a part one by one, and of the others what was done with any of them.
            folders = {file["path"] for file in of_use if file.get("others")}
            untold = on_root - told
            self.assertEqual({path for path in untold if os.path.dirname(path) not in folders}, set(), f"strace alone saw these {use}")
            self.assertEqual(told - on_root, set(), f"the evidence alone says that these were {use}")
            self.assertEqual(folders - {os.path.dirname(path) for path in untold}, set(), f"nothing else was {use} in these")
            self.assertTrue(any(least[use] in path for path in on_root), f"{use}: {sorted(on_root)}")

    def test_nginx(self):
        self.check(services.Web(), {"created": "nginx.pid", "written": "nginx.pid", "removed": "nginx.pid"})

    def test_redis(self):
        self.check(services.Cache(), {"created": "dump.rdb", "written": "temp-", "removed": "temp-"})

    def test_postgresql(self):
        self.check(services.Database(), {"created": "postmaster.pid", "written": "/base/", "removed": "postmaster.pid"})

    def test_beanstalkd(self):
        self.check(Jobs(), {"created": "binlog.1", "written": "binlog.1", "removed": "binlog.1"})

    def test_git_daemon(self):
        self.check(Repository(), {"created": "/objects/", "written": "tmp_obj", "removed": ".lock"})
