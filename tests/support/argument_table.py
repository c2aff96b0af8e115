#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares profiles/rules/arguments.json with the kernel.

  argument_table.py headers FILE            compiles each constant with the headers of its set, for each ABI that has them
  argument_table.py events FILE [FOLDER]    compares names and types of parameters with the running kernel's
                                            (FOLDER: events/syscalls of a tracefs); exit status 77 if there is none

A name that a header lacks is counted as newer than the headers; few may be.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

# ABI: folder of its kernel headers, how they are compiled.
X86 = "/usr/include/x86_64-linux-gnu"
ABIS = {
    "x86_64": (X86, ["-m64"]),
    "i386": (X86, ["-m32"]),
    "x32": (X86, ["-mx32"]),
    "aarch64": ("/usr/aarch64-linux-gnu/include", ["-m64", "-U__x86_64__", "-D__aarch64__"]),
    "arm": ("/usr/arm-linux-gnueabihf/include", ["-m32", "-U__i386__", "-D__arm__", "-D__ARM_EABI__"]),
}
# Of the names, how many a kernel's headers of this age may lack.
MOST_NEWER = 8
# Events are called by the functions that serve the calls.
EVENT_NAMES = {"fstat": "newfstat", "lstat": "newlstat", "stat": "newstat", "uname": "newuname", "sendfile": "sendfile64", "umount2": "umount"}


def command(headers, abi):
    """None where the ABI has no headers, or a set is defined by the C library's, which are the native ABI's."""
    if not all(header.startswith(("linux/", "asm/")) for header in headers):
        return ["gcc"] if abi == "x86_64" else None
    folder, options = ABIS[abi]
    if not pathlib.Path(folder, "asm/unistd.h").exists():
        return None
    own = subprocess.run(["gcc", "-print-file-name=include"], capture_output=True, text=True, check=True).stdout.strip()
    return ["gcc", *options, "-nostdinc", "-isystem", own, f"-I{folder}", "-I/usr/include"]


def compile_names(headers, names, abi):
    """What the compiler has against the names, and the names that the headers do not have."""
    source = "#define _GNU_SOURCE\n" + "".join(f"#include <{header}>\n" for header in headers)
    for name, value in names.items():
        source += f'_Static_assert((unsigned)({name}) == {value}U, "{name} is not {value}");\n'
    run = subprocess.run([*command(headers, abi), "-fsyntax-only", "-x", "c", "-"], input=source, capture_output=True, text=True,
                         env={**os.environ, "LC_ALL": "C"})
    missing = set(re.findall(r"'(\w+)' undeclared", run.stderr)) & set(names)
    if missing:
        problems, _ = compile_names(headers, {name: value for name, value in names.items() if name not in missing}, abi)
        return problems, missing
    if run.returncode == 0:
        return [], set()
    return re.findall(r'static assertion failed: "(.*)"', run.stderr) or [run.stderr], set()


def check_headers(table):
    problems, newer, checked = [], set(), dict.fromkeys(ABIS, 0)
    for values in table["values"]:
        for abi in ABIS:
            if command(values["headers"], abi) is None:
                continue
            names = {}
            for part in values["parts"]:
                if abi in part.get("abis", ABIS):
                    names |= part.get("flags", part.get("options", {}))
            wrong, missing = compile_names(values["headers"], names, abi) if names else ([], set())
            problems += [f"{values['id']}, {abi}: {line}" for line in wrong]
            newer |= missing
            checked[abi] += len(names) - len(missing)
    if checked["x86_64"] == 0:
        problems.append("no header was found: run tests/support/install-packages.sh test")
    if len(newer) > MOST_NEWER:
        problems.append(f"the headers lack {len(newer)} names: {sorted(newer)}")
    print(", ".join(f"{abi}: {count} constants" for abi, count in checked.items()), "; newer than the headers:", sorted(newer))
    return problems


def clean(c_type):
    """Top-level const is none of the caller's business."""
    return c_type if "*" in c_type else c_type.replace("const ", "")


def event_parameters(text):
    fields = re.findall(r"field:(.*?)\s*(\w+);\s+offset:(\d+);", text)
    return [(name, clean(c_type)) for c_type, name, offset in fields if int(offset) >= 16]


def check_events(table, folder):
    problems, checked, without = [], 0, []
    known = set()
    for call in table["calls"]:
        name = call["name"]
        if "x86_64" not in call.get("abis", ["x86_64"]):
            continue
        known.add(name)
        path = folder / f"sys_enter_{EVENT_NAMES.get(name, name)}" / "format"
        if not path.exists():
            without.append(name)
            continue
        stated = [(parameter["name"], parameter["type"]) for parameter in call["parameters"]]
        if (found := event_parameters(path.read_text())) != stated:
            problems.append(f"{name}: the kernel has {found}, the table {stated}")
        checked += 1
    by_event = {event: name for name, event in EVENT_NAMES.items()}
    events = {path.name.removeprefix("sys_enter_") for path in folder.glob("sys_enter_*")}
    unknown = sorted(name for event in events if (name := by_event.get(event, event)) not in known)
    # A newer kernel has calls that are not in the table yet.
    print(f"{checked} calls as the kernel has them; not among its events: {without}; not in the table: {unknown}")
    return problems


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ("headers", "events"):
        sys.exit(__doc__)
    table = json.loads(pathlib.Path(sys.argv[2]).read_text())
    if sys.argv[1] == "headers":
        problems = check_headers(table)
    else:
        folder = pathlib.Path(sys.argv[3] if len(sys.argv) == 4 else "/sys/kernel/tracing/events/syscalls")
        if not os.access(folder, os.R_OK) or not any(folder.glob("sys_enter_*")):
            print("no syscall events here")
            return 77
        problems = check_events(table, folder)
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
