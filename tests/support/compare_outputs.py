#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare_outputs.py OLD NEW

Runs two binaries of syscarve with the same arguments on the same inputs, those of tests/golden and tests/inputs, and prints the differences
in their output and files: for changes that must not change behaviour. Needs no privileges. Exit status: 0 the same, 1 not, 2 usage.
"""

import difflib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
FORMATS = ("docker", "oci", "names", "spo", "systemd", "minijail", "minijail-compiler", "kafel", "bpf", "c")


def kind_of(path):
    """What a JSON file is to us; "" for neither a recording nor a profile, or for what is no JSON."""
    try:
        value = json.loads(path.read_bytes())
    except ValueError:
        return ""
    if not isinstance(value, dict):
        return ""
    if str(value.get("format", value.get("schema", ""))).startswith("syscarve.recording"):
        return "recording"
    return "profile" if "defaultAction" in value else ""


def commands():
    """[words], in which OUT stands for a file or folder that is not there yet."""
    files = sorted(path for folder in ("golden", "inputs") for path in (TESTS / folder).rglob("*") if path.is_file())
    recordings = [str(path) for path in files if kind_of(path) == "recording"]
    profiles = [str(path) for path in files if kind_of(path) == "profile"]
    for recording in recordings:
        yield ["explain", recording]
        yield ["explain", recording, "--format", "json"]
        for closure in ("none", "safe", "portable"):
            yield ["generate", recording, "--allow-incomplete", "--closure", closure, "-o", "-"]
        yield ["merge", recording, recording, "-o", "-"]
        yield from (["generate", recording, "--allow-incomplete", "--format", name, "-o", "OUT"] for name in FORMATS)
    for folder in sorted({os.path.dirname(recording) for recording in recordings if recording.endswith(".recording.json")}):
        yield ["generate", folder, "--allow-incomplete", "-o", "OUT"]
    for index, profile in enumerate(profiles):
        other = profiles[index - 1]
        yield ["lint", profile]
        yield ["lint", profile, "--format", "sarif"]
        yield ["explain", profile, "--format", "json"]
        yield ["explain", profile, "socket", "2", "1"]
        yield from (["convert", profile, "--format", name, "--stricter", "-o", "OUT"] for name in FORMATS)
        yield ["subset", profile, other, "--format", "json"]
        yield from (["diff", other, profile, "--format", name] for name in ("text", "json", "markdown"))
        yield ["merge", "--union", profile, other, "-o", "-"]
        yield ["merge", "--intersect", profile, other, "-o", "-"]
        yield from (["check", recording, "--profile", profile, "--allow-incomplete"] for recording in recordings[:3])
    for path in files:
        if path.suffix not in (".json", ".txt", ".log", ".yaml", ".strace", ".audit") or str(path) in recordings + profiles:
            continue
        yield ["explain", str(path)]
        yield ["lint", str(path)]


def outcome(binary, words):
    """Exit status, both outputs, and the files that were written, as one text."""
    with tempfile.TemporaryDirectory(prefix="syscarve-compare-") as folder:
        output = os.path.join(folder, "out")
        result = subprocess.run([binary, *(output if word == "OUT" else word for word in words)], stdin=subprocess.DEVNULL,
                                capture_output=True, timeout=120, check=False)
        parts = [f"exit status {result.returncode}", result.stdout.decode(errors="backslashreplace"),
                 result.stderr.decode(errors="backslashreplace")]
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_file():
                parts.append(f"{path.name}:\n" + path.read_bytes().decode(errors="backslashreplace"))
        return "\n".join(parts).replace(folder, "FOLDER")


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    compared = differing = 0
    for words in commands():
        old, new = (outcome(binary, words) for binary in sys.argv[1:])
        compared += 1
        if old == new:
            continue
        differing += 1
        print("syscarve", *words)
        lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), "old", "new", lineterm="", n=0))
        print("\n".join("  " + line[:200] for line in lines[:12]))
    print(f"{compared} commands compared, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
