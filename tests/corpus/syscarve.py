# SPDX-License-Identifier: Apache-2.0
"""Recordings and profiles, as a user makes them: by the binary's verbs."""

import collections
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import sys

import host

sys.path.insert(0, str(host.SOURCE / "tests/support"))

import closure_price  # noqa: E402  (what a mode adds, and of which power that is)

ENOSYS = 38


class Recorder:
    """`record --docker` of every container below a cgroup, while the object is used as a context. Then `recording` is a path, or None when
    none was started."""

    def __init__(self, binary, folder, parent, name, options=()):
        self._argv = [binary, "record", "-q", "--docker", "--cgroup-parent", parent, "-o", folder, *options, "--", "/bin/sh", "-c",
                      'echo "$SYSCARVE_MARK"; exec cat']
        self._folder, self._name = pathlib.Path(folder), name
        self.recording = None

    def __enter__(self):
        self._folder.mkdir()
        self._said = open(self._folder / "said", "w+")
        # The recorded command, which ends with its input, and so ends the recording. It is started when everything is armed.
        self._process = subprocess.Popen(list(map(str, self._argv)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said,
                                         env=host.ENVIRONMENT)
        self._marks = self._process.stdout.readline().decode().strip()
        if not self._marks:
            self._process.wait()
            raise host.Failed(f"record did not begin: {self._words()}")
        return self

    def _words(self):
        self._said.seek(0)
        return self._said.read().strip()

    def mark(self, name):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(self._marks)
            connection.sendall(name.encode() + b"\n")
            answer = connection.recv(4096)
        if answer != b"ok\n":
            raise host.Failed(f"mark {name}: {host.support.decode(answer)}")

    def __exit__(self, kind, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            status = self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            status = self._process.wait()
        path = self._folder / f"{self._name}.recording.json"
        if path.exists():
            self.recording = path
        elif kind is None:
            raise host.Failed(f"record ended with {status} and wrote nothing: {self._words()}")
        self._said.close()


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def subject_calls(recording, what):
    """(run's name, entry) of each call of one kind, from either form of the format."""
    for run in recording["runs"]:
        for subject in run["subjects"]:
            if "shape" in subject:
                shape = recording["shapes"][subject["shape"]]
                entries = shape[what] if what == "denials" else [recording["rows"][place] for place in shape[what]]
            else:
                entries = subject[what]
            for entry in entries:
                yield run["name"], entry


def call_name(entry):
    name = entry.get("name", f"#{entry['nr']}")
    return name if entry["abi"] in ("x86_64", "aarch64") else f"{entry['abi']}:{name}"


def names(path):
    return {call_name(entry) for _, entry in subject_calls(load(path), "calls")}


def refused(path):
    """run's name -> the calls that the filter refused in that run, each with the action and the programs, as texts."""
    recording = load(path)
    programs = {str(one["id"]): os.path.basename(one["path"] or "?") for one in recording["programs"]}
    found = {}
    for run, entry in subject_calls(recording, "denials"):
        answer = "ENOSYS" if entry["errno"] == ENOSYS else entry.get("outcome") or (f"errno {entry['errno']}" if entry["errno"] else "killed")
        if entry["errno"] == 1:
            answer = "EPERM"
        who = sorted({programs.get(str(one), "?") for one in entry["programs"]})
        found.setdefault(run, set()).add(f"{call_name(entry)} ({answer}, {', '.join(who)})")
    return {run: sorted(texts) for run, texts in found.items()}


def runtime_baseline():
    """The shipped baseline of runc. Without an engine, `generate` has no report that the runtime was runc."""
    version = host.checked(["runc", "--version"]).split()[2].split("+")[0]
    numbers = lambda text: [int(one) for one in re.findall(r"\d+", text)]
    found = [(load(path), path) for path in (host.SOURCE / "profiles/runtime").glob("runc-*.json")]
    found = [(numbers(one["version"]), path) for one, path in found if one["abi"] == platform.machine() and not one["no_new_privs"]]
    if not found:
        raise host.Failed(f"profiles/runtime has no file of runc for {platform.machine()}")
    # That of this version, or of the newest older one, or the oldest.
    return max([one for one in found if one[0] <= numbers(version)] or [min(found)])[1]


class Variant:
    """One way to generate a profile, such as `steady+life+exec`: the mode of --closure; `life` if the steps of `record --exercise` were
    recorded as well; `args` and `all-args` for --args safe and all; `caps` if the container has only the capabilities that `generate`
    recommends; and the kinds of `generate --with`."""

    def __init__(self, text):
        self.text = text
        self.mode, *more = text.split("+")
        self.life = "life" in more
        self.arguments = {"args": "safe", "all-args": "all"}.get(next((one for one in more if one.endswith("args")), ""), "off")
        self.capabilities = "caps" in more
        self.companions = [one for one in more if one not in ("life", "caps") and not one.endswith("args")]

    @property
    def plain(self):
        return not self.life and not self.capabilities and not self.companions

    def options(self, baseline):
        options = ["--closure", self.mode, "--args", self.arguments, "--baseline", baseline]
        return [*options, "--with", ",".join(self.companions)] if self.companions else options


class Verbs:
    def __init__(self, binary, baseline="auto"):
        self.binary, self._baseline = binary, baseline
        os.environ["SYSCARVE_BINARY"] = str(binary)

    def generate(self, recording, variant, out):
        host.checked([self.binary, "generate", "-q", recording, *variant.options(self._baseline), "--format", "oci", "-o", out])
        return out

    def capabilities(self, recording, out):
        """The capabilities that are recommended for the container of a recording."""
        # The folder may also contain those of containers of other engines.
        alone = out.with_name(out.name + ".recorded")
        alone.mkdir(exist_ok=True)
        shutil.copy(recording, alone)
        host.checked([self.binary, "generate", "-q", alone, "-o", out])
        recommended, = re.findall(r'(?m)^"[^"]*": \[(.*)\]$', (out / "capabilities.yaml").read_text())
        return recommended.replace(",", "").split()

    def merge(self, recordings, out):
        if len(recordings) == 1:
            return recordings[0]
        host.checked([self.binary, "merge", *recordings, "-o", out])
        return out

    def allowed(self, recording, variant):
        return set(host.checked([self.binary, "generate", "-q", recording, *variant.options(self._baseline), "--format", "names"]).split())

    def price(self, recording, variant):
        """The number of names in a profile; the number of calls that closure adds to those that were seen; those above low risk; those with a
        power that no seen call has; and the counts of calls that the kernel allows without running the filter (see unconditional)."""
        seen, added, conditional = closure_price.explained(str(recording), variant.mode)
        risky, opened = closure_price.Power().above_low(seen, added)
        return {"names": len(self.allowed(recording, variant)), "added": len(added) + len(conditional), "risky": sorted(risky),
                "opened": sorted(opened), "unconditional": self.unconditional(recording, variant)}

    def unconditional(self, recording, variant):
        """The counts of the recorded calls without conditions in the profile, and of all recorded calls."""
        profile = json.loads(host.checked([self.binary, "generate", "-q", recording, *variant.options(self._baseline), "--format", "oci"]))
        conditional = {name for rule in profile["syscalls"] if rule.get("args") for name in rule["names"]}
        made = collections.Counter()
        for run in json.loads(pathlib.Path(recording).read_text())["runs"]:
            for subject in run["subjects"]:
                for call in subject["calls"]:
                    made[call.get("name") not in conditional] += call["count"]
        return [made[True], made.total()]

    def version(self):
        return re.sub(r"\s+", " ", host.checked([self.binary, "--version"]).strip())


def luck(recordings, verbs, variants, folder):
    """What differs between recordings of the same load: names that only some have, and the number of different profiles generated from them."""
    sets = [names(path) for path in recordings]
    profiles = {one.text: [verbs.generate(path, one, folder / f"luck-{one.text}-{number}.json").read_bytes()
                           for number, path in enumerate(recordings)] for one in variants if one.plain}
    return {"recordings": len(recordings), "in_all": len(set.intersection(*sets)),
            "in_some": sorted(set.union(*sets) - set.intersection(*sets)),
            # The number of recordings that give the most frequent profile.
            "same": {variant: max(map(texts.count, texts)) for variant, texts in profiles.items()}}


def capability_luck(recordings, verbs, folder):
    """The number of recordings with the most frequent capabilities, and the capabilities that only some have."""
    sets = [frozenset(verbs.capabilities(path, folder / f"capabilities-{number}")) for number, path in enumerate(recordings)]
    return {"same": max(map(sets.count, sets)), "in_some": sorted(frozenset.union(*sets) - frozenset.intersection(*sets))}
