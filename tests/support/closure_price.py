#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what each mode of closure costs, as the table of docs/closure.md.

  SYSCARVE_BINARY=build/release/bin/syscarve tests/support/closure_price.py tests/golden/generate RECORDING...

For each recording, and for the median over all: the number of observed names; how many each mode adds; how many of these are of medium or
high risk, of a class that was not seen (must be 0) or for some arguments only; and the kernel CVEs of kernel_cves.json whose entry the mode opens:
it allows all calls that the CVE needs, but the observed names alone do not. Exits with 1 if a class above low risk was opened.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODES = ("safe", "steady", "portable")


def table(name):
    return json.loads((ROOT / name).read_text(encoding="utf-8"))


class Power:
    def __init__(self):
        self.classes = {one["id"]: one for one in table("profiles/rules/power.json")["classes"]}
        self.of = {call: one["id"] for one in self.classes.values() for call in one["calls"]}

    def at_least(self, name):
        """The classes that can do at least as much as the call."""
        found, new = set(), {self.of[name]}
        while new:
            found |= new
            new = {above for one in new for above in self.classes[one].get("no_more_than", ())} - found
        return found

    def above_low(self, seen, added):
        """Of `added`, what is of medium or high risk; and of that, what nothing in `seen` can do as much as."""
        held = {self.of[name] for name in seen}
        risky = {name for name in added if self.classes[self.of[name]]["risk"] != "low"}
        return risky, {name for name in risky if not self.at_least(name) & held}


def explained(path, mode):
    """Names that were seen, that closure adds, and that it adds for some arguments only."""
    binary = os.environ.get("SYSCARVE_BINARY", "syscarve")
    result = subprocess.run([binary, "explain", path, "--closure", mode, "--baseline", "none", "--format", "json"], stdout=subprocess.PIPE, check=True)
    seen, added, conditional = set(), set(), set()
    for call in json.loads(result.stdout)["calls"]:
        if not call.get("allowed", True):
            continue
        if call["seen"]:
            seen.add(call["name"])
        elif all("when" in reason for reason in call["closure"]):
            conditional.add(call["name"])
        else:
            added.add(call["name"])
    return seen, added, conditional


def opened(cves, before, after):
    reached = lambda names, cve: all(any(call in names for call in calls) for calls in cve["entry"])
    return {cve["cve"] for cve in cves if reached(after, cve) and not reached(before, cve)}


def main(arguments):
    power, cves = Power(), table("tests/support/kernel_cves.json")["cves"]
    paths = []
    for argument in map(pathlib.Path, arguments):
        paths += sorted(argument.rglob("*recording.json")) if argument.is_dir() else [argument]
    if not paths:
        sys.exit(__doc__)
    print("| recording | observed |" + "".join(f" {mode}: names | risk | CVEs |" for mode in MODES))
    print("| --- | --- |" + " --- | --- | --- |" * len(MODES))
    columns, bad, all_opened = [], [], {mode: set() for mode in MODES}
    for path in paths:
        row = []
        for mode in MODES:
            seen, added, conditional = explained(path, mode)
            risky, new = power.above_low(seen, added)
            bad += [(path, mode, name) for name in sorted(new)]
            of_kernel = opened(cves, seen, seen | added)
            all_opened[mode] |= of_kernel
            row += [len(seen)] * (not row) + [len(added) + len(conditional), len(risky), len(of_kernel)]
        columns.append(row)
        name = path.parent.name if path.name == "recording.json" else path.name.removesuffix(".recording.json")
        print(f"| {name} | " + " | ".join(map(str, row)) + " |")
    print("| median | " + " | ".join(f"{statistics.median(column):g}" for column in zip(*columns)) + " |")
    for mode in MODES:
        print(f"\n{mode} opens somewhere: " + (", ".join(sorted(all_opened[mode])) or "nothing"))
    for path, mode, name in bad:
        print(f"{path}: --closure {mode} adds {name} although nothing of its power was seen", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
