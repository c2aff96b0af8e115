# SPDX-License-Identifier: Apache-2.0
"""The real programs that test_programs.py records, each with fixed work whose set of calls does not depend on chance.

A Program prepares a folder, has a command to run there, and checks that the command did its work. A Server also
has a test for its readiness, the requests to make, and a way to stop. `needed` is a call without which the work cannot be done.
"""

import contextlib
import http.server
import os
import signal
import socket
import threading

import clients
from support import wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write(folder, name, text, mode=0o644):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


class Program:
    needed = ""
    # Names that only one side of a comparison may have, each with the reason. Empty: the sets must be equal.
    only_strace = {}
    only_recorded = {}
    # Names that two runs of the same work need not share, with the reason.
    unsteady = {}

    def prepare(self, folder):
        """Creates the files that the command needs in `folder`."""

    def command(self, folder):
        raise NotImplementedError

    def check(self, test, folder, result):
        """Asserts that the work was done."""
        raise NotImplementedError

    @contextlib.contextmanager
    def surroundings(self):
        """A context that must exist while the command runs, but is not recorded."""
        yield

    def use(self, test, folder, process):
        """Sends requests to a running server until it has ended. Does nothing for a command."""


class Sh(Program):
    needed = "dup2"

    def prepare(self, folder):
        write(folder, "work.sh", """set -eu
cat > lines <<END
pear
apple
fig
END
sort lines | tr a-z A-Z > sorted
(cd / && ls usr > /dev/null)
test -r sorted && [ "$(head -n 1 sorted)" = APPLE ]
for file in *; do echo "$file"; done > listing
trap 'echo caught > caught' USR1
kill -USR1 $$
wait_for() { sleep 0 & wait $!; }
wait_for
umask 077
: > private
rm lines
echo done
""")

    def command(self, folder):
        return ["/bin/sh", "work.sh"]

    def check(self, test, folder, result):
        test.assertEqual((result.status, result.stdout), (0, "done\n"), result)
        test.assertEqual(read(folder, "sorted"), "APPLE\nFIG\nPEAR\n")
        test.assertEqual(read(folder, "caught"), "caught\n")


class Python(Program):
    needed = "socketpair"

    def prepare(self, folder):
        write(folder, "work.py", """
import hashlib, json, os, signal, socket, subprocess, tempfile
with tempfile.TemporaryDirectory(dir=".") as folder:
    path = os.path.join(folder, "data.json")
    with open(path, "w") as file:
        json.dump({"numbers": list(range(1000))}, file)
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    os.rename(path, path + ".old")
    names = os.listdir(folder)
left, right = socket.socketpair()
left.sendall(b"ping")
assert right.recv(16) == b"ping"
output = subprocess.run(["/bin/echo", "child"], capture_output=True, check=True).stdout
signal.signal(signal.SIGUSR1, lambda *_: print("signal"))
os.kill(os.getpid(), signal.SIGUSR1)
big = bytearray(8 << 20)
print(digest[:8], names, output)
""")

    def command(self, folder):
        return ["/usr/bin/python3", "-I", "-B", "work.py"]

    def check(self, test, folder, result):
        test.assertEqual(result.status, 0, result)
        test.assertIn("['data.json.old'] b'child\\n'", result.stdout)


class Perl(Program):
    needed = "getdents64"

    def prepare(self, folder):
        write(folder, "work.pl", r"""
use strict; use warnings; use Socket; use POSIX ();
open(my $out, '>', 'words') or die $!; print $out "$_\n" for reverse 'a'..'e'; close $out;
open(my $in, '<', 'words') or die $!; my @words = sort <$in>; close $in;
pipe(my $reader, my $writer) or die $!;
my $child = fork(); die unless defined $child;
if ($child == 0) { close $reader; print $writer @words; close $writer; POSIX::_exit(0); }
close $writer; my @back = <$reader>; waitpid($child, 0) == $child or die;
opendir(my $dir, '.') or die $!; my @files = sort grep { !/^\./ } readdir $dir; closedir $dir;
local $SIG{ALRM} = sub { }; kill 'ALRM', $$;
my $echo = `echo shell`; chmod 0600, 'words'; utime 1, 1, 'words';
rename 'words', 'old' or die $!; mkdir 'sub'; rmdir 'sub'; unlink 'old';
print join(',', @files), ' ', scalar(@back), ' ', $echo;
""")

    def command(self, folder):
        return ["/usr/bin/perl", "work.pl"]

    def check(self, test, folder, result):
        test.assertEqual((result.status, result.stdout), (0, "words,work.pl 5 shell\n"), result)


class Git(Program):
    needed = "rename"

    def prepare(self, folder):
        write(folder, "work.sh", """set -eu
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null HOME="$PWD" GIT_PAGER=cat
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='2001-01-01T00:00:00Z' GIT_COMMITTER_DATE='2001-01-01T00:00:00Z'
git init -q -b main repository
cd repository
echo one > file
git add file
git commit -q -m first
echo two >> file
git commit -q -a -m second
git branch side HEAD~1
git checkout -q side
git merge -q main
git gc -q
git clone -q . ../clone
git log --format=%s
""")

    def command(self, folder):
        return ["/bin/sh", "work.sh"]

    def check(self, test, folder, result):
        test.assertEqual((result.status, result.stdout), (0, "second\nfirst\n"), result)
        test.assertEqual(read(folder, "clone/file"), "one\ntwo\n")


