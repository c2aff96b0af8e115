# SPDX-License-Identifier: Apache-2.0
"""The confidence in a profile: `explain --risk`, the last lines of `generate` and SUMMARY.md, and what `check` proves."""

import json
import os

from support import E2eTest

NUMBERS = {"read": 0, "write": 1, "stat": 4, "mmap": 9, "execve": 59, "ptrace": 101, "mount": 165, "newfstatat": 262}


def recording(runs, marked=False, subject="server", losses=()):
    """One run for each list of names; with `marked`, each begins where the one before it ends."""
    return {
        "schema": "syscarve.recording/1",
        "host": {"kernel": "6.18.0", "native_abi": "x86_64", "libseccomp": "2.5.4"},
        "method": {"backend": "notify", "events": "first", "capabilities": "none", "denials": "none"},
        "complete": {"complete": not losses, "losses": list(losses)},
        "programs": [{"id": 0, "path": "/usr/bin/program", "device": 1, "inode": 2}],
        "subjects": [{"id": 0, "kind": "command", "name": subject, "cgroup": "/syscarve/1"}],
        "runs": [
            {
                "id": f"{number + 1:032x}",
                "name": f"test {number}\x1b[2J",
                "start": 1000 * number,
                "end": 1000 * number + (1000 if marked else 900),
                "subjects": [
                    {
                        "subject": 0,
                        "calls": [
                            {"abi": "x86_64", "nr": NUMBERS[name], "name": name, "count": 7, "programs": {"0": 7}}
                            for name in sorted(names, key=NUMBERS.get)
                        ],
                        "runtime_calls": [],
                        "denials": [],
                        "capabilities": [],
                    }
                ],
            }
            for number, names in enumerate(runs)
        ],
    }


