#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails if two types of one namespace have one name: the linker uses the functions of one for both, without a message.

Types of an unnamed namespace, those inside other types, and those of the kernel side are not checked.
"""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

# As clang-format leaves them: a namespace and a type of a namespace begin in the first column.
OPENED = re.compile(r"namespace(?: ([\w:]+))? \{")
CLOSED = re.compile(r"\}  // namespace")
TYPE = re.compile(r"(?:template <.*> )?(?:struct|class|union|enum|enum class) (?:\[\[\w+\]\] )?(\w+)(?: final)?(?: : [^{]*)?\s*\{")


def types(path):
    """(name with its namespaces, line) of each type that a namespace of the file has."""
    spaces = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if opened := OPENED.match(line):
            spaces.append(opened.group(1) or "")
        elif CLOSED.match(line):
            spaces.pop()
        elif (found := TYPE.match(line)) and "" not in spaces:
            yield "::".join(spaces + [found.group(1)]), number


def main():
    places = collections.defaultdict(list)
    for path in sorted((ROOT / "userspace").rglob("*")):
        if path.suffix in (".h", ".cc"):
            for name, line in types(path):
                places[name].append(f"{path.relative_to(ROOT)}:{line}")
    twice = [f"{name} is defined {len(where)} times: {', '.join(where)}" for name, where in sorted(places.items()) if len(where) > 1]
    print("\n".join(twice) or f"{len(places)} types have names of their own")
    return 1 if twice or len(places) < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