class TarGzip(Program):
    needed = "wait4"

    def prepare(self, folder):
        write(folder, "work.sh", """set -eu
mkdir -p tree/sub
head -c 300000 /dev/zero > tree/zeros
echo text > tree/sub/text
ln -s text tree/sub/link
ln tree/sub/text tree/hard
tar -czf tree.tar.gz tree
mkdir out
tar -xzf tree.tar.gz -C out
gzip -k tree/zeros
gzip -t tree/zeros.gz
cat out/tree/sub/link
""")

    def command(self, folder):
        return ["/bin/sh", "work.sh"]

    def check(self, test, folder, result):
        test.assertEqual((result.status, result.stdout), (0, "text\n"), result)
        test.assertEqual(os.path.getsize(os.path.join(folder, "out/tree/zeros")), 300000)


class LocalHttpServer(http.server.BaseHTTPRequestHandler):
    """Serves 200,000 bytes at /large and echoes POSTed data."""
    LARGE = b"0123456789" * 20000

    def do_GET(self):
        self._answer(self.LARGE)

    def do_HEAD(self):
        self._answer(self.LARGE)

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Curl(Program):
    needed = "connect"

    @contextlib.contextmanager
    def surroundings(self):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), LocalHttpServer) as server:
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield
            server.shutdown()
            thread.join()

    def command(self, folder):
        url = f"http://127.0.0.1:{self.port}"
        # One after the other in one process; --disable keeps a user's curlrc out.
        return ["/usr/bin/curl", "--disable", "-sS", "-o", "large", f"{url}/large", "--next", "-sS", "-I", "-o", "head", f"{url}/large",
                "--next", "-sS", "-d", "posted", f"{url}/echo"]

    def check(self, test, folder, result):
        test.assertEqual((result.status, result.stdout), (0, "posted"), result)
        test.assertEqual(read(folder, "large"), LocalHttpServer.LARGE.decode())


class Sqlite(Program):
    needed = "pwrite64"

    def prepare(self, folder):
        write(folder, "work.sql", """
CREATE TABLE fruit(name TEXT PRIMARY KEY, weight INTEGER);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO fruit SELECT 'fruit' || i, i FROM n;
COMMIT;
CREATE INDEX by_weight ON fruit(weight);
DELETE FROM fruit WHERE weight % 2;
VACUUM;
PRAGMA journal_mode = WAL;
UPDATE fruit SET weight = weight + 1;
SELECT count(*), sum(weight) FROM fruit;
""")

    def command(self, folder):
        return ["/usr/bin/sqlite3", "-batch", "-init", "/dev/null", "fruit.db", ".read work.sql"]

    def check(self, test, folder, result):
        test.assertEqual((result.status, result.stdout), (0, "wal\n2500|6255000\n"), result)


class Server(Program):
    def use(self, test, folder, process):
        def ready():
            if process.poll() is not None:
                return True
            try:
                self.connect().close()
                return True
            except ConnectionRefusedError:
                return False
        wait_until(ready, "the server answers or has ended")
        # A server that could not start gets no requests.
        if process.poll() is None:
            self.requests(test, folder)
            self.stop(folder)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def requests(self, test, folder):
        raise NotImplementedError

    def stop(self, folder):
        raise NotImplementedError


class Nginx(Server):
    needed = "listen"

    def prepare(self, folder):
        self.port = free_port()
        self.served = False
        os.mkdir(os.path.join(folder, "html"))
        os.chmod(folder, 0o755)
        write(folder, "html/index.html", "hello\n")
        write(folder, "html/large", "0123456789" * 50000)
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            os.mkdir(os.path.join(folder, name))
        # Ordinary users only get a warning about `user`.
        write(folder, "nginx.conf", f"""
user www-data;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  sendfile on;
  gzip on;
  gzip_types text/plain;
  server {{
    listen 127.0.0.1:{self.port};
    root {folder}/html;
    location = /status {{ return 200 "ok\\n"; }}
    location = /gone {{ return 410; }}
  }}
}}
""")

    def command(self, folder):
        return ["/usr/sbin/nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf", "-g", "daemon off;"]

    def requests(self, test, folder):
        clients.use_nginx(test, self.connect, "/large", lambda: reload_nginx(int(read(folder, "nginx.pid"))))
        self.served = True

    def stop(self, folder):
        os.kill(int(read(folder, "nginx.pid")), signal.SIGQUIT)

    def check(self, test, folder, result):
        test.assertTrue(self.served, result)
        test.assertEqual(result.status, 0, result)
        test.assertEqual(len(read(folder, "access.log").splitlines()), 8)


class Redis(Server):
    needed = "listen"

    def prepare(self, folder):
        self.port = free_port()
        self.served = False
        self.folder = folder

    def command(self, folder):
        return ["/usr/bin/redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly",
                "yes", "--appendfsync", "always", "--daemonize", "no"]

    def requests(self, test, folder):
        def shut_down(connection):
            connection.sendall(clients.redis_request("SHUTDOWN"))
            connection.recv(1)
        clients.use_redis(test, self.connect, shut_down)
        self.served = True

    def stop(self, folder):
        pass  # SHUTDOWN was the last request.

    def check(self, test, folder, result):
        test.assertTrue(self.served, result)
        test.assertEqual(result.status, 0, result)


def reload_nginx(master):
    """SIGHUP, then waits until the old worker has gone and a new one is there."""
    old = children(master)
    os.kill(master, signal.SIGHUP)
    wait_until(lambda: children(master) and not set(children(master)) & set(old), "nginx has new workers")


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []
