# SPDX-License-Identifier: Apache-2.0
"""Runs the corpus: lists the workloads, selects those that still have to be run, and runs each of them. See README.md; started by run.sh."""

import argparse
import collections
import concurrent.futures
import contextlib
import datetime
import fcntl
import fnmatch
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import host  # noqa: E402
import service  # noqa: E402
import syscarve  # noqa: E402
import table  # noqa: E402
import tool  # noqa: E402

# To be raised when older results can no longer be compared with new ones.
FORMAT = 2
WORKLOAD_SECONDS = 3600
# See syscarve.Variant.
VARIANTS = ("safe", "steady", "steady+life", "steady+life+exec")


def workloads():
    """name -> workload."""
    found = {}
    for path in sorted((host.HERE / "services").iterdir()):
        found[path.name] = service.Service(path)
    for path in sorted((host.HERE / "tools").iterdir()):
        for one in tool.read_tools(path):
            if one.name in found:
                raise host.Failed(f"{path.name}: there is a workload {one.name} already")
            found[one.name] = one
    return found


def chosen(all_workloads, patterns):
    names = []
    for pattern in patterns:
        matching = [name for name in all_workloads if fnmatch.fnmatchcase(name, pattern)]
        if not matching:
            raise host.Failed(f"there is no workload {pattern}; --list lists them")
        names += [name for name in matching if name not in names]
    return [all_workloads[name] for name in names]


class Work:
    """The environment in which one workload runs."""

    def __init__(self, options, folder, namespace, cgroup, kind):
        self.folder, self.namespace, self.cgroup = folder, namespace, cgroup
        self.binary, self.recordings = options.binary, options.recordings
        self.variants = [syscarve.Variant(text) for text in options.variants]
        self.record_options = options.record_option
        self.verbs = syscarve.Verbs(self.binary, syscarve.runtime_baseline() if kind == "service" else "none")

    def recorder(self, name, workload):
        return syscarve.Recorder(self.binary, self.folder / name, self.cgroup.containers, workload, self.record_options)


class Corpus:
    def __init__(self, options):
        self.options = options
        self.work = options.work
        self.results = self.work / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        # Tools take a second each, and those of one file share a layer.
        self.tool_packages = collections.defaultdict(set)
        for one in workloads().values():
            if one.kind == "tool":
                self.tool_packages[one.path.name].update(one.packages)
        self.installing = threading.Lock()
        self.running = set()
        self.place = host.Tree(self.work, options.binary)

    def made_with(self):
        return {"recordings": self.options.recordings, "variants": self.options.variants, "record_option": self.options.record_option}

    def key(self, workload, options):
        return host.digest(FORMAT, self.options.binary, *options.values(), workload.packages, *workload.inputs())

    def result(self, workload):
        """The result of an earlier run, if it is still valid."""
        path = self.results / f"{workload.name}.json"
        if path.exists():
            found = json.loads(path.read_text())
            # The table contains all results; a workload that could not be run may run now.
            options = found["options"] if self.options.table else self.made_with()
            if found["key"] == self.key(workload, options) and (self.options.table or "failed" not in found):
                return found
        return None

    def lower(self, workload):
        # apt fails instead of waiting for another one.
        with self.installing:
            return self._lower(workload)

    def _lower(self, workload):
        if workload.kind == "service":
            return self.place.layer(workload.name, workload.packages)
        return self.place.layer(f"tools-{workload.path.name}", sorted(self.tool_packages[workload.path.name]))

    def run(self, workload):
        """Runs the workload in a process with a mount namespace, a network and a cgroup of its own. Returns the result and keeps it."""
        begin = time.monotonic()
        try:
            found = self._run(workload, self.lower(workload))
        except host.Failed as error:
            found = {"failed": str(error)}
        found |= {"name": workload.name, "kind": workload.kind, "options": self.made_with(), "key": self.key(workload, self.made_with()), "seconds": round(time.monotonic() - begin),
                  "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(), "kernel": platform.release(),
                  "distribution": host.suite(), "runtime": host.checked(["runc", "--version"]).splitlines()[0],
                  "syscarve": syscarve.Verbs(self.options.binary).version()}
        path = self.results / f"{workload.name}.json"
        path.with_suffix(".new").write_text(json.dumps(found, indent=1))
        path.with_suffix(".new").rename(path)
        return found

    def result_of(self, workload):
        """The earlier result, or that of a run now."""
        return (None if self.options.fresh else self.result(workload)) or self.run(workload)

    @contextlib.contextmanager
    def _among_running(self, cgroup):
        self.running.add(cgroup)
        try:
            yield
        finally:
            self.running.discard(cgroup)

    def end(self):
        """Ends the running workloads."""
        for cgroup in list(self.running):
            cgroup.end()

    def _run(self, workload, lower):
        scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"{workload.name}-", dir=self.work))
        try:
            with host.Cgroup(f"syscarve-corpus.{os.getpid()}.{workload.name}") as cgroup, self._among_running(cgroup):
                out = scratch / "result"
                request = {"name": workload.name, "lower": [str(one) for one in lower], "scratch": str(scratch), "cgroup": cgroup.name,
                           "out": str(out), "options": {**vars(self.options), "work": str(self.work), "binary": str(self.options.binary)}}
                process = subprocess.Popen(["unshare", "--mount", "--net", "--propagation", "private", "--", sys.executable, "-B", __file__],
                                           stdin=subprocess.PIPE, env={**host.ENVIRONMENT, "SYSCARVE_CORPUS_ONE": "1"})
                process.stdin.write(json.dumps(request).encode())
                process.stdin.close()
                try:
                    process.wait(WORKLOAD_SECONDS)
                except subprocess.TimeoutExpired:
                    cgroup.end()
                    process.wait()
                if not out.exists():
                    raise host.Failed(f"no result; its process ended with {process.returncode}")
                return json.loads(out.read_text())
        finally:
            if self.options.keep:
                kept = self.work / "kept" / workload.name
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(scratch, kept, ignore=shutil.ignore_patterns("root", "memory"))
            shutil.rmtree(scratch)


