#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails unless every source file states its licence, in its first line or, after a #! line, in its second.

Code that runs in the kernel is also available under the GPL: the kernel loads nothing else.
"""

import pathlib
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

FOLDERS = ("userspace", "bpf", "vmlinux", "profiles", "cmake", "tests", "examples", ".ci")
# Inputs and expected outputs of tests have the bytes that they must have.
DATA = ("tests/golden/", "tests/inputs/", "tests/fuzz/corpus/")
OURS = "Apache-2.0"
KERNEL = "GPL-2.0-only OR Apache-2.0"


def comment(path, text):
    """What begins a comment in a source file, or None when it is no source file."""
    if path.suffix in (".cc", ".h", ".c"):
        return "//"
    if path.suffix in (".py", ".sh", ".cmake") or path.name == "CMakeLists.txt" or text.startswith("#!"):
        return "#"
    return None


def licence(name):
    return KERNEL if name.startswith(("bpf/", "vmlinux/")) or name.endswith((".bpf.c", ".bpf.h")) else OURS


def sources():
    """(path, name, line that it must have) of every source file."""
    files = [ROOT / "CMakeLists.txt"]
    for folder in FOLDERS:
        files += sorted(path for path in (ROOT / folder).rglob("*") if path.is_file() and not path.is_symlink())
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if "__pycache__" in name:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        # Among the data there are scripts of the tests, too.
        sign = None if name.startswith(DATA) and not text.startswith("#!") else comment(path, text)
        if sign:
            yield path, name, f"{sign} SPDX-License-Identifier: {licence(name) if sign == '//' else OURS}"


def main():
    wrong = []
    count = 0
    for path, name, line in sources():
        count += 1
        lines = path.read_text(encoding="utf-8").splitlines()
        first = 1 if lines and lines[0].startswith("#!") else 0
        if lines[first:first + 1] != [line]:
            wrong.append(f"{name}:{first + 1}: is not \"{line}\"")
    for text in (OURS, KERNEL.split()[0]):
        if not (ROOT / "LICENSES" / f"{text}.txt").is_file():
            wrong.append(f"LICENSES/{text}.txt is missing")
    print("\n".join(wrong) or f"{count} files name their licence")
    return 1 if wrong or count < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
