#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""record_companions.py SYSCARVE: records profiles/rules/companions.json anew, as root, and prints it.

Companions are not a service's own work, but run in its container: a shell that a user opens there, a health check, an init in front of the
program, a terminal. Each is recorded with the programs that images have: busybox, and Debian's dash with coreutils, curl and wget. Needs the
packages busybox-static, dash, coreutils, findutils, grep, procps, hostname, curl, wget, tini and util-linux, and Linux with BPF.
"""

import http.server
import json
import os
import pathlib
import platform
import pty
import signal
import subprocess
import sys
import tempfile
import threading
import time

# What somebody does who looks into a container. COMMAND & is stopped again by job control's and by kill's means.
SESSION = """
id
pwd
cd /tmp
ls -la /
cat /etc/hostname
hostname
env
uname -a
date
ps
head -n 1 /etc/passwd | wc -l
tail -n 1 /etc/passwd
grep root /etc/passwd
sort /etc/passwd | uniq | cut -d: -f1
sed -n 1p /etc/passwd
awk -F: 'NR == 1 { print $1 }' /etc/passwd
find /etc -maxdepth 1 -name 'pass*'
readlink /proc/self/exe
stat /etc/passwd
df /
du -s /etc/apt
echo text > note
cp note copy
mv copy moved
ln -s moved link
chmod 600 moved
touch moved
mkdir folder
rmdir folder
rm -f note moved link
cat /proc/1/status
umask
ulimit -a
value=$(echo inner)
test -e /etc/passwd
sleep 100 &
kill $!
wait
sleep 0.05
tail -f /etc/passwd &
sleep 0.2
kill $!
exit 0
"""


def calls_of(recording, only=None):
    """The names in a recording, those that the programs in `only` made, by the last part of their paths."""
    recording = json.loads(pathlib.Path(recording).read_text(encoding="utf-8"))
    if not recording["complete"]["complete"]:
        sys.exit(f"incomplete: {recording['complete']}")
    wanted = {str(program["id"]) for program in recording["programs"] if only is None or program["path"].rsplit("/", 1)[-1] in only}
    names = set()
    for run in recording["runs"]:
        for subject in run["subjects"]:
            names |= {call["name"] for call in subject["calls"] if wanted & set(call["programs"])}
    return names


class Recorder:
    def __init__(self, syscarve, folder):
        self.syscarve, self.folder, self.count = syscarve, folder, 0

    def command(self, words):
        self.count += 1
        self.output = f"{self.folder}/{self.count}.json"
        return [self.syscarve, "record", "-q", "-o", self.output, "--", *words]

    def run(self, words, environment, text="", only=None):
        subprocess.run(self.command(words), input=text.encode(), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=120, check=False)
        return calls_of(self.output, only)

    def run_in_terminal(self, words, environment, text, only=None):
        """The same by hand at a terminal: a line is typed when the last one has been answered."""
        command = self.command(words)
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(command[0], command, environment)
        for line in text.strip().splitlines():
            os.write(terminal, line.encode() + b"\n")
            time.sleep(0.05)
        try:
            while os.read(terminal, 65536):
                pass
        except OSError:  # Its last program has closed it.
            pass
        os.waitpid(pid, 0)
        os.close(terminal)
        return calls_of(self.output, only)


def version_of(package):
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=True).stdout.split("-")[0].split(":")[-1]


def serve():
    class Quiet(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main():
    if len(sys.argv) != 2 or os.geteuid() != 0:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(os.path.realpath(sys.argv[1]), folder)
        applets = f"{folder}/applets"
        os.mkdir(applets)
        subprocess.run(["busybox", "--install", "-s", applets], check=True)
        shells = {
            f"busybox {version_of('busybox-static')}": {"PATH": applets, "HOME": "/root", "TERM": "xterm"},
            f"dash {version_of('dash')} with coreutils {version_of('coreutils')}": {"PATH": "/usr/bin:/bin", "HOME": "/root", "TERM": "xterm"},
        }
        server = serve()
        port = server.server_address[1]
        companions = []

        def add(kind, program, names):
            companions.append({"kind": kind, "program": program, "names": sorted(names)})

        for program, environment in shells.items():
            shell = f"{applets}/sh" if program.startswith("busybox") else "/usr/bin/dash"
            names = recorder.run([shell], environment, SESSION) | recorder.run([shell, "-c", SESSION], environment)
            add("exec", program, names | recorder.run_in_terminal([shell, "-i"], environment, SESSION))
            checks = [f"wget -q -O - http://localhost:{port}/ || exit 1", f"wget -q --spider http://127.0.0.1:{port}/"]
            if program.startswith("busybox"):
                checks.append(f"nc 127.0.0.1 {port} < /dev/null")
            else:
                checks.append(f"curl -fsS -o /dev/null http://localhost:{port}/ || exit 1")
                checks.append(f"curl -f http://127.0.0.1:{port}/")
                program = f"{program}, curl {version_of('curl')}, wget {version_of('wget')}"
            checks.append("test -e /proc/1 && cat /proc/uptime | grep -q .")
            names = set()
            for check in checks:
                names |= recorder.run([shell, "-c", check], environment)
            add("health", program, names)
        server.shutdown()

        # As process 1 of a namespace, where it waits for processes that are not its own; told to stop; and with a terminal.
        environment = {"PATH": "/usr/bin:/bin"}
        init = f"tini {version_of('tini')}"
        as_first = ["unshare", "--pid", "--fork", "--kill-child", "tini", "--"]
        orphan = "(sleep 0.1 &) ; sleep 0.3"
        stopped = "kill -TERM 1; sleep 10"
        names = recorder.run([*as_first, "sh", "-c", orphan], environment, only={"tini"})
        names |= recorder.run([*as_first, "sh", "-c", stopped], environment, only={"tini"})
        names |= recorder.run(["tini", "-s", "-g", "--", "sh", "-c", "kill -TERM $PPID; sleep 10"], environment, only={"tini"})
        names |= recorder.run(["tini", "--", "/does/not/exist"], environment, only={"tini"})
        add("init", init, names | recorder.run_in_terminal([*as_first, "sh", "-i"], environment, "sleep 0.1\nexit", only={"tini"}))

        # What a shell asks for only because it has a terminal.
        for program, environment in shells.items():
            shell = f"{applets}/sh" if program.startswith("busybox") else "/usr/bin/dash"
            program = program.split(" with ")[0]
            names = recorder.run_in_terminal([shell, "-i"], environment, "echo here\nexit\n")
            add("tty", program, names - recorder.run([shell, "-c", "echo here"], environment))

    distribution = platform.freedesktop_os_release()["PRETTY_NAME"]
    source = f"tests/support/record_companions.py, {distribution}, Linux {'.'.join(platform.release().split('.')[:2])}, {platform.machine()}"
    companions.sort(key=lambda companion: (companion["kind"], companion["program"]))
    print('{\n  "schema": "syscarve.companions/1",\n  "source": %s,\n  "companions": [' % json.dumps(source))
    print(",\n".join("    " + json.dumps(companion) for companion in companions))
    print("  ]\n}")


if __name__ == "__main__":
    main()