def run_one():
    """The process of one workload."""
    request = json.load(sys.stdin)
    options = argparse.Namespace(**request["options"])
    options.binary = pathlib.Path(options.binary)
    host.loopback_up()
    cgroup = host.Cgroup(request["cgroup"])
    cgroup.enter()
    scratch = pathlib.Path(request["scratch"])
    try:
        namespace = host.Namespace(scratch, request["lower"])
        workload = workloads()[request["name"]]
        found = workload.run(Work(options, scratch, namespace, cgroup, workload.kind))
    except host.Failed as error:
        found = {"failed": str(error)}
    except Exception:  # A fault of the harness in one workload must not cost the others.
        found = {"failed": traceback.format_exc()}
    pathlib.Path(request["out"]).write_text(json.dumps(found))
    return 0


def describe(found):
    if "failed" in found:
        return f"{found['name']}: NOT RUN: {found['failed']}"
    parts = []
    for variant, of_variant in found["variants"].items():
        counted = {name: phase for name, phase in of_variant["phases"].items() if phase["counts"]}
        bad = [f"{name} [{'; '.join(phase['refused'])}]" for name, phase in counted.items() if not phase["good"]]
        parts.append(f"{variant} {sum(phase['good'] for phase in counted.values())}/{len(counted)}" + (f" BREAKS {', '.join(bad)}" if bad else ""))
    luck = found["luck"]
    return (f"{found['name']}: {found['seen']} calls, luck {luck['in_some'] or 'none'} {luck['same']}; " + "; ".join(parts) +
            f" ({found['seconds']} s)")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="run.sh", description="Records real workloads and runs them under the profiles that come of it.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads, or patterns of such; all of them by default")
    parser.add_argument("--list", action="store_true", help="list the workloads")
    parser.add_argument("--fresh", action="store_true", help="run also what has a result already")
    parser.add_argument("--recordings", type=int, default=5, metavar="N", help="how often each load is recorded (5)")
    parser.add_argument("--variants", default=",".join(VARIANTS), metavar="LIST", help=f"how profiles are made ({','.join(VARIANTS)})")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many workloads at a time (2)")
    parser.add_argument("--record-option", action="append", default=[], metavar="OPTION", help="another option for `record`; repeatable")
    parser.add_argument("--keep", action="store_true", help="keep recordings and profiles in the work folder, below kept/")
    parser.add_argument("--table", metavar="FILE", help="run nothing, and put the table of all results into FILE; - is standard output")
    parser.add_argument("--install-only", action="store_true", help="only make the tree and its layers")
    options = parser.parse_args(arguments)
    options.work = pathlib.Path(os.environ.get("SYSCARVE_CORPUS_DIR", "/var/tmp/syscarve-corpus")).resolve()
    options.binary = pathlib.Path(os.environ.get("SYSCARVE_BINARY", host.SOURCE / "build/release/bin/syscarve")).resolve()
    options.variants = options.variants.split(",")
    return options


def run_all(corpus, wanted):
    results = []
    with concurrent.futures.ThreadPoolExecutor(corpus.options.jobs) as pool:
        pending = [pool.submit(corpus.result_of, one) for one in wanted]
        try:
            for number, one in enumerate(pending, 1):
                results.append(one.result())
                print(f"[{number}/{len(wanted)}] {describe(results[-1])}", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            corpus.end()
            raise
    return results


def main():
    options = parse(sys.argv[1:])
    # Running work is cleaned up before this process ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    everything = workloads()
    if options.list:
        for one in everything.values():
            print(f"{one.kind:8} {one.name:20} {' '.join(one.packages)}")
        return 0
    corpus = Corpus(options)
    wanted = chosen(everything, options.names or ["*"])
    if options.table:
        found = [(one, corpus.result(one)) for one in wanted]
        table.write(options.table, [result for _, result in found if result], [one.name for one, result in found if not result])
        return 0
    if os.geteuid() != 0:
        raise host.Failed("this needs root")
    if not options.binary.exists():
        raise host.Failed(f"{options.binary} is not there: SYSCARVE_BINARY names the binary to test")
    # One run at a time: apt does not wait for another one, and two runs would slow each other down.
    lock = open(options.work / "lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise host.Failed(f"another run is at work in {options.work}") from None
    corpus.place.provide()
    if options.install_only:
        for one in wanted:
            corpus.lower(one)
        return 0
    results = run_all(corpus, wanted)
    print(table.text(results))
    return 0 if table.holds(results) else 1


if __name__ == "__main__":
    try:
        sys.exit(run_one() if os.environ.get("SYSCARVE_CORPUS_ONE") else main())
    except host.Failed as error:
        print(f"run.sh: {error}", file=sys.stderr)
        sys.exit(2)
