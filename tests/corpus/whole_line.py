# SPDX-License-Identifier: Apache-2.0
"""The whole line: each service of services/ in a container of a Docker engine of its own, recorded once while it is started, used, reloaded,
stopped and started again; then `harden`, and `verify --docker` with the same steps under all settings of the line at once. If the recording
does not show whether the service works as another user, this is tried first (`--try user`), and left out if it fails; likewise a
read-only root and no network, where no recording could show it. AppArmor and SELinux policies are generated from the same recording, and
compiled with the distributions' tools. See README.md."""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import host  # noqa: E402
import service  # noqa: E402

import engine  # noqa: E402

SELINUX_BASE = host.SOURCE / "tests/support/selinux_base.cil"


class Line:
    """The steps for one service. `folder` is emptied."""

    def __init__(self, options, docker, tree, one):
        self.options, self.engine, self.tree, self.service = options, docker, tree, one
        self.folder = options.work / "line" / one.name
        self.image = f"syscarve-line/{one.name}"
        self.environment = {**host.ENVIRONMENT, **docker.environment(), "PATH": engine.PATH, "CORPUS_RUN": f"--label {engine.LABEL}={os.getpid()}"}

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_):
        self.remove_containers()
        with contextlib.suppress(engine.ApiError):
            self.engine.api.call("DELETE", f"/images/{self.image}:latest", force=True)
        self.engine.api.post("/volumes/prune")

    def remove_containers(self):
        for found in self.engine.api.containers(label=[engine.LABEL]):
            engine.Container(self.engine.api, found["Id"]).remove()

    def syscarve(self, *words, limit=300):
        return host.run([self.options.binary, *map(str, words)], limit=limit, env=self.environment)

    def checked(self, *words, limit=300):
        ended = self.syscarve(*words, limit=limit)
        if not ended.good:
            raise host.Failed(f"{words[0]} ended with {ended.status}: {ended.output[-1500:]}")
        return ended

    def make_image(self):
        """Makes an image of the service's layer, with the files that its prepare() creates."""
        archive = self.folder / "image.tar"
        lower = self.tree.layer(self.service.name, self.service.packages)
        merged = self.folder / "merged"
        merged.mkdir()
        if len(lower) == 1:
            host.mounted("--bind", lower[0], merged)
        else:
            host.mounted("-t", "overlay", "overlay", "-o", "lowerdir=" + ":".join(map(str, lower)), merged)
        try:
            host.checked(["tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*",
                          "-C", merged, "-cf", archive, "."], limit=300)
        finally:
            host.checked(["umount", merged])
        with open(archive, "rb") as file:
            self.engine.api.call("POST", "/images/create", file, timeout=600, fromSrc="-", repo=self.image, tag="bare")
        archive.unlink()
        prepare = f"cd /; . /corpus/lib.sh; . /corpus/services/{self.service.name}; if command -v prepare > /dev/null; then prepare; fi"
        container = self.engine.api.create(f"{self.image}:bare", ["sh", "-euc", prepare], host={"Binds": [f"{host.HERE}:/corpus:ro"]}).start()
        if container.wait() != 0:
            raise host.Failed(f"prepare failed: {container.logs()[-1500:]}")
        environment = [f"{key}={value}" for key, value in host.ENVIRONMENT.items() if key != "HOME"]
        self.engine.api.post("/commit", {"Env": environment}, container=container.id, repo=self.image, tag="latest")
        container.remove()
        self.engine.api.call("DELETE", f"/images/{self.image}:bare", force=True)

    def tests(self):
        return [host.HERE / "in_docker.sh", f"{self.image}:latest", self.service.name, "everything"]

    def record(self):
        self.checked("record", "--docker", "--engine-socket", self.engine.socket, "--name", self.service.name, "-q", "-o", self.folder / "recordings",
                     "--", *self.tests(), limit=600)
        self.remove_containers()
        return self.folder / "recordings" / f"{self.service.name}.recording.json"

    def harden(self, *options):
        ended = self.checked("harden", self.folder / "recordings", "-o", self.folder / "hardened", "--format", "json", *options)
        (of_service,) = json.loads(ended.stdout)["services"].values()
        return of_service

    def verify(self, runs):
        """Whether it passed, and the report."""
        report = self.folder / "report.json"
        ended = self.syscarve("verify", "--docker", "--engine-socket", self.engine.socket, "--runs", runs, "--report", report, self.folder / "hardened",
                              "--", *self.tests(), limit=600 + 240 * runs)
        self.remove_containers()
        (self.folder / "verify.log").write_text(ended.output)
        if not report.exists():
            raise host.Failed(f"verify ended with {ended.status}: {ended.output[-1500:]}")
        return ended.good, json.loads(report.read_text())

    def policies(self, recording):
        """Generates policies for AppArmor and SELinux, and returns the results of their compilers."""
        done = {}
        for name, suffix in (("apparmor", "profile"), ("selinux", "cil")):
            out = self.folder / f"{self.service.name}.{suffix}"
            self.checked("generate", "-q", recording, "--format", name, "-o", out)
            compiler = ["apparmor_parser", "-Q", "-K", out] if name == "apparmor" else ["secilc", "-M", "true", "-o", "/dev/null", "-f", "/dev/null", SELINUX_BASE, out]
            ended = host.run(compiler)
            done[name] = "compiles" if ended.good else ended.output.strip()[-300:]
        return done

    def run(self):
        begin = time.monotonic()
        found = {"name": self.service.name}
        self.make_image()
        recording = self.record()
        found["policies"] = self.policies(recording)
        plan = self.harden()
        verdict = {one["setting"]: one["verdict"] for one in plan["settings"]}
        how = {one["setting"]: one.get("how", "") for one in plan["settings"]}
        tried = []
        for name in ("user", "read-only-root", "network"):
            # The last two only if no recording could show it.
            if verdict.get(name) != "unknown" or (name != "user" and "--try" not in how[name]):
                continue
            self.harden(*tried, "--try", name)
            passed, report = self.verify(1)
            found.setdefault("tried", {})[name] = [problem["message"] for problem in report["problems"]] or "passes"
            if passed:
                tried += ["--try", name]
        self.harden(*tried)
        passed, report = self.verify(self.options.runs)
        plan = self.harden(*tried)
        found |= {"passed": passed, "problems": [problem["message"] for problem in report["problems"]], "line": plan["line"],
                  "runs": [sum(run["status"] == 0 and run["enforced"] for run in report["runs"]), self.options.runs],
                  "settings": {one["setting"]: {key: one.get(key) for key in ("verdict", "value", "in_line", "reasons")} for one in plan["settings"]},
                  "seconds": round(time.monotonic() - begin)}
        return found


