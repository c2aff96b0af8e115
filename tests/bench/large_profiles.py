#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long each verb takes for large and complicated profiles: a table of seconds.

large_profiles.py SYSCARVE [--small] [--limit SECONDS]

`--small` makes each profile a hundredth as large. Fails when a verb dies, or takes longer than the limit (60 s): every profile within the reader's
limits comes to an end in seconds, or is refused with exit code 2 as too complex.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time

NATIVE = {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]}
NEEDED = {"names": ["read", "execve", "exit_group", "rt_sigreturn"], "action": "SCMP_ACT_ALLOW"}


def profile(entries):
    return {**NATIVE, "syscalls": [NEEDED, *entries]}


def entry(*conditions, names=("lseek",)):
    arguments = [{"index": index, "op": f"SCMP_CMP_{op}", "value": value, "valueTwo": 0} for index, op, value in conditions]
    return {"names": list(names), "action": "SCMP_ACT_ALLOW", "args": arguments}


def shapes(part):
    """name -> profile, whose sizes are divided by `part`."""
    chance = random.Random(1)
    made = {}
    for count in (300, 500, 5000):
        made[f"{count} GT rules on one argument"] = [entry((0, "GT", chance.getrandbits(40))) for _ in range(count // part + 2)]
    for count in (1000, 60000):
        made[f"{count} EQ conditions on one argument"] = [entry((0, "EQ", value)) for value in range(count // part + 2)]
    calls = [f"{name}" for name in ("lseek", "ioctl", "fcntl", "prctl", "mmap", "mprotect", "madvise", "socket", "setsockopt", "clone")]
    made["60000 conditions on ten calls"] = [entry((1, "EQ", value), names=calls) for value in range(6000 // part + 2)]
    for count in (60, 60000):
        made[f"{count} conditions in entries of six"] = [entry(*((index, "EQ", value) for index in range(6))) for value in range(count // 6)]
    for count in (16, 100, 400):
        made[f"{count} rules on two arguments, by order"] = [
            entry((0, chance.choice(("GT", "LE", "NE", "GE")), chance.getrandbits(34)), (2, chance.choice(("GT", "LT", "EQ")), chance.getrandbits(34)))
            for _ in range(count // min(part, 10) + 2)]
        made[f"{count} rules that begin alike"] = [entry((0, "GT", 3), (1 + value % 5, "EQ" if value % 2 else "GE", value))
                                                  for value in range(count // min(part, 10) + 2)]
        made[f"{count} rules by masks of two arguments"] = [
            entry((0, "MASKED_EQ", chance.getrandbits(8)), (1, "MASKED_EQ", chance.getrandbits(8))) for _ in range(count // min(part, 10) + 2)]
    made["one name a million times"] = [{"names": ["lseek"] * (1000000 // part), "action": "SCMP_ACT_ALLOW"}]
    made["100000 unknown names"] = [{"names": [f"no_such_call_{i}" for i in range(100000 // part)], "action": "SCMP_ACT_ALLOW"}]
    return {name: profile(entries) for name, entries in made.items()}


def verbs(path, small, recording, folder):
    output = os.path.join(folder, "merged.json")
    return {
        "lint": ["lint", "--offline", "--baseline", "none", path],
        "explain": ["explain", path, "lseek", "1", "2"],
        "convert": ["convert", "-q", path, "--format", "oci"],
        "diff": ["diff", small, path],
        "subset": ["subset", small, path],
        "merge": ["merge", "--union", "-o", output, small, path],
        "check": ["check", recording, "--profile", path, "--allow-incomplete"],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("syscarve")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--only", default="", help="shapes whose name has this in it")
    arguments = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        small, recording = os.path.join(folder, "small.json"), os.path.join(folder, "strace.log")
        with open(small, "w", encoding="utf-8") as file:
            json.dump(profile([entry((0, "EQ", 1))]), file)
        with open(recording, "w", encoding="utf-8") as file:
            file.write("1 execve(\"/bin/true\", [\"true\"], 0x7ffc /* 1 var */) = 0\n1 lseek(3, 0, SEEK_SET) = 0\n1 exit_group(0) = ?\n")
        header = list(verbs("", "", "", ""))
        print(f"{'seconds (exit code if not 0 or 1)':40}" + "".join(f"{verb:>12}" for verb in header))
        for name, made in shapes(100 if arguments.small else 1).items():
            if arguments.only not in name:
                continue
            path = os.path.join(folder, "profile.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(made, file)
            line = f"{name:40}"
            for words in verbs(path, small, recording, folder).values():
                begin = time.monotonic()
                try:
                    result = subprocess.run([arguments.syscarve, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=arguments.limit,
                                            check=False)
                    status = result.returncode
                except subprocess.TimeoutExpired:
                    status = "late"
                seconds = time.monotonic() - begin
                if status not in (0, 1, 2):
                    failed = True
                line += f"{seconds:8.2f} " + (f"({status})" if status not in (0, 1) else "   ")
            print(line, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
