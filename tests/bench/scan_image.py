#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes an image of about a gigabyte, as `docker save` would write it, to measure `scan` with.

  tests/bench/scan_image.py OUTPUT.tar [MEGABYTES] [gzip|plain]

Half of the bytes are text and half are not, in files of 1 KiB to 1 MiB; in ten layers. Same arguments, same bytes.
"""

import gzip
import hashlib
import io
import json
import random
import sys
import tarfile

LAYERS = 10
WORDS = [b"server", b"listen", b"location", b"include", b"return", b"buffer", b"=", b"{", b"}", b"; ", b"\n", b" the ", b"token", b"\t", b"/usr/share/"]


def text(chance, size):
    block = b" ".join(chance.choices(WORDS, k=2000))
    return (block * (size // len(block) + 1))[:size]


def add(archive, name, content, mode=0o644):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def layer(chance, number, size):
    stream = io.BytesIO()
    noise = chance.randbytes(1 << 20)
    with tarfile.open(fileobj=stream, mode="w") as archive:
        written = count = 0
        while written < size:
            length = int(2 ** chance.uniform(10, 20))
            binary = chance.random() < 0.5
            content = b"\x7fELF\0" + noise[:length] if binary else text(chance, length)
            add(archive, f"usr/lib/part{number}/{count // 100}/file{count}", content, 0o755 if binary else 0o644)
            written, count = written + length, count + 1
    return stream.getvalue()


def main():
    output, megabytes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    packed = len(sys.argv) <= 3 or sys.argv[3] == "gzip"
    chance = random.Random(1)
    diff_ids, names = [], []
    with tarfile.open(output, mode="w") as image:
        for number in range(LAYERS):
            plain = layer(chance, number, megabytes * 1_000_000 // LAYERS)
            diff_ids.append("sha256:" + hashlib.sha256(plain).hexdigest())
            stored = gzip.compress(plain, 1, mtime=0) if packed else plain
            names.append(f"blobs/sha256/{hashlib.sha256(stored).hexdigest()}")
            add(image, names[-1], stored)
        config = json.dumps({"rootfs": {"diff_ids": diff_ids}}).encode()
        add(image, hashlib.sha256(config).hexdigest() + ".json", config)
        add(image, "manifest.json", json.dumps([{"Config": hashlib.sha256(config).hexdigest() + ".json", "RepoTags": ["large:1"], "Layers": names}]).encode())


main()
