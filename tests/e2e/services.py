# SPDX-License-Identifier: Apache-2.0
"""nginx, redis and PostgreSQL as containers of the image syscarve-test/services: how each is started, when it is ready, its work and its
end. Each can be started as root, dropping its privileges itself as public images do, or as an ordinary user from the beginning."""

import functools

import clients
import programs
from support import wait_until

IMAGE = "services"


class Service:
    name = ""
    user = ""  # The user that it runs as in the end.
    port = 0
    stop_signal = "SIGTERM"
    needed = ""  # A call without which its work cannot be done.
    command = ()

    def create(self, engine, name=None, as_root=True, host=(), **config):
        return engine.api.create(engine.image(IMAGE), list(self.command), name, User="" if as_root else self.user,
                                 StopSignal=self.stop_signal, host=dict(host), **config)

    def serve(self, test, container):
        """Waits until the started container is ready, lets it do its work, stops it and checks that it ended well."""
        connect = functools.partial(container.connect, self.port)
        wait_until(lambda: not container.running or self.ready(connect), f"{self.name} is ready or has ended")
        if not container.running:
            test.fail(f"{self.name} ended with status {container.wait()}:\n{container.logs()}")
        try:
            self.work(test, container, connect)
        except (OSError, AssertionError) as error:
            # The service's own output usually contains the cause.
            raise AssertionError(f"{error!r}; {self.name} says:\n{container.logs()}") from error
        test.assertEqual(container.stop(), 0, container.logs())

    def ready(self, connect):
        try:
            connect().close()
            return True
        # No such process or namespace: it has just ended.
        except (ConnectionRefusedError, FileNotFoundError, ProcessLookupError):
            return False

    def work(self, test, container, connect):
        raise NotImplementedError


class Web(Service):
    name = "web"
    user = "www-data"
    port = 8080
    stop_signal = "SIGQUIT"
    needed = "listen"
    command = ("nginx", "-c", "/srv/web/nginx.conf", "-g", "daemon off;")

    def work(self, test, container, connect):
        clients.use_nginx(test, connect, "/large.txt", lambda: programs.reload_nginx(container.pid))


class Cache(Service):
    name = "cache"
    user = "redis"
    port = 6379
    needed = "listen"
    command = ("/srv/start", "redis", "/var/lib/redis", "redis-server", "/srv/cache/redis.conf")

    def work(self, test, container, connect):
        clients.use_redis(test, connect, stop=lambda _: None)


class Database(Service):
    name = "database"
    user = "postgres"
    port = 5432
    stop_signal = "SIGINT"  # Without waiting for its clients to go.
    needed = "shmget"
    command = ("/srv/start", "postgres", "/var/lib/postgresql/data", "postgres", "-D", "/var/lib/postgresql/data")

    def ready(self, connect):
        try:
            with clients.Postgres(connect):
                return True
        except (clients.PostgresError, OSError):
            return False

    def work(self, test, container, connect):
        clients.use_postgres(test, connect)


ALL = (Web, Cache, Database)
