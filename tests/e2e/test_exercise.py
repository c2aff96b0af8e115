# SPDX-License-Identifier: Apache-2.0
"""The parts of a life that were not exercised are reported, and --exercise drives them."""

import signal

import services
from containers import ContainerTest, seccomp
from support import E2eTest, load, wait_until

# A server: reloads by SIGHUP, ends by SIGTERM, and says when it is ready.
SERVER = "trap 'echo reloaded' HUP; trap 'kill $!; exit 0' TERM; sleep 1000 & echo ready; while :; do wait; done"
# The same for a container: busybox waits for its children in the end.
CONTAINER = ["sh", "-c", SERVER]
ALL = ("--exercise", "stop,reload,exec,restart,health")


def life(recording):
    return recording["subjects"][0]["life"]


class Commands(E2eTest):
    def test_a_server_that_is_killed_is_told_what_it_did_not_show(self):
        recording = self.path("killed.recording.json")
        result = self.syscarve("record", "-o", recording, "--", "sh", "-c", "trap : HUP; trap 'exit 0' TERM; kill -KILL $$")
        self.assertEqual(result.status, 137, result)
        self.assertIn("warning: not exercised: stops: was killed, how it stops was not recorded: record --exercise stop\n", result.stderr)
        self.assertIn("warning: not exercised: catches SIGHUP: never sent: record --exercise reload\n", result.stderr)
        self.assertNotIn("exec session", result.stderr)
        self.assertEqual(life(load(recording))["ends"], [{"how": "killed", "signal": "SIGKILL"}])
        made = self.syscarve("generate", recording)
        self.assertIn("not exercised: stops: was killed, how it stops was not recorded: record --exercise stop\n", made.stderr)

    def test_a_command_that_ends_by_itself_is_not_nagged(self):
        for command in (["true"], ["sh", "-c", "trap : HUP TERM; exit 3"]):
            result = self.syscarve("record", "-o", self.path("r.json"), "--", *command)
            self.assertNotIn("exercised", result.stderr)

    def exercised(self, *options, ask=True):
        recording = self.path("server.recording.json")
        output = self.path("output")
        with open(output, "wb") as stdout:
            process = self.start(self.command_line("record", "-o", recording, "--grace", "0s", *options, "--", "sh", "-c", SERVER),
                                 stdout=stdout)

        def ready():
            with open(output, encoding="utf-8") as file:
                return "ready" in file.read()
        wait_until(lambda: ready() or process.poll() is not None, "the server is ready")
        if ask:
            process.send_signal(signal.SIGTERM)
        result = self.finish(process)
        with open(output, encoding="utf-8") as file:
            return result, file.read(), load(recording)

    def test_a_command_is_exercised_when_it_is_to_end(self):
        result, output, recording = self.exercised("--exercise", "stop,reload")
        self.assertEqual((result.status, output), (0, "ready\nreloaded\n"), result)
        self.assertIn("exercise: the command was sent SIGHUP (read the configuration anew)\n", result.stderr)
        self.assertIn("exercise: the command was stopped by SIGTERM\n", result.stderr)
        self.assertNotIn("not exercised", result.stderr)
        self.assertEqual(life(recording)["ends"], [{"how": "exited", "status": 0, "taken": "SIGTERM"}])

    def test_without_stop_the_signal_is_passed_on_in_the_end(self):
        result, output, _ = self.exercised("--exercise", "reload")
        self.assertEqual((result.status, output), (0, "ready\nreloaded\n"), result)

    def test_the_duration_begins_the_exercise(self):
        result, output, _ = self.exercised("--exercise", "stop,reload", "--duration", "1s", ask=False)
        self.assertEqual((result.status, output), (0, "ready\nreloaded\n"), result)

    def test_what_cannot_be_asked_for(self):
        for options, words in ((("--exercise", "exec", "--", "true"), "--exercise exec is for containers"),
                               (("--exercise", "stop", "--pid", "1"), "--exercise goes with --docker or a command"),
                               (("--exercise", "stop", "--backend", "notify", "--", "true"), "--exercise goes with --docker or a command"),
                               (("--duration", "1s", "--", "true"), "--exercise stop"),
                               (("--exercise", "shout", "--", "true"), "--exercise")):
            result = self.syscarve("record", "-o", self.path("none.json"), *options)
            self.assertEqual(result.status, 2, result)
            self.assertIn(words, result.stderr)

    def test_by_notification_only_the_end_is_seen(self):
        recording = self.path("notify.json")
        result = self.syscarve("record", "--backend", "notify", "-o", recording, "--", "sh", "-c", "trap : HUP; kill -KILL $$")
        self.assertEqual(result.status, 137, result)
        self.assertEqual(life(load(recording)), {"start_seen": True, "ends": [{"how": "killed", "signal": "SIGKILL"}]})
        self.assertIn("not exercised: stops: was killed", result.stderr)


