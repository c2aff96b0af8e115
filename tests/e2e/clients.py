# SPDX-License-Identifier: Apache-2.0
"""Clients that give servers real work and check every response: HTTP, the Redis protocol and PostgreSQL's, with the standard library only.

`connect` is a function that returns a new connected socket, so that a server may be on this host or in a container's network.
"""

import contextlib
import functools
import http.client
import struct

from support import wait_until


class HttpConnection(http.client.HTTPConnection):
    def __init__(self, connect):
        super().__init__("localhost", timeout=30)
        self._connect_socket = connect

    def connect(self):
        self.sock = self._connect_socket()


def use_nginx(test, connect, large, reload):
    """Eight requests of each kind that the configurations in programs.py and services-image/ handle, the last after `reload()`."""
    connection = HttpConnection(connect)
    for method, path, encoding, status in (
            ("GET", "/", "", 200), ("HEAD", large, "", 200), ("GET", "/missing", "", 404), ("GET", "/status", "", 200),
            ("GET", "/gone", "", 410), ("GET", large, "", 200), ("GET", large, "gzip", 200)):
        connection.request(method, path, headers={"Accept-Encoding": encoding})
        response = connection.getresponse()
        body = response.read()
        test.assertEqual(response.status, status, path)
        if path == large and method == "GET":
            test.assertEqual(len(body) < 500000, encoding == "gzip", path)
    connection.close()
    reload()
    again = HttpConnection(connect)
    again.request("GET", "/")
    test.assertEqual(again.getresponse().read(), b"hello\n")
    again.close()


def use_redis(test, connect, stop):
    """Works with data of several kinds, waits until everything periodic has happened, and calls `stop(send)` at the end."""
    with connect() as connection:
        ask = functools.partial(ask_redis, connection, connection.makefile("rb"))
        test.assertEqual(ask("SET", "key", "value"), b"OK")
        test.assertEqual(ask("GET", "key"), b"value")
        test.assertEqual(ask("INCR", "counter"), b"1")
        test.assertEqual(ask("EXPIRE", "counter", "100"), b"1")
        for number in range(200):
            ask("RPUSH", "list", f"element{number}")
        test.assertEqual(ask("LLEN", "list"), b"200")
        test.assertEqual(ask("SET", "large", "x" * 300000), b"OK")
        test.assertEqual(len(ask("GET", "large")), 300000)
        test.assertEqual(ask("EVAL", "return redis.call('GET', 'key')", "0"), b"value")
        test.assertEqual(ask("UNLINK", "list"), b"1")
        test.assertEqual(ask("BGSAVE"), b"Background saving started")
        wait_until(lambda: b"rdb_bgsave_in_progress:0" in ask("INFO", "persistence"), "the background save is done")
        test.assertEqual(redis_info(ask, "persistence", "rdb_last_bgsave_status"), "ok")
        # Its periodic work runs ten times a second: after this time all of it has run.
        wait_until(lambda: int(redis_info(ask, "server", "uptime_in_seconds")) >= 2, "redis has run for two seconds")
        stop(connection)


def redis_request(*words):
    return b"".join([b"*%d\r\n" % len(words)] + [b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words])


def ask_redis(connection, replies, *words):
    connection.sendall(redis_request(*words))
    line = replies.readline().rstrip()
    if line.startswith(b"$"):
        return replies.read(int(line[1:]) + 2)[:-2]
    return line[1:]


def redis_info(ask, section, field):
    for line in ask("INFO", section).decode().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value
    raise AssertionError(f"INFO {section} has no {field}")


class PostgresError(Exception):
    """An error that the server reported; `code` is the SQLSTATE."""

    def __init__(self, fields):
        super().__init__(fields.get("M", "") or str(fields))
        self.code = fields.get("C", "")


