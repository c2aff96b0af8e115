#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every #include below userspace/ and bpf/ and fails if one breaks the layering in docs/architecture.md."""

import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
if ROOT.is_file():
    ROOT = ROOT.parents[2]

# What each folder of userspace/ may include from the others.
MAY_SEE = {
    "base": set(),
    "model": {"base"},
    "seccomp": {"base", "model"},
    "shipped": {"base", "model"},
    "process": {"base", "model"},
    "policy": {"base", "model", "seccomp", "shipped"},
    "trace": {"base", "model", "process", "shipped"},
    "container": {"base", "model", "process"},
    "read": {"base", "model", "shipped"},
    "image": {"base", "model", "shipped"},
    "confine": {"base", "model", "shipped"},
    "review": {"base", "model", "seccomp", "shipped", "policy"},
    "harden": {"base", "model", "seccomp", "shipped", "policy"},
    "emit": {"base", "model", "seccomp", "shipped", "policy", "read", "confine", "harden"},
    "report": {"base", "model", "seccomp", "shipped", "policy", "image", "review", "harden"},
    "stub": set(),
    "app": {"base", "model", "seccomp", "shipped", "process", "policy", "trace", "container", "read", "image", "confine", "review", "harden", "emit", "report", "stub"},
    "prove": {"app", "base", "model", "seccomp", "process", "policy", "trace", "container"},
    "cli": {"app", "prove", "base", "model", "seccomp", "shipped", "process", "policy", "trace", "container", "read", "image", "confine", "review", "harden", "emit", "report", "stub"},
}

# No folder of userspace/ may hold more of its lines than this: one that does is several.
LARGEST_SHARE = 0.12

# Where a library's headers may be included; a pattern on the include, then on the including file.
KEPT_TO = [
    (r"(bpf/(bpf|libbpf|btf)\.h|.*\.skel\.h)", r"userspace/trace/(bpf_event_source|kernel_tables|libbpf_words|preemption|program_forms|refusal_watch)\.cc"),
    (r"seccomp\.h", r"userspace/(model/syscall_table|seccomp/compile)\.cc"),
    (r"yaml\.h", r"userspace/base/yaml_parser\.cc"),
    (r"nlohmann/.*", r"tests/.*"),
    (r"curl/.*", r"userspace/container/.*"),
    (r"archive(_entry)?\.h", r"userspace/image/archive\.cc"),
    (r"openssl/.*", r"userspace/image/digest\.cc"),
    (r"CLI/.*", r"userspace/cli/.*"),
    (r".*\.bpf\.h", r"bpf/.*\.bpf\.[ch]"),
    (r"vmlinux/.*", r"bpf/.*\.bpf\.[ch]"),
]


def too_large(files):
    lines = {}
    for path in files:
        folder = path.relative_to(ROOT).parts[1]
        lines[folder] = lines.get(folder, 0) + len(path.read_text().splitlines())
    total = sum(lines.values())
    return [
        f"userspace/{folder}: {count} of {total} lines, more than {LARGEST_SHARE:.0%}"
        for folder, count in sorted(lines.items())
        if count > LARGEST_SHARE * total
    ]


def main():
    problems = []
    files = sorted(p for folder in ("userspace", "bpf") for p in (ROOT / folder).rglob("*") if p.suffix in (".h", ".cc", ".c"))
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
            if not match:
                continue
            included = match.group(1)
            where = f"{name}:{number}: {included}"
            parts = included.split("/")
            if name.startswith("userspace/") and parts[0] == "userspace":
                own = name.split("/")[1]
                if own not in MAY_SEE:
                    problems.append(f"{where}: userspace/{own} is not on the plan")
                elif parts[1] != own and parts[1] not in MAY_SEE[own]:
                    problems.append(f"{where}: {own} may not see {parts[1]}")
            for pattern, allowed in KEPT_TO:
                if re.fullmatch(pattern, included) and not re.fullmatch(allowed, name):
                    problems.append(f"{where}: is kept to {allowed}")
    problems += too_large(path for path in files if path.is_relative_to(ROOT / "userspace"))
    print("\n".join(problems) or f"{len(files)} files keep to the layers")
    return 1 if problems or len(files) < 20 else 0


sys.exit(main())
