# SPDX-License-Identifier: Apache-2.0
"""Servers under load: many clients at once, so that the calls depend on chance. test_stability.py checks how much of that
remains in a profile. `program` must be installed."""

import concurrent.futures
import contextlib
import glob
import os
import shutil
import signal
import subprocess

import clients
import programs
from support import wait_until

CLIENTS = 8
ROUNDS = 12


def in_parallel(function):
    """Lets CLIENTS threads call `function`, each with its number; raises the exception of the first that fails."""
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(function, range(CLIENTS)))


def fetch(test, connect, path, smallest):
    with contextlib.closing(clients.HttpConnection(connect)) as connection:
        connection.request("GET", path)
        test.assertGreaterEqual(len(connection.getresponse().read()), smallest)


class Loaded(programs.Server):
    user = None

    def prepare(self, folder):
        self.port = programs.free_port()
        self.served = False
        self.folder = folder

    def check(self, test, folder, result):
        test.assertTrue(self.served, result)
        test.assertEqual(result.status, 0, result)


class Nginx(programs.Nginx, Loaded):
    """Two workers, each with a pool of threads that reads the files."""
    program = "nginx"

    def prepare(self, folder):
        super().prepare(folder)
        text = programs.read(folder, "nginx.conf").replace("worker_processes 1;", "worker_processes 2;")
        programs.write(folder, "nginx.conf", text.replace("sendfile on;", "sendfile off;\n  aio threads;\n  output_buffers 2 8k;"))

    def requests(self, test, folder):
        def client(number):
            with contextlib.closing(clients.HttpConnection(self.connect)) as connection:
                for round_number in range(ROUNDS):
                    path = "/large" if (number + round_number) % 2 else "/"
                    connection.request("GET", path, headers={"Accept-Encoding": "gzip" if round_number % 3 else ""})
                    test.assertNotEqual(connection.getresponse().read(), b"")
            # A client that disconnects in the middle of a response.
            with self.connect() as impatient:
                impatient.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        in_parallel(client)
        super().requests(test, folder)

    def check(self, test, folder, result):
        Loaded.check(self, test, folder, result)


class Redis(programs.Redis, Loaded):
    """With threads that read and write the sockets, and memory that is returned to the kernel."""
    program = "redis-server"

    def command(self, folder):
        return [*super().command(folder), "--io-threads", "3", "--io-threads-do-reads", "yes", "--lazyfree-lazy-user-del", "yes"]

    def requests(self, test, folder):
        def client(number):
            with self.connect() as connection, connection.makefile("rb") as replies:
                for round_number in range(ROUNDS * 10):
                    size = (number * 997 + round_number * 7919) % 40000
                    key = f"key{number}:{round_number % 7}"
                    test.assertEqual(clients.ask_redis(connection, replies, "SET", key, "x" * size), b"OK")
                    test.assertEqual(len(clients.ask_redis(connection, replies, "GET", key)), size)
                    clients.ask_redis(connection, replies, "DEL", key)
        in_parallel(client)
        super().requests(test, folder)


class Postgres(Loaded):
    """A database of its own in the folder, made before the recording. It refuses to run as root."""
    program = "postgres"
    user = "postgres"

    def prepare(self, folder):
        super().prepare(folder)
        subprocess.run([find("initdb"), "-D", f"{folder}/data", "-A", "trust", "-N", "-U", "postgres", "--no-locale", "-E", "UTF8"],
                       user=self.user, group=self.user, extra_groups=[], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    def command(self, folder):
        return [find("postgres"), "-D", f"{folder}/data", "-p", str(self.port), "-h", "127.0.0.1", "-k", folder,
                "-c", "work_mem=64kB", "-c", "max_connections=30"]

    def requests(self, test, folder):
        def answers():
            with contextlib.suppress(clients.PostgresError, OSError):
                with clients.Postgres(self.connect):
                    return True
            return False
        wait_until(answers, "PostgreSQL accepts sessions")

        def client(number):
            with clients.Postgres(self.connect) as database:
                database.ask(f"CREATE TABLE t{number}(id integer, name text)")
                for round_number in range(1, ROUNDS):
                    database.ask(f"INSERT INTO t{number} SELECT i, md5(i::text) FROM generate_series(1, {500 * round_number}) AS i")
                    database.ask(f"SELECT name FROM t{number} ORDER BY name")
                    database.ask(f"SELECT count(*) FROM t{number} a JOIN t{number} b USING (name)")
        in_parallel(client)
        clients.use_postgres(test, self.connect)
        self.served = True

    def stop(self, folder):
        with open(f"{folder}/data/postmaster.pid", encoding="ascii") as file:
            os.kill(int(file.readline()), signal.SIGINT)


class Node(Loaded):
    """A garbage collector and a pool of threads, both of which act at unpredictable times."""
    program = "node"

    def prepare(self, folder):
        super().prepare(folder)
        programs.write(folder, "server.js", """
const http = require('http'), fs = require('fs'), zlib = require('zlib');
http.createServer((request, response) => {
  if (request.url === '/end') { response.end('bye', () => process.exit(0)); return; }
  const garbage = [];
  for (let i = 0; i < 20000; ++i) garbage.push({number: i, text: 'x' + i});
  fs.readFile(__filename, (error, data) => {
    if (error) throw error;
    zlib.gzip(Buffer.concat([data, Buffer.from(JSON.stringify(garbage.slice(0, 100)))]), (_, packed) => response.end(packed));
  });
}).listen(%d, '127.0.0.1');
""" % self.port)

    def command(self, folder):
        return [find("node"), "server.js"]

    def requests(self, test, folder):
        in_parallel(lambda _: [fetch(test, self.connect, "/", 100) for _ in range(ROUNDS)])
        self.served = True
        fetch(test, self.connect, "/end", 3)

    def stop(self, folder):
        pass  # /end was the last request.


class Proxy(Loaded):
    """Docker's proxy for published ports: the scheduler, the collector and the preemption of Go."""
    program = "docker-proxy"

    def __init__(self):
        self._server = programs.Curl()

    @contextlib.contextmanager
    def surroundings(self):
        with self._server.surroundings():
            yield

    def command(self, folder):
        # It reports on descriptor 3 that it listens.
        return ["/bin/sh", "-c", f"exec {find('docker-proxy')} -proto tcp -host-ip 127.0.0.1 -host-port {self.port} "
                                 f"-container-ip 127.0.0.1 -container-port {self._server.port} 3> ready"]

    def requests(self, test, folder):
        in_parallel(lambda _: [fetch(test, self.connect, "/large", 200000) for _ in range(ROUNDS)])
        self.served = True
        os.kill(test.recorded_pid_of(find("docker-proxy")), signal.SIGTERM)

    def stop(self, folder):
        pass


def find(program):
    """The path of an installed program, or None."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    return shutil.which(program, path=":".join([*folders, "/usr/sbin:/usr/bin:/sbin:/bin"]))


ALL = (Nginx, Redis, Postgres, Node, Proxy)
