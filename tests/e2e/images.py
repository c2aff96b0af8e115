# SPDX-License-Identifier: Apache-2.0
"""The images of the container tests, made without a registry and kept as archives in the folder SYSCARVE_IMAGES.

  busybox     a static busybox with all its applets, and our workloads in /workloads
  services    a minimal Debian with nginx, redis, PostgreSQL and some small services; debootstrap takes the packages from the host's own mirror

An archive is made once. It is made again if its inputs have changed, or if the archive has changed since.
"""

import contextlib
import dataclasses
import glob
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile

from support import WORKLOADS, decode, mount_points

NAMES = ("busybox", "services")
BUSYBOX = "/bin/busybox"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
HERE = os.path.dirname(os.path.abspath(__file__))
SERVICES = os.path.join(HERE, "services-image")
# The last are for services of tests/corpus/, and their clients.
PACKAGES = ("nginx", "redis-server", "postgresql", "beanstalkd", "curl", "git", "procps", "python3", "rsync", "tinyproxy-bin", "xinetd")

# Documentation, caches, and the compiler of PostgreSQL's JIT, which is as large as all the rest and is switched off.
LEFT_OUT = ("./debootstrap", "./dev/*", "./proc/*", "./sys/*", "./tmp/*", "./var/cache/apt/*", "./var/lib/apt/lists/*", "./usr/share/doc",
            "./usr/share/man", "./usr/share/locale", "./usr/share/info", "./usr/lib/*/libLLVM*", "./usr/lib/*/libz3*",
            "./usr/lib/postgresql/*/lib/bitcode", "./usr/lib/postgresql/*/lib/llvm*", "./usr/share/postgresql/*/man")


@dataclasses.dataclass
class Archive:
    path: str
    digest: str


def digest_of(*paths):
    """One number for the names and contents of some files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(os.path.basename(path).encode() + b"\0")
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                total.update(block)
    return total.hexdigest()


def cached(folder, name, recipe, build):
    """The archive `folder`/`name`.tar, which `build(path)` makes. `recipe` is a text that changes when the archive has to."""
    path, stamp = f"{folder}/{name}.tar", f"{folder}/{name}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        with open(stamp) as file:
            made = json.load(file)
        if made["recipe"] == recipe and os.path.getsize(path) == made["size"] and digest_of(path) == made["sha256"]:
            return Archive(path, made["sha256"])
    os.makedirs(folder, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(stamp)
    build(path)
    digest = digest_of(path)
    with open(stamp, "w") as file:
        json.dump({"recipe": recipe, "size": os.path.getsize(path), "sha256": digest}, file)
    return Archive(path, digest)


def archive(name):
    folder = os.environ.get("SYSCARVE_IMAGES", "")
    if not folder:
        raise AssertionError("SYSCARVE_IMAGES must name the folder of the images")
    return {"busybox": busybox, "services": services}[name](folder)


def busybox(folder):
    workloads = sorted(path for path in glob.glob(os.path.join(WORKLOADS, "*")) if is_static(path))
    return cached(folder, "busybox", digest_of(BUSYBOX, os.path.abspath(__file__), *workloads),
                  lambda path: make_busybox(path, workloads))


def is_static(path):
    """Whether a program needs no interpreter, which the image would not have."""
    with open(path, "rb") as file:
        head = file.read(4096)
    return head.startswith(b"\x7fELF") and b"/ld-" not in head


def make_busybox(path, workloads):
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, check=True).stdout.decode().split()
    with tarfile.open(path, "w") as tar:
        for folder in ("bin", "workloads", "tmp", "proc", "sys", "dev", "etc"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        for source, name in [(BUSYBOX, "bin/busybox")] + [(source, f"workloads/{os.path.basename(source)}") for source in workloads]:
            entry = tar.gettarinfo(source, name)
            entry.uid = entry.gid = 0
            entry.type, entry.mode = tarfile.REGTYPE, 0o755
            with open(source, "rb") as file:
                tar.addfile(entry, file)
        for applet in applets:
            if applet != "busybox":
                entry = tarfile.TarInfo(f"bin/{applet}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)


def services(folder):
    return cached(folder, "services", digest_of(os.path.abspath(__file__), *files_below(SERVICES)), make_services)


def files_below(folder):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(folder) for name in names)


def host_mirror():
    """The release, mirror and components that this host's own packages come from."""
    with open("/etc/os-release") as file:
        release = dict(line.rstrip().replace('"', "").split("=", 1) for line in file if "=" in line)
    suite = release.get("VERSION_CODENAME", "")
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(CODENAME) $(COMPONENT)", "Created-By: Packages"],
                             capture_output=True, check=True).stdout.decode().split("\n")
    found = [line.split() for line in targets if line.split()[1:2] == [suite] and line.split()[2] in ("main", "universe")]
    if not found:
        raise AssertionError(f"apt knows no mirror of {suite}")
    mirror = found[0][0]
    return suite, mirror, ",".join(sorted({component for site, _, component in found if site == mirror}))


def make_services(path):
    tree = tempfile.mkdtemp(prefix="services-", dir=os.path.dirname(path))
    os.chmod(tree, 0o755)  # It becomes the image's root folder.
    try:
        grow_services(tree)
        excluded = [f"--exclude={pattern}" for pattern in LEFT_OUT]
        checked(["tar", "--numeric-owner", "--xattrs", *excluded, "-C", tree, "-cf", path, "."])
    finally:
        for point in reversed([point for point in mount_points() if point.startswith(tree + "/")]):
            checked(["umount", point])
        shutil.rmtree(tree)


def grow_services(tree):
    suite, mirror, components = host_mirror()
    checked(["debootstrap", "--foreign", "--variant=minbase", f"--components={components}", "--include=" + ",".join(PACKAGES), suite,
             tree, mirror])
    # Nothing may start a server while the packages are set up: it would run on the host.
    with open(f"{tree}/usr/sbin/policy-rc.d", "w") as file:
        file.write("#!/bin/sh\nexit 101\n")
    os.chmod(f"{tree}/usr/sbin/policy-rc.d", 0o755)
    os.makedirs(f"{tree}/etc/postgresql-common/createcluster.d")
    with open(f"{tree}/etc/postgresql-common/createcluster.d/none.conf", "w") as file:
        file.write("create_main_cluster = false\n")
    checked(["chroot", tree, "/debootstrap/debootstrap", "--second-stage"])
    shutil.copytree(SERVICES, f"{tree}/srv", dirs_exist_ok=True)
    checked(["chroot", tree, "/bin/sh", "/srv/set-up"])


def checked(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env={"PATH": PATH, "LC_ALL": "C", "HOME": "/root"})
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with status {result.returncode}:\n{decode(result.stdout)[-3000:]}")
