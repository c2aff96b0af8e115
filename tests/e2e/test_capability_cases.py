# SPDX-License-Identifier: Apache-2.0
"""Which capabilities are needed, case by case: syscarve's verdicts on a recording, compared with the truth.

The truth is in no table. It is found by running each case of tests/workloads/capability_cases/ without capabilities, and comparing the
outcomes: which capabilities suffice, and which of those can be left out.
"""

import json
import subprocess

from support import E2eTest, alone, store

NEVER_FALSELY = {"CAP_SYS_ADMIN", "CAP_SETPCAP"}


# linux/capability.h.
NAMES = ["CAP_" + name for name in """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()]
NUMBERS = {name: number for number, name in enumerate(NAMES)}


def names_of(numbers):
    return [NAMES[number] for number in numbers]


def host_capabilities():
    """The numbers of those that a process can have here, by name."""
    with open("/proc/self/status") as status:
        bounding = int(next(line for line in status if line.startswith("CapBnd:")).split()[1], 16)
    return [number for number in range(64) if bounding >> number & 1]


def mask_of(numbers):
    return sum(1 << number for number in numbers)


@alone
class Cases(E2eTest):
    def setUp(self):
        super().setUp()
        self.cases = self.workload("capability_cases")
        self.host = host_capabilities()
        victim = self.start([self.cases, "victim"], stdin=subprocess.PIPE)
        self.environment["CASE_VICTIM"] = victim.stdout.readline().decode().strip()
        self.outcomes = {}

    def skipped_cases(self):
        """name -> why it cannot be tried here, or ""."""
        listed = self.run_process([self.cases, "list"])
        self.assertEqual(listed.status, 0, listed)
        return {name: why for name, _, why in (line.partition("\t") for line in listed.stdout.splitlines())}

    def outcome(self, case, *sets):
        """The outcome of the case with each of these sets of capabilities."""
        missing = sorted({mask_of(numbers) for numbers in sets} - self.outcomes.setdefault(case, {}).keys())
        if missing:
            result = self.run_process([self.cases, "try", self.truth_folder, case, *(f"{mask:x}" for mask in missing)])
            lines = result.stdout.splitlines()
            self.assertEqual((result.status, len(lines)), (0, len(missing)), result)
            self.outcomes[case].update(zip(missing, lines))
        return [self.outcomes[case][mask_of(numbers)] for numbers in sets]

    def is_enough(self, case, numbers):
        whole, part = self.outcome(case, self.host, numbers)
        return whole == part

    def smallest(self, case, kept, candidates):
        """A smallest subset of `candidates` that suffices together with `kept`, given that all of them do (QuickXplain)."""
        if self.is_enough(case, kept):
            return []
        if len(candidates) <= 1:
            return list(candidates)
        half = len(candidates) // 2
        first, second = candidates[:half], candidates[half:]
        of_second = self.smallest(case, kept + first, second)
        return self.smallest(case, kept + of_second, first) + of_second

    def record_cases(self, names):
        folder = self.new_folder()
        prepared = self.run_process([self.cases, "prepare", folder])
        self.assertEqual(prepared.status, 0, prepared)
        recording, result = self.record(self.cases, "record", folder, *names)
        self.assertTrue(recording["complete"]["complete"], recording["complete"])
        outcomes = dict(zip(names, result.stdout.splitlines()))
        return recording, outcomes

    def explain(self, recording, run):
        """name -> its verdict, for one run."""
        path = store({**recording, "runs": [run]}, self.path("one-run.json"))
        result = self.syscarve("explain", "-q", path, "--format", "json", "--closure", "none")
        self.assertEqual(result.status, 0, result)
        return {verdict["capability"]: verdict for verdict in json.loads(result.stdout)["capabilities"]}

    def recommended(self, recording, run):
        recommended = {"needed", "undecided"}
        return {name: verdict for name, verdict in self.explain(recording, run).items() if verdict["verdict"] in recommended}

    def test_inheriting_more_is_a_need(self):
        recording, outcomes = self.record_cases(["capset_inherit_beyond"])
        self.assertIn("capset=ok", outcomes["capset_inherit_beyond"])
        run, = [run for run in recording["runs"] if run["name"] == "capset_inherit_beyond"]
        self.assertEqual(self.explain(recording, run)["CAP_SETPCAP"]["verdict"], "needed")

    def test_recommended_is_needed(self):
        whys = self.skipped_cases()
        names = [name for name, why in whys.items() if not why]
        self.truth_folder = self.new_folder()
        recording, outcomes = self.record_cases(names)
        places = [site for run in recording["runs"] for trace in run["subjects"] for use in trace["capabilities"]
                  for checks in use["during"] for site in checks.get("sites", ())]
        # Where the kernel's stack is not to be had, only the calls are known, and they are not enough.
        if not any(site["functions"] for site in places):
            self.skipTest("where the kernel asks cannot be told here")
        runs = {run["name"]: run for run in recording["runs"]}

        needed_in_all = recommended_in_all = missed_in_all = false_in_all = 0
        problems = []
        for name, why in whys.items():
            if why:
                print(f"skipped: {name}: {why}")
        for name in names:
            whole, = self.outcome(name, self.host)
            self.assertEqual(outcomes[name], whole, f"{name}: recorded, it came out otherwise")
            verdicts = self.recommended(recording, runs[name])
            ours = sorted(NUMBERS[verdict] for verdict in verdicts)
            missed = [] if self.is_enough(name, ours) else self.smallest(name, ours, [n for n in self.host if n not in ours])
            truth = self.smallest(name, missed, ours) + missed
            false = [number for number in ours if number not in truth]
            needed_in_all += len(truth)
            recommended_in_all += len(ours)
            missed_in_all += len(missed)
            false_in_all += len(false)
            if missed:
                problems.append(f"{name}: {names_of(missed)} missing: {whole}")
            if false:
                print(f"not needed: {name}: {names_of(false)}: " + "; ".join(verdicts[n]["why"] for n in names_of(false)))
                if NEVER_FALSELY & set(names_of(false)):
                    problems.append(f"{name}: {names_of(false)} recommended and not needed")
        print(f"cases: {len(names)} tried, {len(whys) - len(names)} skipped; needed {needed_in_all}, recommended {recommended_in_all}, "
              f"missed {missed_in_all}, not needed {false_in_all}: recall {1 - missed_in_all / needed_in_all:.3f}, "
              f"precision {1 - false_in_all / recommended_in_all:.3f}")
        self.assertEqual(problems, [])
        self.assertGreaterEqual(len(names), 80)
