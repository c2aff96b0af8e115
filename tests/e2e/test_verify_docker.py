# SPDX-License-Identifier: Apache-2.0
"""`verify --docker`: containers under the profiles that were generated for them. Each thing that can break is broken once, and must be
reported with the call, the program and a remedy."""

import glob
import json
import os
import pwd
import signal
import stat
import textwrap
import xml.etree.ElementTree as xml

import engine
from containers import ContainerTest
from podman import PodmanMixin
from support import NOBODY, E2eTest, load, shares, wait_until

IMAGE = "syscarve-test/busybox:latest"
# What its work needs beside what every container does: mkdir, and as root CAP_CHOWN.
WORK = "mkdir /tmp/made && chown 7:7 /tmp/made && echo done"
# Another user executes a set-user-ID copy of a program that asks for root.
GAIN = ("echo other:x:1000:1000::/:/bin/sh > /etc/passwd; cp /workloads/effective_root /tmp/gain; chmod 4755 /tmp/gain; "
        "su other -c /tmp/gain")
# Takes a raw socket, of which root in a container is capable unless it is told otherwise.
RAW = "ping -c 1 127.0.0.1"


class VerifyDocker(ContainerTest):
    def setUp(self):
        super().setUp()
        self.engine.image("busybox")
        self.environment["PATH"] = engine.PATH
        self.next_script = 0

    def script(self, *lines):
        """A command that tests would be: `run NAME WORK…` runs a container to its end."""
        self.next_script += 1
        path = self.path(f"tests-{self.next_script}.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(f"""\
                #!/bin/sh
                set -e
                here={self.path()}
                begin() {{
                    docker run --network none --label {engine.LABEL}={os.getpid()} --name "$@"
                }}
                run() {{
                    name=$1; shift
                    begin $name --rm {IMAGE} sh -c "$*"
                }}
                # How often this has been called.
                count() {{
                    echo >> $here/count-{self.next_script}
                    wc -l < $here/count-{self.next_script}
                }}
                """))
            file.write("\n".join(lines) + "\n")
        os.chmod(path, 0o755)
        return path

    def profiles(self, script, *options):
        """A folder with the profiles of what `script` starts, as a user makes it."""
        recorder = self.start_recorder(*options, command=[script])
        wait_until(lambda: recorder.process.poll() is not None, "the recorder has ended with its command", seconds=120)
        result = recorder.stop()
        self.assertEqual(result.status, 0, result)
        folder = self.new_folder()
        result = self.syscarve("generate", recorder.folder, "-o", folder)
        self.assertEqual(result.status, 0, result)
        return folder

    def verify(self, profiles, script, *options, **process_options):
        report = os.path.join(self.new_folder(), "report.json")
        words = ["verify", "--docker", "--engine-socket", self.engine.socket, "--report", report, *options, *profiles, "--", script]
        result = self.syscarve(*words, timeout=300, **process_options)
        self.assertTrue(os.path.exists(report), result)
        return result, load(report)

    def kinds(self, report):
        return [problem["kind"] for problem in report["problems"]]

    def remove_call(self, folder, service, call):
        path = os.path.join(folder, f"{service}.json")
        profile = load(path)
        for rule in profile["syscalls"]:
            if rule["action"] == "SCMP_ACT_ALLOW" and call in rule["names"]:
                rule["names"].remove(call)
        self.store_profile(path, profile)

    def store_profile(self, path, profile):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(profile, file)

    def all_but(self, service, *missing):
        """A folder with a profile that allows everything, except that the calls get ENOSYS."""
        folder = self.new_folder()
        rules = [{"names": list(missing), "action": "SCMP_ACT_ERRNO", "errnoRet": 38}] if missing else []
        self.store_profile(f"{folder}/{service}.json", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules})
        return folder


class WholeLine(VerifyDocker):
    """Containers under what `harden` plans besides profile and capabilities."""

    def hardened(self, line):
        folder = self.all_but("web")
        self.store_profile(f"{folder}/hardening.json", {"schema": "syscarve.hardening/1", "services": {"web": {"line": line}}})
        return folder

    def proofs(self, folder):
        path = f"{folder}/hardening-proofs.json"
        return load(path)["services"] if os.path.exists(path) else {}

    def test_it_is_in_force_and_then_proven(self):
        script = self.script(
            'docker run -d --network none --name web ' + f"--label {engine.LABEL}={os.getpid()} {IMAGE} sleep 100 > $here/id",
            "docker inspect web --format '{{json .}}' > $here/inspect-$(count).json",
            "docker exec web sh -c 'mkdir -p /run /data && touch /run/a /data/b && id -u && grep NoNewPrivs /proc/self/status'",
            "docker exec web touch /outside && echo written || true", "docker kill web >&2", "docker rm -v web >&2")
        line = {"no_new_privileges": True, "read_only_root": True, "user": "0:0", "memory_bytes": 64 << 20, "cpu_milli": 1500, "pids": 32,
                "open_files": 1024, "no_network": True, "private_ipc": True,
                "writable": {"/data": {"kind": "volume"}, "/run": {"kind": "tmpfs", "size": "1m"}}}
        folder = self.hardened(line)
        result, report = self.verify([folder], script)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.stdout.count("written"), 1)  # Without the line.
        self.assertIn("NoNewPrivs:\t1", result.stdout)
        container = load(self.path("inspect-2.json"))
        host = container["HostConfig"]
        self.assertEqual((host["ReadonlyRootfs"], host["Memory"], host["MemorySwap"], host["NanoCpus"], host["PidsLimit"], host["NetworkMode"]),
                         (True, 64 << 20, 64 << 20, 1_500_000_000, 32, "none"))
        self.assertEqual(host["Tmpfs"], {"/run": "rw,nosuid,nodev,noexec,size=1m,mode=1777"})
        self.assertEqual([mount["Destination"] for mount in container["Mounts"]], ["/data"])
        self.assertIn("no-new-privileges:true", host["SecurityOpt"])
        self.assertEqual(self.proofs(folder)["web"]["line"], line)
        self.assertTrue(report["passed"])

    def test_each_setting_stops_what_it_is_for(self):
        for line, work in [
                ({"read_only_root": True}, "touch /outside"),
                ({"pids": 16}, "i=0; while [ $i -lt 40 ]; do sleep 2 & i=$((i+1)); done; wait"),
                ({"memory_bytes": 16 << 20}, "dd if=/dev/zero of=/dev/null bs=64M count=1"),
                ({"user": "65534:65534"}, "chown 7:7 /tmp"),
                ({"no_new_privileges": True}, GAIN),
                ({"read_only_root": True, "writable": {"/tmp": {"kind": "tmpfs", "size": "1m"}}}, "dd if=/dev/zero of=/tmp/x bs=1M count=8")]:
            with self.subTest(work):
                folder = self.hardened(line)
                result, report = self.verify([folder], self.script(f"run web '{work}'"))
                self.assertEqual(result.status, 1, result)
                self.assertIn("fails", self.kinds(report))
                self.assertIn("--leave-out", result.stderr)
                self.assertEqual(self.proofs(folder), {})

    def test_what_they_stop_is_what_works_without(self):
        result, report = self.verify([self.hardened({"pids": 100})], self.script(f"run web '{GAIN}'", f"run web '{RAW}'"))
        self.assertEqual((result.status, result.stdout.splitlines().count("1000 0")), (0, 2), result)

    def test_without_the_capability_there_is_no_raw_socket(self):
        folder = self.hardened({"pids": 100})
        with open(f"{folder}/capabilities.yaml", "w", encoding="utf-8") as file:
            file.write("web: []\n")
        # Only when it is in force: otherwise the run without shows that it is needed.
        result, report = self.verify([folder], self.script(f"if [ $(count) = 2 ]; then run web '{RAW}'; else run web 'ls /'; fi"))
        self.assertEqual(result.status, 1, result)
        self.assertIn("fails", self.kinds(report))
        self.assertIn("permission denied", result.stderr)
        self.assertEqual(self.proofs(folder), {})

    def test_seccomp_refuses_a_raw_socket_and_no_other(self):
        folder = self.hardened({"pids": 100})
        raw = {"index": 1, "value": 15, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"}
        self.store_profile(f"{folder}/web.json", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": [raw]}]})
        result, report = self.verify([folder], self.script(
            f"if [ $(count) = 2 ]; then run web '{RAW} || echo no; ifconfig lo > /dev/null && echo other'; else run web 'ifconfig lo'; fi"))
        self.assertEqual(result.status, 1, result)
        self.assertIn("refused", self.kinds(report))
        self.assertRegex(result.stderr, r"web: refused socket \(\w+\), 1 time, by /bin/busybox\n")
        self.assertIn("no\nother\n", result.stdout)
        self.assertEqual(self.proofs(folder), {})


class Passes(VerifyDocker):
    def test_what_was_recorded_passes_and_was_confined(self):
        script = self.script(f"run web '{WORK}'", "run other 'echo unknown'")
        folder = self.profiles(script, "--name", "web")
        with open(f"{folder}/capabilities.yaml", encoding="utf-8") as file:
            self.assertIn('"web": [CAP_CHOWN]', file.read())
        result, report = self.verify([folder], script, "--runs", "2")
        self.assertEqual(result.status, 0, result)
        self.assertIn("verified: nothing breaks under these profiles", result.stderr)
        self.assertEqual(result.stdout.count("done"), 4)
        self.assertEqual([run["enforced"] for run in report["runs"]], [False, False, True, True])
        for run in report["runs"]:
            self.assertEqual([(one["service"], one["name"], one["confined"], one["status"]) for one in run["containers"]],
                             [("web", "web", run["enforced"], 0)])
        self.assertTrue(report["passed"])
        self.assertEqual(report["profiles"], {"web": f"{folder}/web.json"})

    def test_the_profile_is_what_the_container_runs_under(self):
        # Asked of the kernel and of the engine while it is in force.
        script = self.script(
            'docker run -d --network none --name web ' + f"--label {engine.LABEL}={os.getpid()} {IMAGE} sleep 100 > $here/id",
            "docker inspect web --format '{{json .HostConfig}}' > $here/host-$(count).json",
            "docker exec web grep -E 'Seccomp_filters|CapEff' /proc/self/status", "docker kill web >&2", "docker rm web >&2")
        folder = self.all_but("web", "acct")
        with open(f"{folder}/capabilities.yaml", "w", encoding="utf-8") as file:
            file.write("web: [CHOWN]\n")
        result, report = self.verify([folder], script)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.stdout.split().count("0000000000000001"), 1, result)
        host = load(self.path("host-2.json"))
        self.assertEqual((host["CapDrop"], [name.removeprefix("CAP_") for name in host["CapAdd"]]), (["ALL"], ["CHOWN"]))
        (option,) = host["SecurityOpt"]
        self.assertEqual(json.loads(option.removeprefix("seccomp=")), load(f"{folder}/web.json"))
        self.assertFalse(load(self.path("host-1.json"))["SecurityOpt"])

    def test_what_clients_take_a_connection_over_for(self):
        # Both directions of attach and exec, half-closed; output larger than any buffer; an answer without an end.
        script = self.script(
            f"echo hello | docker run -i --rm --network none --label {engine.LABEL}={os.getpid()} --name web {IMAGE} sh -c 'cat; echo end'",
            "begin web -d {} sh -c 'trap \"exit 0\" TERM; while :; do sleep 0.1; done' >&2".format(IMAGE),
            "echo through exec | docker exec -i web sh -c 'cat; exit 3' || echo status $?",
            "test $(docker exec web sh -c 'dd if=/dev/zero bs=1M count=8 2>&-' | wc -c) = 8388608 && echo large",
            "docker wait web > $here/waited & docker stop -t 20 web >&2", "wait $!", "cat $here/waited", "docker rm web >&2",
            "docker inspect nobody >&2 || echo no such container")
        result, report = self.verify([self.all_but("web")], script)
        self.assertEqual(result.status, 0, result)
        expected = ["hello", "end", "through exec", "status 3", "large", "0", "no such container"]
        self.assertEqual(result.stdout.splitlines(), expected * 2)

    def test_a_user_may_no_more_at_the_engine_than_without(self):
        script = self.script("id -u", "run web 'echo done'")
        words = ["verify", "--docker", "--engine-socket", self.engine.socket, "--user", NOBODY, self.all_but("web"), "--", script]
        result = self.syscarve(*words)
        self.assertEqual((result.status, result.stdout), (3, ""), result)
        self.assertIn("Permission denied", result.stderr)
        for path, mode in ((self.engine.socket, 0o666), (os.path.dirname(self.engine.socket), 0o711)):
            self.addCleanup(os.chmod, path, stat.S_IMODE(os.stat(path).st_mode))
            os.chmod(path, mode)
        result = self.syscarve(*words)
        self.assertEqual(result.status, 0, result)
        self.assertEqual(result.stdout.split(), [str(pwd.getpwnam(NOBODY).pw_uid), "done"] * 2)

    def test_compose(self):
        with open(self.path("docker-compose.yml"), "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(f"""\
                version: "3"
                services:
                  worker:
                    image: {IMAGE}
                    network_mode: none
                    cap_add: [NET_ADMIN]
                    command: sh -c '{WORK}'
                    labels: {{{engine.LABEL}: "{os.getpid()}"}}
                """))
        script = self.script(f"cd {self.path()}", "docker-compose -p verified up", "docker-compose -p verified down -v >&2")
        folder = self.profiles(script)
        self.assertTrue(os.path.exists(f"{folder}/worker.json"))
        result, report = self.verify([folder], script)
        self.assertEqual(result.status, 0, result)
        self.assertEqual([one["confined"] for run in report["runs"] for one in run["containers"]], [False, True])
        self.remove_call(folder, "worker", "mkdir")
        result, report = self.verify([f"worker={folder}/worker.json"], script)
        self.assertEqual((result.status, self.kinds(report)), (1, ["refused"]), result)


class Refuses(VerifyDocker):
    def test_a_name_that_is_missing(self):
        script = self.script(f"run web '{WORK}'")
        folder = self.profiles(script)
        self.remove_call(folder, "web", "mkdir")
        result, report = self.verify([folder], script)
        self.assertEqual((result.status, self.kinds(report)), (1, ["refused"]), result)
        self.assertRegex(result.stderr, r"web: would refuse mkdir \(\w+\), 1 time, by /bin/busybox\n")
        self.assertIn("generate --allow mkdir", result.stderr)
        self.assertIn("syscarve record --docker", result.stderr)
        # Nothing was enforced: the work was done.
        self.assertEqual((result.stdout.count("done"), [run["enforced"] for run in report["runs"]]), (1, [False]))
        (refused,) = report["runs"][0]["refused"]
        self.assertEqual((refused["service"], refused["name"], refused["programs"]), ("web", "mkdir", ["/bin/busybox"]))

    def test_a_name_that_is_missing_only_when_it_is_enforced(self):
        script = self.script("if [ $(count) = 3 ]; then run web 'mkdir /tmp/made; echo done'; else run web 'ls / > /tmp/list; echo done'; fi")
        folder = self.profiles(script)
        self.remove_call(folder, "web", "mkdir")
        result, report = self.verify([folder], script)
        # It goes on without, so that nothing but the refusal shows it.
        self.assertEqual((result.status, self.kinds(report)), (1, ["refused"]), result)
        self.assertRegex(result.stderr, r"web: refused mkdir \(\w+\), 1 time, by /bin/busybox\n")
        self.assertIn("generate --allow mkdir", result.stderr)

    def test_the_test_is_named(self):
        syscarve = self.command_line()[0]
        script = self.script(f"{syscarve} mark upload", f"run web '{WORK}'", f"{syscarve} mark afterwards")
        folder = self.profiles(script)
        self.remove_call(folder, "web", "mkdir")
        result, report = self.verify([folder], script)
        self.assertEqual(result.status, 1, result)
        self.assertRegex(result.stderr, r"mkdir .* by /bin/busybox, in test upload\n")

    def test_a_capability_that_is_missing(self):
        script = self.script(f"run web '{WORK}'")
        folder = self.profiles(script)
        with open(f"{folder}/capabilities.yaml", "w", encoding="utf-8") as file:
            file.write("web: []\n")
        result, report = self.verify([folder], script)
        self.assertEqual((result.status, self.kinds(report)), (1, ["capability"]), result)
        self.assertRegex(result.stderr, r"web needs CAP_CHOWN, for f?chown(at)?, and would not have it\n")
        self.assertIn("capabilities.yaml", result.stderr)

    def test_a_capability_that_is_missing_only_when_it_is_enforced(self):
        script = self.script("if [ $(count) = 3 ]; then run web 'chown 7:7 /tmp && echo done'; else run web 'chown 0:0 /tmp && echo done'; fi")
        folder = self.profiles(script)
        with open(f"{folder}/capabilities.yaml", "w", encoding="utf-8") as file:
            file.write("web: []\n")
        result, report = self.verify([folder], script)
        self.assertEqual(result.status, 1, result)
        self.assertIn("capability", self.kinds(report))
        self.assertRegex(result.stderr, r"web was refused CAP_CHOWN, for f?chown(at)?\n")

    def test_a_shell_that_joins(self):
        def script(*session):
            return self.script(f"begin web -d --stop-signal KILL {IMAGE} sleep 600 >&2", *session, "docker rm -f web >&2")
        folder = self.profiles(script())
        result, report = self.verify([folder], script("docker exec web sh -c 'mkdir /tmp/made; ls | wc -l' || true"), "--runs", "1")
        self.assertEqual((result.status, set(self.kinds(report))), (1, {"refused"}), result)
        self.assertIn("If an exec session or a health check made it: generate --with exec", result.stderr)
        result, report = self.verify([folder], script(), "--runs", "1")
        self.assertEqual(result.status, 0, result)

    def test_what_the_runtime_needs(self):
        script = self.script("run web 'echo done'")
        folder = self.profiles(script)
        self.remove_call(folder, "web", "execve")
        result, report = self.verify([folder], script)
        self.assertEqual(result.status, 1, result)
        self.assertRegex(result.stderr, r"web: would refuse execve .*")


class Stops(VerifyDocker):
    # It ends only when it has killed what it waits for.
    SERVER = "sleep 600 & child=$!; trap \"kill -9 $child\" TERM; wait $child; wait $child; exit 0"

    def stopping(self):
        with open(self.path("server.sh"), "w", encoding="utf-8") as file:
            file.write(self.SERVER + "\n")
        return self.script(f"begin web -d -v {self.path('server.sh')}:/server.sh:ro {IMAGE} sh /server.sh >&2",
                           "docker stop -t 3 web >&2", "docker rm web >&2")

    def test_a_stop_that_hangs(self):
        # The profile says that there is no kill: that is no refusal, so it shows in how it stops alone.
        result, report = self.verify([self.all_but("web", "kill")], self.stopping())
        self.assertEqual((result.status, self.kinds(report)), (1, ["stops"]), result)
        self.assertRegex(result.stderr, r"web: under the profile container web ended with status 137 \d\.\d s after the request to stop; "
                                        r"without it with status 0")
        without, under = (run["containers"][0] for run in report["runs"])
        self.assertLess(without["stop_milliseconds"], 2500)
        self.assertGreaterEqual(under["stop_milliseconds"], 3000)

    def test_the_call_that_its_handler_needs(self):
        script = self.stopping()
        folder = self.profiles(script)
        self.remove_call(folder, "web", "rt_sigreturn")
        result, report = self.verify([folder], script)
        # The container runtime makes it, too, when it is interrupted under the filter.
        self.assertEqual((result.status, set(self.kinds(report))), (1, {"refused"}), result)
        self.assertIn("web: would refuse rt_sigreturn", result.stderr)

    def test_a_container_that_is_left_running(self):
        script = self.script(f"begin web -d {IMAGE} sleep 600 >&2")
        result, report = self.verify([self.all_but("web")], script)
        self.assertEqual((result.status, self.kinds(report)), (1, ["left-running"]), result)
        self.assertIn("docker compose down", result.stderr)


@shares("leftovers")
class BadLuck(VerifyDocker):
    def test_a_service_that_never_started(self):
        folder = self.all_but("web")
        self.store_profile(f"{folder}/database.json", {"defaultAction": "SCMP_ACT_ALLOW"})
        script = self.script("run web 'echo done'")
        result, report = self.verify([folder], script)
        self.assertEqual((result.status, self.kinds(report)), (1, ["never-started"]), result)
        self.assertIn("no container of database was started", result.stderr)
        self.assertEqual(report["problems"][0]["service"], "database")
        # Who chooses the containers does not ask for the others.
        for choice in (["--name", "web"], ["--label", f"{engine.LABEL}={os.getpid()}"]):
            result, report = self.verify([folder], script, *choice)
            self.assertEqual(result.status, 0, result)
            self.assertIn("no container of database was started", " ".join(report["remarks"]))

    def test_none_started_at_all(self):
        result, report = self.verify([self.all_but("web")], self.script("true"))
        self.assertEqual((result.status, self.kinds(report)), (1, ["never-started"]), result)

    def test_a_container_that_was_there_before(self):
        self.create(["sleep", "1"], "web")
        script = self.script("docker start -a web")
        result, report = self.verify([self.all_but("web")], script)
        self.assertEqual((result.status, self.kinds(report)), (1, ["not-confined"]), result)
        self.assertIn("--force-recreate", result.stderr)

    def test_tests_that_fail_half_the_time(self):
        script = self.script("run web 'echo done'", "[ $(( $(count) % 2 )) = 0 ]")
        result, report = self.verify([self.all_but("web")], script, "--runs", "2")
        self.assertEqual(result.status, 0, result)
        self.assertIn("failed 1 of 2 times while the profile only reported", result.stderr)

    def test_tests_that_always_fail(self):
        result, report = self.verify([self.all_but("web")], self.script("run web 'echo done'", "exit 5"))
        self.assertEqual((result.status, self.kinds(report)), (1, ["fails-anyway"]), result)

    def test_tests_that_hang(self):
        script = self.script("run web 'echo done'", f"[ $(count) = 1 ] || {{ trap '' TERM; sleep 600 & wait; }}")
        result, report = self.verify([self.all_but("web")], script, "--limit", "15s", "--grace", "500ms")
        self.assertEqual(result.status, 1, result)
        self.assertIn("takes-too-long", self.kinds(report))

    def test_an_engine_that_dies(self):
        own = engine.Engine.start()
        self.addCleanup(own.end)
        own.image("busybox")
        self.engine = own
        os.mkfifo(self.path("started"))
        os.mkfifo(self.path("go"))
        script = self.script("run web 'echo done'", "echo > $here/started", "read line < $here/go", "run web 'echo done'")
        folder = self.all_but("web")
        process = self.start(self.command_line("verify", "--docker", "--engine-socket", own.socket, folder, "--", script))
        with open(self.path("started")) as started:
            started.read()
        own.crash()
        with open(self.path("go"), "w") as go:
            go.write("\n")
        result = self.finish(process)
        self.assertEqual(result.status, 3, result)
        self.assertIn("went away while the command ran", result.stderr)

    def test_a_signal_ends_it_and_no_other_run_begins(self):
        os.mkfifo(self.path("started"))
        script = self.script("count > /dev/null", "echo > $here/started", "exec sleep 600")
        process = self.start(self.command_line("verify", "--docker", "--engine-socket", self.engine.socket, "--runs", "3",
                                               self.all_but("web"), "--", script))
        with open(self.path("started")) as started:
            started.read()
        process.send_signal(signal.SIGTERM)
        result = self.finish(process)
        self.assertNotEqual(result.status, 0, result)
        self.assertIn("a signal ended the verification", result.stderr)
        with open(self.path("count-1")) as count:
            self.assertEqual(len(count.readlines()), 1)

    def test_killed(self):
        os.mkfifo(self.path("started"))
        script = self.script("echo > $here/started", "exec sleep 600")
        profiles = self.all_but("web")
        process = self.start(self.command_line("verify", "--docker", "--engine-socket", self.engine.socket, profiles, "--", script))
        with open(self.path("started")) as started:
            started.read()
        process.kill()
        process.wait()
        # Its recorder, the command and the relay end by themselves, and the next one tidies up.
        wait_until(lambda: not [words for _, words in engine.processes() if self.engine.socket in words], "the recorder has ended")
        self.assertEqual(len(glob.glob(f"/run/syscarve-verify.{process.pid}.*")), 1)
        self.verify([profiles], "true")
        self.assertEqual(glob.glob(f"/run/syscarve-verify.{process.pid}.*"), [])

    def test_words_that_make_no_sense(self):
        folder, script = self.all_but("web"), "true"
        empty = self.new_folder()
        broken = self.new_folder()
        self.store_profile(f"{broken}/web.json", {"defaultAction": "SCMP_ACT_ALLOW"})
        with open(f"{broken}/capabilities.yaml", "w", encoding="utf-8") as file:
            file.write("web: [CAP_FLY]\n")
        for words, message in (
                ([], "no profiles"),
                ([empty], "no profile is in"),
                ([broken], "CAP_FLY"),
                ([folder, f"{folder}/web.json"], "two profiles for web"),
                (["/nowhere.json"], "/nowhere.json"),
                (["--profile", f"{folder}/web.json", folder], "--profile is for a command"),
                (["--engine-socket", "/nowhere.sock", folder], "/nowhere.sock"),
        ):
            result = self.syscarve("verify", "--docker", *words, "--", script)
            self.assertIn(result.status, (2, 3), result)
            self.assertIn(message, result.stderr)
        result = self.syscarve("verify", "--name", "x", "--profile", f"{folder}/web.json", "--", "true")
        self.assertEqual((result.status, "--docker" in result.stderr), (2, True), result)

    def test_junit(self):
        report = self.path("report.xml")
        result = self.syscarve("verify", "--docker", "--engine-socket", self.engine.socket, "--report", report, "--format", "junit",
                               self.all_but("web"), "--", "true")
        self.assertEqual(result.status, 1, result)
        cases = {case.get("name"): case for case in xml.parse(report).getroot().iter("testcase")}
        self.assertEqual([name for name, case in cases.items() if case.find("failure") is not None], ["never-started"])


class UnderPodman(PodmanMixin, E2eTest):
    """Podman's service implements Docker's API, but takes a profile as a path."""

    def test_a_name_that_is_missing_only_when_it_is_enforced(self):
        socket = self.path("podman.sock")
        service = self.start(self.podman_command("system", "service", "--time=0", f"unix://{socket}"))
        self.addCleanup(self.finish, service)
        self.addCleanup(service.terminate)
        wait_until(lambda: engine.Api(socket).answers(), "podman answers")
        options = f"--rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --cgroup-parent /{self.parent}"
        script = self.path("tests.sh")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho >> {self.path('count')}\n"
                       f"[ $(wc -l < {self.path('count')}) = 1 ] && work=ls || work=mkdir\n"
                       f"exec docker run {options} --name web busybox:1 sh -c \"$work /tmp/made; echo done\"\n")
        os.chmod(script, 0o755)
        profile = self.path("web.json")
        with open(profile, "w", encoding="utf-8") as file:
            json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}, file)
        result = self.syscarve("verify", "--docker", "--engine-socket", socket, profile, "--", script)
        self.assertEqual(result.status, 1, result)
        self.assertRegex(result.stderr, r"web: refused mkdir \(EPERM\), 1 time, by /bin/busybox\n")
        self.assertNotIn("ran without", result.stderr)
