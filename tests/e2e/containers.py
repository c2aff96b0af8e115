# SPDX-License-Identifier: Apache-2.0
"""Common parts of the tests with containers: an engine, and a check that no container of a test is left in it."""

import contextlib
import glob
import os
import signal

import engine
from engine import LABEL
from support import E2eTest, Result, load, shares, wait_until

RECORDING = ".recording.json"


class Recorder:
    """A `syscarve record --docker` that is armed, and afterwards what it wrote."""

    def __init__(self, test, process, folder, messages):
        self._test = test
        self._messages = messages
        self.process = process
        self.folder = folder
        self.result = None

    def stderr(self):
        with open(self._messages, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        ended = self._test.finish(self.process)
        self.result = Result(ended.status, ended.stdout, self.stderr())
        return self.result

    def files(self):
        """subject -> path of its recording; the whole folder, so that a file with an unexpected name is found, too."""
        return {os.path.basename(path)[:-len(RECORDING)]: path for path in glob.glob(f"{self.folder}/**/*{RECORDING}", recursive=True)}

    def recordings(self):
        return {name: load(path) for name, path in self.files().items()}


@shares("containers")
class ContainerTest(E2eTest):
    def setUp(self):
        super().setUp()
        try:
            self.engine, done = engine.provide()
        except engine.Missing as reason:
            self.skipTest(str(reason))
        self.addCleanup(lambda: self.assertEqual(done(), [], "the engine left something behind"))
        self.api = self.engine.api
        self.addCleanup(self._remove_containers, self.api)
        self.environment.update(self.engine.environment())

    # A test's containers are its own. The engine may be shared, and must not keep them.
    def _remove_containers(self, api):
        for found in api.containers(label=[f"{LABEL}={os.getpid()}"]):
            engine.Container(api, found["Id"]).remove()
        self.assertEqual(api.containers(label=[f"{LABEL}={os.getpid()}"]), [])

    def create(self, command, name=None, image="busybox", **config):
        return self.api.create(self.engine.image(image), command, name, **config)

    def docker(self, *arguments, **options):
        return self.run_process([engine.DOCKER, *arguments], **options)

    def start_recorder(self, *options, command=()):
        folder = self.new_folder()
        messages = self.path(f"{os.path.basename(folder)}.stderr")
        with open(messages, "wb") as stderr:
            process = self.start(self.command_line("record", "--docker", "--engine-socket", self.engine.socket, "-o", folder, *options,
                                                   *(["--", *command] if command else [])), stderr=stderr)
        recorder = Recorder(self, process, folder, messages)
        wait_until(lambda: process.poll() is not None or "recording" in recorder.stderr(), "the recorder is armed")
        self.assertIsNone(process.poll(), recorder.stderr())
        return recorder

    @contextlib.contextmanager
    def recording(self, *options, expect=0):
        """Records the engine's containers while the block runs."""
        recorder = self.start_recorder(*options)
        yield recorder
        result = recorder.stop()
        self.assertEqual(result.status, expect, result)


def seccomp(profile):
    """The HostConfig that lets the engine enforce the profile in the file `profile`."""
    with open(profile, encoding="utf-8") as file:
        return {"SecurityOpt": ["seccomp=" + file.read()]}
