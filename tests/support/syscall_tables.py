#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""profiles/rules/syscalls.txt and the kernel headers that it comes from.

  syscall_tables.py write FILE   writes the table anew
  syscall_tables.py check FILE   compares it with the headers and with the installed libseccomp; prints how many calls each has

The headers are Debian's linux-libc-dev and linux-libc-dev-*-cross; install-packages.sh installs them. They are read by the C
preprocessor, each for the calling convention in question.
"""

import ctypes
import pathlib
import re
import subprocess
import sys

# Column: the headers' folder, and what a compiler for it defines. libseccomp's tokens are those of linux/audit.h.
NATIVE = "x86_64-linux-gnu"
GENERIC = "riscv64-linux-gnu"  # asm-generic's own headers, beside riscv64's.
COLUMNS = {
    "x86_64": (NATIVE, ["__x86_64__"], [0xC000003E]),
    "i386": (NATIVE, ["__i386__"], [0x40000003]),
    "x32": (NATIVE, ["__x86_64__", "__ILP32__"], [0x4000003E]),
    "aarch64": ("aarch64-linux-gnu", ["__LP64__"], [0xC00000B7]),
    "arm": ("arm-linux-gnueabihf", ["__ARM_EABI__"], [0x40000028]),
    "mips": ("mips-linux-gnu", ["_MIPS_SIM=1"], [0x8, 0x40000008]),
    "mips64": ("mips-linux-gnu", ["_MIPS_SIM=3"], [0x80000008, 0xC0000008]),
    "mips64n32": ("mips-linux-gnu", ["_MIPS_SIM=2"], [0xA0000008, 0xE0000008]),
    "ppc": ("powerpc64-linux-gnu", [], [0x14]),
    "ppc64": ("powerpc64-linux-gnu", ["__powerpc64__"], [0x80000015, 0xC0000015]),
    "s390": ("s390x-linux-gnu", [], [0x16]),
    "s390x": ("s390x-linux-gnu", ["__s390x__"], [0x80000016]),
    "parisc": ("hppa-linux-gnu", [], [0xF]),
    "parisc64": ("hppa-linux-gnu", ["__LP64__"], [0x8000000F]),
    "riscv64": (GENERIC, ["__LP64__", "__SIZEOF_POINTER__=8"], [0xC00000F3]),
    # Debian 12 has no headers of it: its asm/unistd.h defines these two and includes asm-generic's (Linux 6.1).
    "loongarch64": (GENERIC, ["__SIZEOF_POINTER__=8", "__ARCH_WANT_SYS_CLONE", "__ARCH_WANT_SYS_CLONE3"], [0xC0000102]),
    "m68k": ("m68k-linux-gnu", [], [0x4]),
    "sh": ("sh4-linux-gnu", [], [0x2A, 0x4000002A]),
}
FIRST_NUMBER = {"mips": 4000, "mips64": 5000, "mips64n32": 6000}
X32_BIT = 0x40000000

# Calls that Debian 12's headers (6.1) are too old for, up to Linux 6.18: the kernel's scripts/syscall.tbl, arch/*/syscalls/*.tbl.
EVERYWHERE = set(COLUMNS)
NEWER = [
    ("cachestat", 451, EVERYWHERE),
    ("fchmodat2", 452, EVERYWHERE),
    ("map_shadow_stack", 453, EVERYWHERE - {"x32"}),
    ("futex_wake", 454, EVERYWHERE),
    ("futex_wait", 455, EVERYWHERE),
    ("futex_requeue", 456, EVERYWHERE),
    ("statmount", 457, EVERYWHERE),
    ("listmount", 458, EVERYWHERE),
    ("lsm_get_self_attr", 459, EVERYWHERE),
    ("lsm_set_self_attr", 460, EVERYWHERE),
    ("lsm_list_modules", 461, EVERYWHERE),
    ("mseal", 462, EVERYWHERE),
    ("setxattrat", 463, EVERYWHERE),
    ("getxattrat", 464, EVERYWHERE),
    ("listxattrat", 465, EVERYWHERE),
    ("removexattrat", 466, EVERYWHERE),
    ("open_tree_attr", 467, EVERYWHERE),
    ("file_getattr", 468, EVERYWHERE),
    ("file_setattr", 469, EVERYWHERE),
    ("uretprobe", 335, {"x86_64"}),
    ("uprobe", 336, {"x86_64"}),
    ("riscv_hwprobe", 258, {"riscv64"}),
    ("cacheflush", 356, {"parisc", "parisc64"}),
    ("memfd_secret", 447, {"s390", "s390x"}),
    ("newfstatat", 79, {"loongarch64"}),
    ("fstat", 80, {"loongarch64"}),
]

# What the headers define beside calls, and holes in the tables.
NO_CALL = re.compile(r"unused\d+|reserved\d+|Linux|syscalls|arch_specific_syscall|SYSCALL_(BASE|MASK)|OABI_SYSCALL_BASE|BASE")

HEADER = """\
# The number of each system call on each architecture, "-" where it has none.
# sh is also the table of big-endian sh, and each mips one of its little-endian twin; ppc64 of ppc64le. MIPS numbers are the kernel's,
# x32's without its bit.
# From the headers of Linux 6.1 as Debian 12 packages them (linux-libc-dev, linux-libc-dev-*-cross; loongarch64: asm-generic's), and for
# what came since, up to Linux 6.18, from the kernel's own tables. Written by tests/support/syscall_tables.py, which says more and checks it.
"""


def preprocess(include, defines, text, *options):
    folders = ["/usr/include/x86_64-linux-gnu", "/usr/include"] if include == NATIVE else [f"/usr/{include}/include"]
    if not pathlib.Path(folders[0], "asm/unistd.h").exists():
        sys.exit(f"{folders[0]}/asm/unistd.h is missing: run tests/support/install-packages.sh test")
    command = ["cpp", "-undef", "-nostdinc", "-P", *options, *(f"-I{f}" for f in folders), *(f"-D{d}" for d in defines)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def header_numbers(column):
    """Name -> number as the headers of `column` have it. A macro that is another one's second name is left out: libseccomp has none."""
    include, defines, _ = COLUMNS[column]
    source = f"#include <{'asm-generic' if column == 'loongarch64' else 'asm'}/unistd.h>\n"
    macros = re.findall(r"#define (__NR_|__ARM_NR_)(\w+) (.*)", preprocess(include, defines, source, "-dM"))
    macros = [(prefix + name, name, body) for prefix, name, body in macros if not NO_CALL.fullmatch(name)]
    # The expansion of each, by a second run.
    asked = source + "".join(f"@ {name} {macro}\n" for macro, name, _ in macros)
    values = dict(re.findall(r"^@ (\w+) (.*)$", preprocess(include, defines, asked), re.MULTILINE))
    numbers = {}
    for macro, name, body in macros:
        if not re.fullmatch(r"[0-9a-fA-Fx+() ]+", values[name]):
            sys.exit(f"{column}: {macro} is no number: {values[name]}")
        if body.strip("()") in {other for other, _, _ in macros}:
            continue
        number = eval(values[name])  # Digits, + and brackets.
        numbers[name] = number & ~X32_BIT if column == "x32" else number
    return numbers