class Risk(E2eTest):
    needs_root = False
    needs_bpf = False

    def store(self, content, name="web.recording.json"):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
        return path

    def risk(self, content, *options):
        path = self.store(content)
        result = self.syscarve("explain", path, "--risk", "--quiet", *options)
        self.assertEqual(result.status, 0, result)
        answer = json.loads(self.syscarve("explain", path, "--risk", "--quiet", "--format", "json", *options).stdout)
        self.assertEqual(answer["schema"], "syscarve.risk/1")
        return result.stdout, answer

    def test_runs_that_are_all_the_same(self):
        text, answer = self.risk(recording([["read", "write"]] * 59))
        self.assertTrue(text.startswith("59 runs\n"), text)
        self.assertIn("novelty: 0 of them (0.0 %; 95 %: at most 5.0 %) would be refused something", text)
        self.assertIn("59 show that at most 5 %, 299 show that at most 1 %", text)
        self.assertEqual(answer["novelty"]["novel_runs"], 0)
        self.assertAlmostEqual(answer["novelty"]["upper"], 1 - 0.05 ** (1 / 59), 5)
        self.assertEqual(answer["fresh_runs"], [{"runs": 59, "refused_at_most": 0.05}, {"runs": 299, "refused_at_most": 0.01}])

    def test_which_run_brings_in_what_no_other_has(self):
        runs = [["read", "stat"]] * 40
        runs[7] = ["read", "stat", "ptrace"]
        runs[9] = ["read", "newfstatat"]
        text, answer = self.risk(recording(runs))
        self.assertIn('  "test 7\\x1b[2J": ptrace\n', text)
        self.assertNotIn("\x1b", text)
        self.assertEqual(answer["novelty"]["novel_runs"], 1)
        self.assertEqual([run["names"] for run in answer["only_in_one_run"]], [["ptrace"]])
        self.assertEqual(self.risk(recording(runs), "--closure", "none")[1]["novelty"]["novel_runs"], 2)

    def test_the_start_is_no_test(self):
        runs = [["execve", "mmap", "mount"]] + [["read", "write"]] * 30
        text, answer = self.risk(recording(runs, marked=True))
        self.assertIn("30 runs, not counting 1 start before the first mark\n", text)
        self.assertEqual((answer["starts"], answer["novelty"]["novel_runs"]), (1, 0))

    def test_no_number_where_there_is_none(self):
        one = recording([["read"]])
        few = recording([["read"]] * 19)
        lost = recording([["read"]] * 40, losses=[{"what": "slots_full", "count": 1, "missed_calls": True, "detail": "x"}])
        alike = [["read"] + (["ptrace"] if n in (8, 9, 10, 11) else []) + (["mount"] if n in (40, 41, 42, 43) else []) for n in range(200)]
        for content, words in (
            (one, "no number: 1 run is too few: 20 are needed"),
            (few, "no number: 19 runs are too few: 20 are needed"),
            (lost, "no number: calls may be missing from a recording: slots_full"),
            (recording(alike), "no number: neighbouring runs are not like runs in any order: joined by 4, 2 of 50 have 2 calls of their own"),
        ):
            text, answer = self.risk(content)
            self.assertIn(words, text)
            self.assertNotIn("novelty", text)
            self.assertNotIn("novelty", answer)
            self.assertNotIn("missing", answer)
            self.assertTrue(answer["objections"])

    def test_different_subjects_are_not_mixed(self):
        other = recording([["write"]] * 30, subject="other")
        for run in other["runs"]:
            run["id"] = "f" + run["id"][1:]
        paths = [self.store(recording([["read"]] * 30)), self.store(other, "other.json")]
        result = self.syscarve("generate", *paths, "-o", self.path("both.json"))
        self.assertEqual(result.status, 0, result)
        self.assertIn("how sure: no number, as the runs are of different subjects, other (30) and server (30)", result.stderr)

    def test_generate_and_the_summary_say_it(self):
        folder = os.path.dirname(self.store(recording([["read"]] * 59), "recordings/web.recording.json"))
        words = "how sure: 59 runs; 0 of them (0.0 %; 95 %: at most 5.0 %) would be refused something under the profile of the others"
        result = self.syscarve("generate", os.path.join(folder, "web.recording.json"), "-o", self.path("web.json"))
        self.assertIn(words + "\n", result.stderr)
        result = self.syscarve("generate", folder, "-o", self.path("profiles"))
        self.assertIn("  " + words + "\n", result.stderr)
        with open(self.path("profiles/SUMMARY.md"), encoding="utf-8") as file:
            self.assertIn("\n- how sure: 59 runs; 0 of them", file.read())

    def test_what_fresh_runs_prove(self):
        profile = self.path("web.json")
        self.assertEqual(self.syscarve("generate", self.store(recording([["read"]])), "-o", profile).status, 0)
        fresh = self.store(recording([["read"]] * 59), "fresh.json")
        result = self.syscarve("check", fresh, "--profile", profile)
        self.assertEqual(result.status, 0, result)
        self.assertIn("59 runs without a refusal: unless the profile was made of them, at most 5 % of such runs would meet one (95 %)\n", result.stdout)
        answer = json.loads(self.syscarve("check", fresh, "--profile", profile, "--format", "json").stdout)
        self.assertAlmostEqual(answer["refused_share_at_most"], 1 - 0.05 ** (1 / 59), 5)
        refused = self.syscarve("check", self.store(recording([["read"]] * 58 + [["mount"]]), "more.json"), "--profile", profile)
        self.assertEqual(refused.status, 1, refused)
        self.assertNotIn("without a refusal", refused.stdout)

    def test_what_has_no_runs_is_an_error(self):
        profile = self.path("web.json")
        path = self.store(recording([["read"]]))
        self.assertEqual(self.syscarve("generate", path, "-o", profile).status, 0)
        for words, message in (
            ((profile, "--risk"), "--risk needs a recording, and this is a profile"),
            ((path, "read", "--risk"), "--risk is about all calls together: it takes no names"),
            ((path, "--timeline", "--risk"), "--timeline and --risk exclude each other"),
        ):
            result = self.syscarve("explain", *words)
            self.assertEqual((result.status, result.stdout), (2, ""), result)
            self.assertIn(message, result.stderr)