def describe(found):
    if "failed" in found:
        return f"{found['name']}: NOT RUN: {found['failed']}"
    in_line = [name for name, one in found["settings"].items() if one["in_line"]]
    proven = [name for name in in_line if found["settings"][name]["verdict"] == "proven"]
    good, runs = found["runs"]
    policies = ", ".join(f"{name} {how}" for name, how in found["policies"].items())
    text = f"{found['name']}: {'passes' if found['passed'] else 'BREAKS'} {good}/{runs}; proven {len(proven)} of {len(in_line)}; {policies} ({found['seconds']} s)"
    left = [name for name in ("no-new-privileges", "user", "read-only-root", "network") if name not in in_line]
    if left:
        text += f"; not in the line: {', '.join(left)}"
    text += "".join(f"; tried {name}: {how}" for name, how in found.get("tried", {}).items())
    return text + "".join(f"\n    {problem}" for problem in found["problems"])


PAGE = """# The whole line on real services

Written by `tests/corpus/whole_line.sh --table`. {passed} of {tried} services of [the corpus](corpus.md), in containers of Docker, each under everything that [`harden`](harden.md) planned from
one recording of it, {proven} settings in all, every one of them proven by `verify`: start, load, all other requests, a shell, a reload, a stop, a start on the data that is there, the load
and a stop. {privileges} of them with no new privileges, {read_only} with a root that is read only, {user} as another user than root, {network} without a network but their own loopback. AppArmor and SELinux
policies of all recordings compile.

*Runs*: how often, and of how many. *User*: `unknown` is where the service did not start as another user, or nothing works then; `refused` where it needs what only root has.

{table}

## What breaks, and what was not tried

{rest}
"""


