"""Containers of a real engine: their services work, they are recorded from their first call, and their profiles hold."""

import os

import engine
import services
from containers import ContainerTest
from support import E2eTest, process_state


class Engines(E2eTest):
    needs_bpf = False

    def setUp(self):
        super().setUp()
        try:
            self.engine = engine.Engine.start()
        except engine.Missing as reason:
            self.skipTest(str(reason))
        self.addCleanup(self.end)

    def end(self):
        return self.engine.end() if os.path.exists(self.engine.folder) else []

    def assert_gone(self):
        self.assertFalse(os.path.exists(self.engine.folder))
        self.assertEqual([words for _, words in engine.processes() if any(self.engine.folder in word for word in words)], [])
        with open("/proc/self/mountinfo") as mounts:
            self.assertNotIn(self.engine.folder, mounts.read())

    def test_leaves_nothing(self):
        api = self.engine.api
        container = api.create(self.engine.image("busybox"), ["sh", "-c", "echo $((6 * 7)); exit 3"]).start()
        self.assertEqual((container.wait(), container.logs()), (3, "42\n"))
        container.remove()
        self.assertEqual(self.end(), [])
        self.assert_gone()

    def test_cleans_up_after_a_crash_and_says_what_was_left(self):
        api = self.engine.api
        network = api.post("/networks/create", {"Name": "lost"})["Id"]
        container = api.create(self.engine.image("busybox"), ["sleep", "1000"], host={"NetworkMode": "lost"}).start()
        pid = container.pid
        self.engine.crash()
        self.assertEqual(process_state(pid), "S")
        left = "\n".join(self.end())
        for expected in (f"process {pid}", "containerd-shim", f"network br-{network[:12]}", f"/docker/{container.id}", "mount "):
            self.assertIn(expected, left)
        self.assertIn(process_state(pid), ("", "Z"))
        self.assertFalse(os.path.exists(f"/sys/class/net/br-{network[:12]}"))
        self.assert_gone()

    def test_crashed_one_comes_back_on_its_folder(self):
        container = self.engine.api.create(self.engine.image("busybox"), ["sleep", "1000"], "survivor", StopSignal="SIGKILL").start()
        self.engine.crash()
        self.engine.boot()
        self.assertEqual(container.inspect()["Name"], "/survivor")
        container.remove()
        # Of the first dockerd, which could not undo it any more.
        self.assertEqual(self.end(), [f"mount {self.engine.folder}/data"])


class Service:
    service_type = None

    def test_works_as_root(self):
        self.serve(as_root=True)

    def test_works_as_its_own_user(self):
        self.serve(as_root=False)

    def serve(self, **options):
        service = self.service_type()
        container = service.create(self.engine, **options).start()
        service.serve(self, container)


class Web(Service, ContainerTest):
    service_type = services.Web


class Cache(Service, ContainerTest):
    service_type = services.Cache


class Database(Service, ContainerTest):
    service_type = services.Database