class Containers(ContainerTest):
    def server(self, name, **config):
        container = self.create(CONTAINER, name, **config)
        return container

    def start_server(self, container):
        container.start()
        wait_until(lambda: "ready" in container.logs(), "the server is ready")

    def test_a_container_that_is_killed_is_told_what_it_did_not_show(self):
        container = self.server("killed")
        with self.recording() as recorder:
            self.start_server(container)
            container.kill("KILL")
            container.wait()
        for words in ("stops: was killed, how it stops was not recorded: docker stop killed while it is recorded, "
                      "or record --docker --exercise stop",
                      "catches SIGHUP: never sent: docker kill --signal HUP killed while it is recorded",
                      "no exec session: docker exec killed sh -c true while it is recorded",
                      "never restarted on its data: docker restart killed while it is recorded"):
            self.assertIn(f"warning: killed was not exercised: {words}", recorder.result.stderr)
        profiles = self.new_folder()
        made = self.syscarve("generate", recorder.folder, "-o", profiles)
        self.assertIn("not exercised: stops: was killed", made.stderr)
        with open(f"{profiles}/SUMMARY.md", encoding="utf-8") as file:
            self.assertIn("- not exercised: stops: was killed", file.read())

    def test_exercise_drives_all_that_is_missing(self):
        container = self.server("full", Healthcheck={"Test": ["CMD-SHELL", "test -d /proc"], "Interval": 3600 * 10**9})
        with self.recording(*ALL) as recorder:
            self.start_server(container)
        stderr = recorder.result.stderr
        for words in ("full ran its health check", "full had an exec session: sh", "full was sent SIGHUP (read the configuration anew)",
                      "full was restarted on its data", "full was stopped by SIGTERM, and ended with status 0"):
            self.assertIn(f"exercise: {words}\n", stderr)
        self.assertNotIn("not exercised", stderr)
        self.assertEqual(container.logs(), "ready\nreloaded\nready\n")
        self.assertFalse(container.running)
        lived = life(recorder.recordings()["full"])
        self.assertEqual(lived["ends"], [{"how": "exited", "status": 0, "taken": "SIGTERM"}])
        # The health check, the session, and the health check after the restart until it passed.
        self.assertGreaterEqual(lived["watched"]["joined"], 3)
        self.assertEqual(lived["watched"]["restarts"], 1)

    def test_nothing_is_forced_that_a_container_does_not_have(self):
        deaf = self.create(["1000"], "deaf", StopTimeout=1, Env=["PATH=/nowhere"], Entrypoint=["/bin/sleep"])
        job = self.create(["true"], "job")
        with self.recording(*ALL) as recorder:
            deaf.start()
            job.start().wait()
        stderr = recorder.result.stderr
        for words in ("deaf has no health check", "deaf has no shell: no exec session could be opened", "nothing to reload",
                      "deaf did not end by SIGTERM in 1 s, and was killed", "job has ended by itself, and is not exercised"):
            self.assertIn(words, stderr)
        self.assertNotIn("deaf was not exercised: stops", stderr)
        self.assertEqual(job.wait(), 0)

    def test_what_was_stopped_before_is_started_on_its_data(self):
        container = self.server("again")
        with self.recording("--exercise", "restart") as recorder:
            self.start_server(container)
            container.stop()
        self.assertIn("exercise: again was restarted on its data\n", recorder.result.stderr)
        self.assertFalse(container.running)
        self.assertEqual(life(recorder.recordings()["again"])["watched"]["restarts"], 1)

    def test_nginx_survives_reload_shell_restart_and_stop(self):
        """The exercise alone, without a test that does any of it, yields the profile that production needs."""
        web = services.Web()
        container = web.create(self.engine, "web")
        with self.recording(*ALL) as recorder:
            container.start()
            wait_until(lambda: web.ready(lambda: container.connect(web.port)), "nginx is ready")
        self.assertNotIn("was not exercised", recorder.result.stderr)
        profiles = self.new_folder()
        made = self.syscarve("generate", recorder.folder, "-o", profiles)
        self.assertEqual(made.status, 0, made)
        again = web.create(self.engine, "enforced", host=seccomp(f"{profiles}/web.json"))
        for _ in range(2):
            again.start()
            wait_until(lambda: web.ready(lambda: again.connect(web.port)), "nginx is ready under its profile")
            again.kill("HUP")
            self.assertEqual(again.exec("sh", "-c", "id && ls /")[0], 0)
            wait_until(lambda: web.ready(lambda: again.connect(web.port)), "nginx is ready after its reload")
            self.assertEqual(again.stop(), 0, again.logs())
