# SPDX-License-Identifier: Apache-2.0
"""Services of tests/corpus/ as a project would have them: recorded under a small load and `--exercise`, and then verified in containers
under the profiles and complete lines made from that, with other requests, a shell, a reload, a stop and a start on their data."""

import os

import engine
from containers import ContainerTest
from support import SOURCE, load, wait_until

CORPUS = os.path.join(SOURCE, "tests/corpus")


class CorpusTest(ContainerTest):
    """A service of the corpus, named as the test is."""

    def setUp(self):
        super().setUp()
        self.name = self.id().rpartition(".test_")[2].replace("_", "-")
        self.environment["PATH"] = engine.PATH
        self.environment["CORPUS_RUN"] = f"--label {engine.LABEL}={os.getpid()}"
        self.image = self.prepared()

    def prepared(self):
        """An image with what the service's prepare() makes."""
        container = self.create(["sh", "-euc", f"cd /; . /corpus/lib.sh; . /corpus/services/{self.name}; if command -v prepare; then prepare; fi"],
                                image="services", host={"Binds": [f"{CORPUS}:/corpus:ro"]}).start()
        self.assertEqual(container.wait(), 0, container.logs())
        made = self.api.post("/commit", {}, container=container.id, repo=f"syscarve-test/corpus-{self.name}")["Id"]
        container.remove()
        self.addCleanup(lambda: self.api.call("DELETE", f"/images/{made}", force=True))
        return f"syscarve-test/corpus-{self.name}:latest"

    def script(self, work):
        return [os.path.join(CORPUS, "in_docker.sh"), self.image, self.name, work]

    def record(self, work, *options):
        recorder = self.start_recorder("--name", self.name, *options, command=self.script(work))
        wait_until(lambda: recorder.process.poll() is not None, "the recorder has ended", seconds=300)
        result = recorder.stop()
        self.assertEqual(result.status, 0, result)
        self._remove_containers(self.api)
        return recorder.folder


class Corpus(CorpusTest):
    def verify(self, *recordings):
        """The status of `verify` for the lines planned from the recordings, its output, and its report."""
        profiles = self.new_folder()
        result = self.syscarve("harden", *recordings, "-o", profiles, "--with", "exec")
        self.assertEqual(result.status, 0, result)
        report = self.path("report.json")
        result = self.syscarve("verify", "--docker", "--engine-socket", self.engine.socket, "--runs", "1", "--report", report, profiles, "--",
                               *self.script("everything"), timeout=600)
        self._remove_containers(self.api)
        return result, load(report)

    def check(self, new_power=()):
        """Nothing breaks, but for requests that need these calls, of a power that the load had not shown: these are named, and what
        mends it is to record them."""
        first = self.record("load", "--exercise", "reload,stop,restart")
        result, report = self.verify(first)
        if new_power:
            self.assertEqual(result.status, 1, result)
            self.assertEqual({call["name"] for call in report["runs"][0]["refused"] if not call["excuse"]}, set(new_power), result)
            result, report = self.verify(first, self.record("everything"))
        self.assertEqual(result.status, 0, result)
        self.assertIn("verified: nothing breaks under these profiles", result.stderr)
        enforced = report["runs"][-1]
        self.assertEqual([(one["name"], one["confined"]) for one in enforced["containers"]], [(self.name, True)])

    def test_beanstalkd(self):
        self.check()

    def test_git_daemon(self):
        self.check(new_power=["link"])

    def test_nginx(self):
        self.check()

    def test_python_http(self):
        self.check()

    def test_redis(self):
        self.check()

    def test_rsyncd(self):
        self.check(new_power=["linkat"])

    def test_tinyproxy(self):
        self.check()

    def test_xinetd(self):
        self.check()