def all_numbers():
    tables = {}
    for column in COLUMNS:
        table = header_numbers(column)
        for name, number, columns in NEWER:
            if column not in columns:
                continue
            number += FIRST_NUMBER.get(column, 0)
            if table.setdefault(name, number) != number:
                sys.exit(f"{column}: the headers have {name} at {table[name]}, not {number}")
        tables[column] = table
        by_number = {}
        for name, number in sorted(table.items()):
            if by_number.setdefault(number, name) != name:
                sys.exit(f"{column}: {number} is {by_number[number]} and {name}")
    return tables


def rows(tables):
    yield ["name", *COLUMNS]
    for name in sorted(set().union(*tables.values())):
        yield [name, *(str(tables[column].get(name, "-")) for column in COLUMNS)]


def text_of(tables):
    return HEADER + "".join(" ".join(row) + "\n" for row in rows(tables))


def libseccomp_names(token, first):
    """Number -> name, for each number that libseccomp can name; None where it has no such architecture."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
    library.seccomp_syscall_resolve_name_arch.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    if library.seccomp_syscall_resolve_name_arch(token, b"read") < 0:
        return None
    wire = X32_BIT if token == 0x4000003E else 0
    numbers = [*range(first, first + 1000), *range(0xF0000, 0xF0000 + 100)]
    named = {n: library.seccomp_syscall_resolve_num_arch(token, n | wire) for n in numbers}
    return {n: ctypes.string_at(pointer).decode() for n, pointer in named.items() if pointer}


def check(path):
    tables = all_numbers()
    problems = []
    wanted, found = text_of(tables).splitlines(), path.read_text().splitlines()
    for line in sorted(set(wanted) - set(found))[:20]:
        problems.append(f"{path.name} lacks: {line}")
    for line in sorted(set(found) - set(wanted))[:20]:
        problems.append(f"{path.name} has, and the headers do not: {line}")
    if not problems and wanted != found:
        problems.append(f"{path.name} is in another order")
    for column, (_, _, tokens) in COLUMNS.items():
        table = {number: name for name, number in tables[column].items()}
        print(f"{column}: {len(table)} calls", end="")
        for token in tokens:
            known = libseccomp_names(token, FIRST_NUMBER.get(column, 0))
            if known is None:
                print(f"; libseccomp has no {token:#x}", end="")
                continue
            differ = {number: name for number, name in known.items() if table.get(number) != name}
            problems += [f"{column}: libseccomp calls {n} {name}, and the table {table.get(n)}" for n, name in differ.items()]
            print(f"; libseccomp's {token:#x} has {len(known)}", end="")
        print()
    print("\n".join(problems) or f"{path.name} has {len(found)} lines and agrees with the headers and with libseccomp")
    return 1 if problems else 0


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("write", "check"):
        sys.exit(__doc__)
    path = pathlib.Path(sys.argv[2])
    if sys.argv[1] == "check":
        return check(path)
    path.write_text(text_of(all_numbers()))
    return 0


sys.exit(main())
