#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tool_inputs.py [--recordings N] [--runs N] [TOOL…]: this host's command-line tools, recorded on some inputs each (20), and run on others (20)
under the profiles that came of these recordings, with and without `--args safe`. Prints a table. As root, some minutes.

Inputs are drawn from a fixed seed: files, options and subcommands, every fourth one on a terminal. A run passes when it ends with the status that
it has without a profile; what was refused is named either way. Nothing is left behind."""

import argparse
import http.server
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SYSCARVE_BINARY", str(SOURCE / "build/release/bin/syscarve"))
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm", "TZ": "UTC", "PAGER": "cat",
               "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
LIMIT = 60
MOST = 1000  # Inputs of either kind.
MODES = ("off", "safe")


def text(chance, lines):
    return "".join(" ".join(chance.choice(("alpha", "beta", "gamma", str(chance.random()))) for _ in range(6)) + "\n" for _ in range(lines))


def tree(folder, chance):
    """Some folders with files, links and one empty file in them."""
    for number in range(chance.randrange(1, 4)):
        below = folder / f"d{number}" / "e"
        below.mkdir(parents=True)
        for name in range(chance.randrange(1, 5)):
            (below / f"f{name}.txt").write_text(text(chance, chance.randrange(1, 3000)))
        (below / "link").symlink_to("f0.txt")
        (below / "empty").touch()


def tar(folder, chance, _):
    tree(folder, chance)
    subprocess.run(["tar", "-czf", folder / "old.tar.gz", "-C", folder, "d0"], check=True)
    return chance.choice((["tar", "-cf", "new.tar", "d0"], ["tar", "-czf", "new.tgz", "d0"], ["tar", "-tvf", "old.tar.gz"],
                          ["tar", "-xzf", "old.tar.gz", "--overwrite"], ["tar", "--exclude=*.txt", "-cvf", "new.tar", "."],
                          ["tar", "-df", "old.tar.gz"], ["tar", "-xOf", "old.tar.gz", "d0/e/f0.txt"]))


def git(folder, chance, _):
    tree(folder, chance)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run(["git", "-C", folder, *words], check=True, env={**ENVIRONMENT, "HOME": str(folder)})
    (folder / "d0/e/f0.txt").write_text(text(chance, 40))
    return ["git"] + chance.choice((["status"], ["diff"], ["log", "--stat"], ["commit", "-qam", "two"], ["checkout", "-qb", "side"],
                                    ["clone", "-q", ".", "copy"], ["grep", "alpha"], ["gc", "-q"], ["stash"], ["blame", "d0/e/f0.txt"],
                                    ["archive", "-o", "all.zip", "HEAD"], ["fsck"], ["rm", "-q", "-r", "--cached", "d0"]))


def curl(folder, chance, port):
    (folder / "body").write_text(text(chance, 200))
    at = f"http://127.0.0.1:{port}/"
    return ["curl", "-s"] + chance.choice(([at], ["-o", "out", at], ["-I", at], ["--compressed", at], ["-d", "@body", at], ["-L", at + "moved"],
                                           ["-f", at + "missing"], ["--max-time", "5", "-v", f"http://localhost:{port}/"], ["-T", "body", at],
                                           ["-Z", at, at, "-o", "a", "-o", "b"], [f"file://{folder}/body"], ["-r", "0-9", at]))


def gzip(folder, chance, _):
    (folder / "in").write_text(text(chance, chance.randrange(1, 20000)))
    subprocess.run(["gzip", "-k", folder / "in"], check=True)
    return ["gzip"] + chance.choice((["-c", "in"], ["-9", "-c", "in"], ["-fd", "in.gz"], ["-t", "in.gz"], ["-l", "in.gz"], ["-fk1", "in"], ["-dc", "missing"]))


def make(folder, chance, _):
    names = [f"t{number}" for number in range(chance.randrange(1, 9))]
    rules = "".join(f"{name}: in\n\tsort in > $@\n" for name in names)
    (folder / "in").write_text(text(chance, 50))
    (folder / "Makefile").write_text(f"all: {' '.join(names)}\n{rules}fails:\n\tfalse\nsays:\n\t@echo $(shell uname)\n.PHONY: all fails says\n")
    return ["make"] + chance.choice(([], ["-j4"], ["-n"], ["-k", "fails", "all"], ["-B", "t0"], ["-j2", "-Otarget"], ["-q"], ["says"], ["-p", "-s"]))


def python3(folder, chance, _):
    (folder / "in").write_text(text(chance, 300))
    return ["/usr/bin/python3", "-B", "-S", "-c"] + [chance.choice((
        "import json; print(json.dumps(open('in').read().split())[:99])", "import zlib; open('z', 'wb').write(zlib.compress(open('in', 'rb').read()))",
        "import threading; [threading.Thread(target=print, args=(n,)).start() for n in range(9)]",
        "import subprocess; print(subprocess.run(['sort', 'in'], capture_output=True).stdout[:9])",
        "import socket; a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))",
        "import hashlib; print(hashlib.sha256(open('in', 'rb').read()).hexdigest())", "import tempfile, os; print(len(os.listdir(tempfile.mkdtemp(dir='.'))))",
        "import multiprocessing as m; p = m.Process(target=print, args=(1,)); p.start(); p.join()",
        "import sqlite3; c = sqlite3.connect('db'); c.execute('create table t(a)'); c.commit()", "import glob; print(sorted(glob.glob('**', recursive=True)))",
        "import os, sys; print(os.isatty(0), os.isatty(1)); os.system('true')", "raise SystemExit(3)"))]


def ssh_keygen(folder, chance, _):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "old"], check=True)
    (folder / "hosts").write_text("a.example " + (folder / "old.pub").read_text())
    return ["ssh-keygen"] + chance.choice((["-q", "-t", "ed25519", "-N", "", "-f", "new"], ["-q", "-t", "ecdsa", "-N", "x" * 9, "-f", "new"],
                                           ["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", "new"], ["-l", "-f", "old.pub"], ["-y", "-f", "old"],
                                           ["-F", "a.example", "-f", "hosts"], ["-R", "a.example", "-f", "hosts"], ["-e", "-f", "old.pub"],
                                           ["-p", "-P", "", "-N", "y" * 9, "-f", "old"], ["-Y", "sign", "-f", "old", "-n", "file", "hosts"]))


def find(folder, chance, _):
    tree(folder, chance)
    return ["find", "."] + chance.choice((["-name", "*.txt"], ["-type", "l", "-ls"], ["-size", "+4k", "-printf", "%p %s\n"], ["-empty", "-delete"],
                                          ["-exec", "wc", "-l", "{}", "+"], ["-newer", "d0"], ["-execdir", "echo", "{}", ";"], ["-user", "root", "-depth"],
                                          ["-regex", ".*f[0-2].*", "-print0"], ["-L", "-samefile", "d0/e/f0.txt"]))


def sed(folder, chance, _):
    (folder / "in").write_text(text(chance, chance.randrange(1, 5000)))
    return ["sed"] + chance.choice((["s/alpha/x/g", "in"], ["-n", "/beta/p", "in"], ["-i", "s/gamma/y/", "in"], ["-E", "s/(a+)/<\\1>/", "in"], ["-i.old", "2d", "in"],
                                    ["-n", "w out", "in"], ["-z", "s/\\n/,/g", "in"], ["-s", "$!d", "in", "in"], ["p", "missing"], ["-u", "3q", "in"]))


def openssl(folder, chance, _):
    (folder / "in").write_text(text(chance, chance.randrange(1, 3000)))
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "key"], check=True)
    return ["openssl"] + chance.choice((["dgst", "-sha256", "in"], ["enc", "-aes-256-cbc", "-pbkdf2", "-k", "x", "-in", "in", "-out", "out"], ["rand", "-hex", "20"],
                                        ["genpkey", "-algorithm", "ED25519"], ["req", "-x509", "-key", "key", "-subj", "/CN=a", "-out", "cert"],
                                        ["ec", "-in", "key", "-text", "-noout"], ["dgst", "-sign", "key", "-out", "signature", "in"], ["version", "-a"],
                                        ["pkcs8", "-topk8", "-nocrypt", "-in", "key"], ["base64", "-in", "in"], ["genrsa", "1024"], ["x509", "-in", "in"]))


TOOLS = {"tar": tar, "git": git, "curl": curl, "gzip": gzip, "make": make, "python3": python3, "ssh-keygen": ssh_keygen, "find": find, "sed": sed,
         "openssl": openssl}


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = {"/missing": 404, "/moved": 302}.get(self.path, 200)
        self.send_response(status)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "5000")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"x" * 5000)

    do_HEAD = do_POST = do_PUT = do_GET

    def log_message(self, *_):
        pass


def execute(words, folder, on_terminal):
    """The exit status, or None after the time limit; the output is discarded."""
    environment = {**ENVIRONMENT, "HOME": str(folder)}
    if on_terminal:
        # A terminal of its own, which discards the output.
        words = ["script", "-qec", " ".join("'" + word.replace("'", "'\\''") + "'" for word in map(str, words)), "/dev/null"]
    try:
        return subprocess.run(words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=LIMIT, check=False).returncode
    except subprocess.TimeoutExpired:
        return None


class Trial:
    def __init__(self, name, port, top):
        self.name, self.port, self.top = name, port, top

    def on_input(self, number, *prefix):
        """Runs the tool on this input, which is created anew."""
        folder = self.top / "work"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        chance = random.Random(f"{self.name} {number}")
        words = TOOLS[self.name](folder, chance, self.port)
        return execute([*prefix, *words], folder, number % 4 == 0)

    def syscarve(self, *words):
        ended = subprocess.run([BINARY, *map(str, words)], capture_output=True, text=True, timeout=LIMIT, check=False)
        if ended.returncode:
            sys.exit(f"{self.name}: syscarve {words[0]}: {ended.stderr}")

    def row(self, recordings, runs):
        parts = []
        for number in range(recordings):
            parts.append(self.top / f"{self.name}-{number}.json")
            self.on_input(number, BINARY, "record", "-q", "-o", str(parts[-1]), "--")
            if not parts[-1].exists():
                sys.exit(f"{self.name}: input {number}: record wrote nothing")
        recording = self.top / f"{self.name}.json"
        self.syscarve("merge", *parts, "-o", recording)
        cells = [self.name]
        for mode in MODES:
            profile, report = self.top / "profile.json", self.top / "report.json"
            self.syscarve("generate", recording, "--args", mode, "-o", profile)
            rules = json.loads(profile.read_text())["syscalls"]
            passed, refused = 0, {}
            for number in range(MOST, MOST + runs):
                report.unlink(missing_ok=True)
                status = self.on_input(number)
                passed += status == self.on_input(number, BINARY, "run", "-q", "--profile", str(profile), "--report", str(report), "--")
                if not report.exists():
                    sys.exit(f"{self.name}: input {number}: run wrote no report")
                for call in json.loads(report.read_text())["refused"]:
                    refused[call["name"]] = refused.get(call["name"], 0) + 1
            if mode == "off":
                cells.append(str(len({name for rule in rules if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]})))
            else:
                cells.append(str(len({name for rule in rules if rule["action"] == "SCMP_ACT_ALLOW" and rule.get("args") for name in rule["names"]})))
            cells += [f"{passed}/{runs}", ", ".join(f"{name} ({count})" for name, count in sorted(refused.items())) or "–"]
        return cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--recordings", type=int, default=20)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("tools", nargs="*", metavar="TOOL")
    options = parser.parse_args()
    unknown = set(options.tools) - set(TOOLS)
    if unknown or not (1 <= options.runs <= MOST and 1 <= options.recordings <= MOST):
        parser.error(f"no such tool: {', '.join(sorted(unknown))}" if unknown else f"--runs and --recordings are 1 to {MOST}")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("| tool | names | as without | refused | narrowed | as without, `--args safe` | refused |\n| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory(prefix="syscarve-tools-") as top:
        for name in options.tools or TOOLS:
            if shutil.which(name) is None:
                print(f"| {name} | not installed |", flush=True)
                continue
            print("|", " | ".join(Trial(name, server.server_address[1], pathlib.Path(top)).row(options.recordings, options.runs)), "|", flush=True)
    server.shutdown()


if __name__ == "__main__":
    main()