class Postgres:
    """A session of the wire protocol, version 3, with a server that trusts everybody."""

    def __init__(self, connect, user="postgres", database="postgres"):
        self.notifications = []
        self._socket = connect()
        self._input = self._socket.makefile("rb")
        parameters = b"".join(text.encode() + b"\0" for text in ("user", user, "database", database)) + b"\0"
        self._socket.sendall(struct.pack(">II", 8 + len(parameters), 3 << 16) + parameters)
        try:
            self._rows()
        except BaseException:
            self._socket.close()
            raise

    def ask(self, sql):
        """The rows of the last statement in `sql`: tuples of texts, None for NULL."""
        query = sql.encode() + b"\0"
        self._socket.sendall(b"Q" + struct.pack(">I", 4 + len(query)) + query)
        return self._rows()

    def _rows(self):
        rows, error = [], None
        while True:
            kind, size = struct.unpack(">cI", self._exactly(5))
            body = self._exactly(size - 4)
            if kind == b"T":
                rows = []
            elif kind == b"D":
                rows.append(self._row(body))
            elif kind == b"A":
                self.notifications.append(tuple(body[4:].decode().split("\0")[:2]))
            elif kind == b"E":
                fields = [text.decode("utf-8", "replace") for text in body.split(b"\0") if text]
                error = PostgresError({text[0]: text[1:] for text in fields})
                if error.code.startswith("57P"):  # It is starting up or going down, and nothing will follow.
                    raise error
            elif kind == b"R" and body != b"\0\0\0\0":
                raise AssertionError("the server wants a password")
            elif kind == b"Z":
                if error:
                    raise error
                return rows

    def _row(self, body):
        count, = struct.unpack(">H", body[:2])
        values, at = [], 2
        for _ in range(count):
            size, = struct.unpack(">i", body[at:at + 4])
            at += 4
            values.append(None if size < 0 else body[at:at + size].decode())
            at += max(size, 0)
        return tuple(values)

    def _exactly(self, size):
        data = self._input.read(size)
        if len(data) != size:
            raise ConnectionResetError("the server closed the connection")
        return data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._socket.sendall(b"X" + struct.pack(">I", 4))
        self._input.close()
        self._socket.close()


def use_postgres(test, connect):
    """Tables, indexes, sorts beyond work_mem, transactions, errors, notifications between two sessions, VACUUM and CHECKPOINT."""
    with Postgres(connect) as database, Postgres(connect) as other:
        database.ask("CREATE TABLE fruit(id integer PRIMARY KEY, name text NOT NULL, weight integer)")
        for start in range(0, 5000, 500):
            values = ", ".join(f"({number}, 'fruit {number}', {number % 97})" for number in range(start, start + 500))
            database.ask(f"INSERT INTO fruit VALUES {values}")
        database.ask("INSERT INTO fruit SELECT i, md5(i::text), i % 97 FROM generate_series(5000, 29999) AS i")
        test.assertEqual(database.ask("SELECT count(*), sum(weight) FROM fruit"),
                         [("30000", str(sum(number % 97 for number in range(30000))))])
        database.ask("CREATE INDEX by_weight ON fruit(weight)")
        plan = "\n".join(line for line, in database.ask("EXPLAIN (ANALYZE, COSTS OFF) SELECT name FROM fruit ORDER BY md5(name)"))
        test.assertIn("Sort Method: external merge", plan)
        ordered = [name for name, in database.ask("SELECT name FROM fruit ORDER BY name")]
        test.assertEqual(ordered, sorted(ordered))
        test.assertEqual(len(ordered), 30000)

        database.ask("BEGIN; DELETE FROM fruit WHERE weight = 1")
        test.assertEqual(other.ask("SELECT count(*) FROM fruit WHERE weight = 1"), [("310",)])
        database.ask("ROLLBACK")
        database.ask("BEGIN; UPDATE fruit SET weight = weight + 1000 WHERE weight < 10; COMMIT")
        test.assertEqual(other.ask("SELECT count(*) FROM fruit WHERE weight >= 1000"), [("3100",)])
        with test.assertRaises(PostgresError) as caught:
            database.ask("SELECT 1 / (SELECT count(*) FROM fruit WHERE id < 0)")
        test.assertEqual(caught.exception.code, "22012")

        other.ask("LISTEN news")
        database.ask("NOTIFY news, 'hello'")
        wait_until(lambda: other.ask("SELECT 1") and other.notifications, "the notification has come")
        test.assertEqual(other.notifications, [("news", "hello")])
        database.ask("DELETE FROM fruit WHERE id % 2 = 0")
        database.ask("VACUUM ANALYZE fruit")
        database.ask("CHECKPOINT")
        database.ask("TRUNCATE fruit")
        database.ask("DROP TABLE fruit")
        test.assertEqual(database.ask("SELECT NULL, current_user"), [(None, "postgres")])
