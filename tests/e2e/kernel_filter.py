# SPDX-License-Identifier: Apache-2.0
"""Compiles a profile to a filter with libseccomp, as a container runtime does, without syscarve: for tests of the kernel's
decisions outside containers."""

import ctypes
import json
import os
import struct

ALLOW, LOG, KILL_PROCESS, ERRNO = 0x7fff0000, 0x7ffc0000, 0x80000000, 0x00050000
ARCHITECTURES = {"SCMP_ARCH_X86_64": 0xc000003e, "SCMP_ARCH_X86": 0x40000003, "SCMP_ARCH_AARCH64": 0xc00000b7}
COMPARISONS = {"SCMP_CMP_NE": 1, "SCMP_CMP_LT": 2, "SCMP_CMP_LE": 3, "SCMP_CMP_EQ": 4, "SCMP_CMP_GE": 5, "SCMP_CMP_GT": 6,
               "SCMP_CMP_MASKED_EQ": 7}
EXISTS, UNKNOWN = -17, -1


class Comparison(ctypes.Structure):
    _fields_ = [("index", ctypes.c_uint), ("op", ctypes.c_int), ("value", ctypes.c_uint64), ("value_two", ctypes.c_uint64)]


def action(name, errno):
    if name == "SCMP_ACT_ERRNO":
        return ERRNO | (1 if errno is None else errno)
    return {"SCMP_ACT_ALLOW": ALLOW, "SCMP_ACT_LOG": LOG, "SCMP_ACT_KILL_PROCESS": KILL_PROCESS}[name]


def export(profile_path, output, default_errno=None):
    """Writes the instructions of the filter of a profile to the file `output`. `default_errno` replaces the profile's."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    with open(profile_path, encoding="utf-8") as file:
        profile = json.load(file)
    default = action(profile["defaultAction"], profile.get("defaultErrnoRet") if default_errno is None else default_errno)
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(default)))
    try:
        for name in profile["architectures"]:
            checked(library.seccomp_arch_add(context, ARCHITECTURES[name]), EXISTS)
        for rule in profile["syscalls"]:
            wanted = action(rule["action"], rule.get("errnoRet"))
            conditions = [Comparison(arg["index"], COMPARISONS[arg["op"]], arg["value"], arg.get("valueTwo", 0))
                          for arg in rule.get("args", [])]
            array = (Comparison * len(conditions))(*conditions)
            for name in rule["names"] if wanted != default else ():
                number = library.seccomp_syscall_resolve_name(name.encode())
                # A runtime leaves out names that its libseccomp does not know.
                if number != UNKNOWN:
                    checked(library.seccomp_rule_add_array(context, ctypes.c_uint32(wanted), number, len(conditions), array))
        with open(output, "wb") as file:
            checked(library.seccomp_export_bpf(context, file.fileno()))
        assert os.path.getsize(output) > 0
    finally:
        library.seccomp_release(context)
    return output


def largest_named(profile_path):
    """The largest number of a call that some rule names and this host's libseccomp has."""
    library = ctypes.CDLL("libseccomp.so.2")
    with open(profile_path, encoding="utf-8") as file:
        return max(library.seccomp_syscall_resolve_name(name.encode()) for rule in json.load(file)["syscalls"] for name in rule["names"])


def evaluate(instructions, number, architecture, argument=2**64 - 1):
    """What a filter returns for a call whose six arguments are all `argument`."""
    data = struct.pack("<iIQ6Q", number, architecture, 0, *[argument] * 6)
    at = accumulator = 0
    memory = {}
    while True:
        code, if_true, if_false, constant = struct.unpack_from("<HBBI", instructions, 8 * at)
        at += 1
        if code == 0x20:  # Load a word of the data.
            accumulator, = struct.unpack_from("<I", data, constant)
        elif code == 0x06:  # Return.
            return constant
        elif code == 0x05:  # Jump.
            at += constant
        elif code in (0x15, 0x25, 0x35, 0x45):  # Jump if equal, greater, greater or equal, or if bits are set.
            holds = {0x15: accumulator == constant, 0x25: accumulator > constant, 0x35: accumulator >= constant,
                     0x45: accumulator & constant != 0}[code]
            at += if_true if holds else if_false
        elif code == 0x54:  # And.
            accumulator &= constant
        elif code == 0x02:
            memory[constant] = accumulator
        elif code == 0x60:
            accumulator = memory[constant]
        else:
            raise AssertionError(f"instruction {code:#x} is none that libseccomp makes")


def checked(result, *accepted):
    if result < 0 and result not in accepted:
        raise OSError(-result, os.strerror(-result), "libseccomp")