def row(found):
    line, settings = found["line"], found["settings"]
    word = lambda name: "yes" if name in settings and settings[name]["in_line"] else settings.get(name, {}).get("verdict", "")
    kinds = {"tmpfs": "", "volume": " (volume)"}
    writable = "<br>".join(f"`{path}`{kinds[one['kind']]}" for path, one in line.get("writable", {}).items()) or "nothing"
    if not line.get("read_only_root"):
        writable = "everything"
    held = ", ".join(name.removeprefix("CAP_") for name in line.get("cap_add", [])) or "none"
    good, runs = found["runs"]
    return (f"| {found['name']} | {good}/{runs} | {word('no-new-privileges')} | {line.get('user', word('user'))} | {writable} | {held} | {word('network')} | "
            f"{line.get('memory_bytes', 0) >> 20} MiB | {line.get('cpu_milli', 0) / 1000:g} | {line.get('pids', '')} |")


def table(results):
    """The page with all results."""
    done = [found for found in results if found.get("passed")]
    lines = ["| service | runs | no new privileges | user | writable | capabilities | no network | memory | processors | processes |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", *map(row, done)]
    held = lambda name: sum(found["settings"].get(name, {}).get("in_line", False) for found in done)
    rest = []
    for found in results:
        if "failed" in found:
            rest.append(f"* {found['name']} could not be recorded: what is asked of it fails in a container of Docker by itself.")
        elif not found["passed"]:
            rest.append(f"* {found['name']}: " + "; ".join(found["problems"]) + ".")
    return PAGE.format(passed=len(done), tried=len([found for found in results if "failed" not in found]), table="\n".join(lines), rest="\n".join(rest) or "Nothing.",
                       proven=sum(one["in_line"] and one["verdict"] == "proven" for found in done for one in found["settings"].values()),
                       privileges=held("no-new-privileges"), read_only=held("read-only-root"), user=held("user"), network=held("network"))


def parse(arguments):
    parser = argparse.ArgumentParser(prog="whole_line.sh", description="Runs services under everything that `harden` plans for them.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="services; all of them by default")
    parser.add_argument("--runs", type=int, default=20, metavar="N", help="how often each is run under the line (20)")
    parser.add_argument("--fresh", action="store_true", help="run also what has a result already")
    parser.add_argument("--table", metavar="FILE", help="run nothing, and write the page of all results to FILE; - is standard output")
    options = parser.parse_args(arguments)
    options.work = pathlib.Path(os.environ.get("SYSCARVE_CORPUS_DIR", "/var/tmp/syscarve-corpus")).resolve()
    options.binary = pathlib.Path(os.environ.get("SYSCARVE_BINARY", host.SOURCE / "build/release/bin/syscarve")).resolve()
    return options


def main():
    options = parse(sys.argv[1:])
    services = {path.name: service.Service(path) for path in sorted((host.HERE / "services").iterdir())}
    unknown = [name for name in options.names if name not in services]
    if unknown:
        raise host.Failed(f"there is no service {unknown[0]}")
    wanted = [services[name] for name in options.names or services]
    results = options.work / "line-results"
    results.mkdir(parents=True, exist_ok=True)
    if options.table:
        found = [json.loads(path.read_text()) for path in sorted(results.glob("*.json"))]
        pathlib.Path("/dev/stdout" if options.table == "-" else options.table).write_text(table(found))
        return 0
    tree = host.Tree(options.work, options.binary)
    tree.provide()
    all_good = True
    docker = engine.Engine.start()
    try:
        for one in wanted:
            path = results / f"{one.name}.json"
            key = host.digest(options.binary, one.path, host.HERE / "lib.sh")
            known = json.loads(path.read_text()) if path.exists() else {}
            if options.fresh or known.get("key") != key or not known.get("passed") or known["runs"][1] < options.runs:
                try:
                    with Line(options, docker, tree, one) as line:
                        known = line.run()
                except (host.Failed, engine.ApiError) as error:
                    known = {"name": one.name, "failed": str(error)}
                known["key"] = key
                path.write_text(json.dumps(known, indent=1))
            print(describe(known), flush=True)
            all_good = all_good and known.get("passed", False)
    finally:
        left = docker.end()
    if left:
        print("the engine left behind: " + "; ".join(left), file=sys.stderr)
    return 0 if all_good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except host.Failed as error:
        print(f"whole_line.sh: {error}", file=sys.stderr)
        sys.exit(2)
