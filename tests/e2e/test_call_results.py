# SPDX-License-Identifier: Apache-2.0
"""The results of capability checks: from the recording to the reports."""

import json

from support import E2eTest, store


class CallResults(E2eTest):
    def record_case(self, case, *options, expect=0):
        recording, _ = self.record(self.workload("call_results"), case, options=options, expect=expect)
        self.assertTrue(recording["complete"]["complete"], recording["complete"])
        return recording

    def results(self, recording, capability):
        """call -> its results."""
        uses = [use for run in recording["runs"] for trace in run["subjects"] for use in trace["capabilities"]]
        if not uses:
            self.skipTest("capability checks are not seen here")
        return {checks["name"]: checks.get("results") for use in uses if use["name"] == capability for checks in use["during"]}

    def verdict(self, recording, capability):
        result = self.syscarve("explain", "-q", store(recording, self.path("recording.json")), "--format", "json")
        self.assertEqual(result.status, 0, result)
        return next(verdict for verdict in json.loads(result.stdout)["capabilities"] if verdict["capability"] == capability)

    def summary(self, recording):
        result = self.syscarve("generate", store(recording, self.path("recording.json")), "-o", self.path("profile.json"))
        self.assertEqual(result.status, 0, result)
        return result.stderr

    def test_refused_and_survived(self):
        recording = self.record_case("survive", "--denials")
        results, = self.results(recording, "CAP_CHOWN").values()
        self.assertEqual(results, [{"check": "denied", "errno": 1, "count": 3}])
        verdict = self.verdict(recording, "CAP_CHOWN")
        self.assertEqual(verdict["verdict"], "refused-and-survived")
        self.assertIn("which failed with EPERM, and the program went on", verdict["why"])
        self.assertIn("CAP_CHOWN (refused-and-survived)", self.summary(recording))

    def test_refused_and_failed(self):
        recording = self.record_case("fail", "--denials", expect=1)
        self.assertEqual(self.results(recording, "CAP_NET_BIND_SERVICE"),
                         {"bind": [{"check": "denied", "errno": 13, "count": 1, "ended": 1}]})
        verdict = self.verdict(recording, "CAP_NET_BIND_SERVICE")
        self.assertEqual(verdict["verdict"], "refused-and-failed")
        summary = self.summary(recording)
        self.assertIn("refused every time during bind, which failed with EACCES, and the program ended with an error at once", summary)
        self.assertNotIn("--cap-add NET_BIND_SERVICE", summary)

    def test_granted(self):
        recording = self.record_case("setuid", "--denials")
        self.assertEqual(self.results(recording, "CAP_SETUID"), {"setuid": [{"check": "granted", "errno": 0, "count": 1}]})
        self.assertEqual(self.verdict(recording, "CAP_SETUID")["verdict"], "needed")

    def test_granted_in_a_call_that_fails_all_the_same(self):
        recording = self.record_case("missing", "--denials")
        results = self.results(recording, "CAP_SYS_ADMIN").get("swapon")
        if results is None:
            self.skipTest("the kernel is built without swapon")
        self.assertEqual(results, [{"check": "granted", "errno": 2, "count": 1}])
        verdict = self.verdict(recording, "CAP_SYS_ADMIN")
        self.assertEqual(verdict["verdict"], "undecided")
        self.assertIn("the call failed all the same (ENOENT)", verdict["why"])

    def test_without_exits_it_is_not_known(self):
        recording = self.record_case("survive")
        self.assertEqual(set(self.results(recording, "CAP_CHOWN").values()), {None})
        self.assertEqual(self.verdict(recording, "CAP_CHOWN")["verdict"], "unused")

    def test_merged_they_are_added(self):
        paths = [store(self.record_case("survive", "--denials"), self.path(f"{i}.json")) for i in range(2)]
        result = self.syscarve("merge", *paths, "--squash", "both", "-o", self.path("merged.json"))
        self.assertEqual(result.status, 0, result)
        with open(self.path("merged.json")) as merged:
            results, = self.results(json.load(merged), "CAP_CHOWN").values()
        self.assertEqual(results, [{"check": "denied", "errno": 1, "count": 6}])
