#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that packaged kernels have all fields and functions that the kernel side uses, without booting them.

  check_fields.py [--print] BUILD [KERNEL...]     BUILD has bpf/recorder.bpf.o; KERNEL is one of Debian's releases below

Takes the types (BTF) out of each kernel's image and looks in them for every field of vmlinux/kernel_types.h, every raw tracepoint and every
kernel function that bpf/ names. What a kernel lacks must be exactly what the table in vmlinux/README.md lists as missing: --print prints that table.
Packages are kept in $SYSCARVE_KERNELS_DIR (/var/tmp/syscarve-kernels). Exit status: 0 as the table says, 1 not, 2 usage, 3 a package is not available.
"""

import json
import lzma
import os
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
WORK = os.environ.get("SYSCARVE_KERNELS_DIR", "/var/tmp/syscarve-kernels")
TABLE = os.path.join(SOURCE, "vmlinux", "README.md")

# name -> suite and architecture of Debian, the package with the image, the object whose types count.
KERNELS = {
    "6.1": ("bookworm", "amd64", r"/^linux-image-6\.1\.[0-9.]+-[0-9]+-cloud-amd64$/", "recorder.bpf.o"),
    "6.12": ("trixie", "amd64", r"/^linux-image-6\.12\.[0-9.]+\+deb13-cloud-amd64$/", "recorder.bpf.o"),
    "7": ("sid", "amd64", r"/^linux-binary-7\.[0-9.]+\+deb[0-9]+-cloud-amd64$/", "recorder.bpf.o"),
    "6.1, arm64": ("bookworm", "arm64", r"/^linux-image-6\.1\.[0-9.]+-[0-9]+-cloud-arm64$/", "recorder.arm64.bpf.o"),
    "6.12, arm64": ("trixie", "arm64", r"/^linux-image-6\.12\.[0-9.]+\+deb13-cloud-arm64$/", "recorder.arm64.bpf.o"),
}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def fetch(suite, arch, package):
    """The path of the kernel's image."""
    script = os.path.join(SOURCE, "tests", "support", "debian-package.sh")
    fetched = subprocess.run([script, WORK, suite, arch, package], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if fetched.returncode != 0:
        sys.stderr.write(fetched.stderr)
        sys.exit(3)
    for folder, _, names in os.walk(fetched.stdout.strip()):
        for name in names:
            if name.startswith("vmlinuz"):
                return os.path.join(folder, name)
    sys.exit(f"check_fields.py: no image in {fetched.stdout.strip()}")


def decompress(data):
    """Of what begins `data`; what follows it is left alone."""
    if data.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(data)
    for magic, command in ((b"\x28\xb5\x2f\xfd", ["zstd", "-dc"]), (b"\x02\x21\x4c\x18", ["lz4", "-dc"]), (b"\x1f\x8b", ["gzip", "-dc"])):
        if data.startswith(magic):
            # All complain of what follows, and have written everything by then.
            return subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return None


def types_in(image):
    """The section .BTF, which is found by its own header, wherever it lies."""
    header = struct.pack("<HBB", 0xEB9F, 1, 0)
    at = image.find(header)
    while at >= 0:
        fields = struct.unpack_from("<HBBIIIII", image, at)
        size = fields[3] + fields[6] + fields[7]
        # A module's would be small; the kernel's has tens of thousands of types.
        if fields[3] == 24 and fields[5] > 1 << 20 and at + size <= len(image):
            return image[at:at + size]
        at = image.find(header, at + 1)
    return None


def kernel_types(image):
    """The BTF in a bootable image: an x86 bzImage (Documentation/arch/x86/boot.rst), or arm64's, plain or compressed."""
    candidates = []
    if image[0x202:0x206] == b"HdrS":
        begin = (image[0x1F1] + 1) * 512 + struct.unpack_from("<I", image, 0x248)[0]
        candidates.append(decompress(image[begin:begin + struct.unpack_from("<I", image, 0x24C)[0]]))
    elif image[4:8] == b"zimg":
        # drivers/firmware/efi/libstub/zboot-header.S
        offset, size = struct.unpack_from("<II", image, 8)
        candidates.append(decompress(image[offset:offset + size]))
    candidates += [decompress(image), image]
    for candidate in candidates:
        if candidate and (found := types_in(candidate)):
            return found
    return None


def dump(path):
    text = subprocess.run(["bpftool", "--json", "btf", "dump", "file", path, "format", "raw"], capture_output=True, check=True,
                          env=os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin"}).stdout
    return {entry["id"]: entry for entry in json.loads(text)["types"]}


def members(types, entry):
    """The names of a structure's fields, those of nameless structures in it included."""
    for member in entry.get("members", ()):
        inner = types.get(member["type_id"], {})
        if member["name"] == "(anon)" and inner.get("kind") in ("STRUCT", "UNION"):
            yield from members(types, inner)
        else:
            yield member["name"]


def structures(types):
    fields = {}
    for entry in types.values():
        if entry["kind"] in ("STRUCT", "UNION") and entry["name"] != "(anon)":
            fields.setdefault(entry["name"], set()).update(members(types, entry))
        elif entry["kind"] == "TYPEDEF" and types.get(entry["type_id"], {}).get("name") == "(anon)":
            fields.setdefault(entry["name"], set()).update(members(types, types[entry["type_id"]]))
    return fields


def needs(object_file):
    """What the kernel side reads (structure -> fields) and calls."""
    declared = set(re.findall(r"^struct (\w+) \{", open(os.path.join(SOURCE, "vmlinux/kernel_types.h"), encoding="utf-8").read(), re.M))
    fields = {name: names for name, names in structures(dump(object_file)).items() if name in declared}
    text = "".join(open(os.path.join(SOURCE, "bpf", name), encoding="utf-8").read() for name in sorted(os.listdir(os.path.join(SOURCE, "bpf")))
                   if name.endswith((".c", ".h")))
    names = {f"btf_trace_{event}" for event in re.findall(r'SEC\("tp_btf/(\w+)"\)', text)}
    names |= set(re.findall(r"^extern [^;]*?(\w+)(?:\([^;]*\))? __ksym", text, re.M))
    return fields, names | {"cap_capable"}


def lacks(needed, types):
    """What is not in a kernel, in words."""
    fields, names = needed
    have = structures(types)
    known = {entry["name"] for entry in types.values() if entry["kind"] in ("FUNC", "TYPEDEF", "VAR")}
    missing = sorted(name for name in names if name not in known)
    for name, wanted in sorted(fields.items()):
        # What stands behind "___" tells declarations of the same structure apart (libbpf).
        of_kernel = have.get(name.split("___")[0])
        if of_kernel is None:
            missing.append(f"struct {name}")
        else:
            missing += [f"{name}.{field}" for field in sorted(wanted - of_kernel)]
    return missing


def row(kernel, missing):
    return f"| {kernel} | {', '.join(f'`{word}`' for word in missing) or 'nothing'} |"


def main(arguments):
    printing = "--print" in arguments
    arguments = [word for word in arguments if word != "--print"]
    if not arguments or not all(word in KERNELS for word in arguments[1:]):
        sys.stderr.write(__doc__)
        return 2
    build, wanted = arguments[0], arguments[1:] or list(KERNELS)
    table = open(TABLE, encoding="utf-8").read().splitlines()
    status = 0
    for kernel in wanted:
        suite, arch, package, object_name = KERNELS[kernel]
        found = kernel_types(read(fetch(suite, arch, package)))
        if found is None:
            sys.exit(f"check_fields.py: the image of {kernel} holds no types that can be found")
        with tempfile.NamedTemporaryFile(suffix=".btf") as file:
            file.write(found)
            file.flush()
            types = dump(file.name)
        line = row(kernel, lacks(needs(os.path.join(build, "bpf", object_name)), types))
        if printing:
            print(line)
        elif line in table:
            print(f"{kernel}: {len(types)} types, as vmlinux/README.md says")
        else:
            print(f"{kernel}: not as vmlinux/README.md says, but\n{line}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
