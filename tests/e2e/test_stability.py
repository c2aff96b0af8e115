# SPDX-License-Identifier: Apache-2.0
"""Profiles do not depend on chance. Two recordings of the same server under load yield the same profile, byte for byte, although some
of its calls depend on chance; and however busy the machine is, no recording contains calls of the recorder's own start."""

import concurrent.futures
import json
import os
import sys

import loaded
from support import E2eTest, alone, load, names, strace_names


@alone
class UnderLoad:
    server_type = None

    def setUp(self):
        if loaded.find(self.server_type.program) is None:
            self.skipTest(f"{self.server_type.program} is not installed")
        super().setUp()

    def record_load(self):
        server = self.server_type()
        folder = self.new_folder(server.user)
        output = os.path.join(self.new_folder(), "recording.json")
        user = ["--user", server.user] if server.user else []
        with server.surroundings():
            server.prepare(folder)
            process = self.start(self.command_line("record", "-o", output, *user, "--", *server.command(folder)), cwd=folder)
            server.use(self, folder, process)
            result = self.finish(process)
        server.check(self, folder, result)
        self.assertEqual(load(output)["complete"], {"complete": True, "losses": []})
        return output

    def assert_one_profile(self, recordings):
        seen = [names(load(recording)) for recording in recordings]
        luck = set.union(*seen) - set.intersection(*seen)
        print(f"{self.server_type.program}: calls of some recordings only: {sorted(luck)}", file=sys.stderr)
        profiles = [self.read(self.generate(recording)) for recording in recordings]
        self.assertEqual(profiles, [profiles[0]] * len(profiles))

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as file:
            return file.read()


class Stability(UnderLoad):
    def test_two_recordings_give_the_same_profile(self):
        self.assert_one_profile([self.record_load(), self.record_load()])


@alone
class NginxUnderLoad(UnderLoad, E2eTest):
    server_type = loaded.Nginx

    def recommended(self, recording):
        result = self.syscarve("explain", "-q", recording, "--format", "json")
        self.assertEqual(result.status, 0, result)
        return [verdict["capability"] for verdict in json.loads(result.stdout)["capabilities"]
                if verdict["verdict"] in ("needed", "undecided")]

    def test_five_recordings_give_the_same_profile_and_recommend_the_same_capabilities(self):
        recordings = [self.record_load() for _ in range(5)]
        self.assert_one_profile(recordings)
        # Its workers become another user's.
        recommended = [self.recommended(recording) for recording in recordings]
        print(f"recommended: {recommended[0]}", file=sys.stderr)
        self.assertEqual(recommended, [recommended[0]] * 5)
        self.assertLessEqual({"CAP_SETGID", "CAP_SETUID"}, set(recommended[0]))
        self.assertTrue({"CAP_SYS_ADMIN", "CAP_SETPCAP"}.isdisjoint(recommended[0]))


class RedisUnderLoad(Stability, E2eTest):
    server_type = loaded.Redis


class PostgresUnderLoad(Stability, E2eTest):
    server_type = loaded.Postgres


class NodeUnderLoad(Stability, E2eTest):
    server_type = loaded.Node


class GoUnderLoad(Stability, E2eTest):
    server_type = loaded.Proxy


@alone
class OwnSetUp(E2eTest):
    def test_three_hundred_recordings_of_true_under_load(self):
        trace = self.path("strace")
        self.assertEqual(self.run_process(["/usr/bin/strace", "-f", "-o", trace, "--", "/bin/true"]).status, 0)
        expected = strace_names(trace)
        busy = [self.start(["/bin/sh", "-c", "while :; do :; done"]) for _ in range(os.cpu_count())]

        def record(number):
            output = self.path(f"{number}.json")
            self.assertEqual(self.syscarve("record", "-q", "-o", output, "--", "/bin/true").status, 0)
            recording = load(output)
            self.assertEqual((names(recording), len(recording["programs"]), recording["complete"]),
                             (expected, 1, {"complete": True, "losses": []}))
        record(0)
        # Several recorders at once are load, too.
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(record, range(1, 300)))
        for process in busy:
            process.kill()
            process.wait()
