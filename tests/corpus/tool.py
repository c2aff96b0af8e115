# SPDX-License-Identifier: Apache-2.0
"""A command-line tool of tools/: recorded by `record`, and run by `run` under the generated profile.

README.md says what is in such a file. Each command is one program with its arguments, without a shell around it, which would lend the tool
its own calls."""

import errno
import re
import shlex
import shutil
import subprocess

import host
import syscarve

LIMIT = 60
WORK = "/scratch"
# Archivers and similar tools write it instead of the current time.
ENVIRONMENT = {**host.ENVIRONMENT, "SOURCE_DATE_EPOCH": "1000000000"}


class Tool:
    kind = "tool"

    def __init__(self, path, name, packages):
        self.path, self.name, self.packages = path, name, packages
        self.setup, self.loads, self.others, self.beside = "", [], [], None

    def inputs(self):
        # Only its own lines: the file contains many tools.
        return [f"{self.packages} {self.setup} {self.loads} {self.others} {self.beside}"]

    def run(self, work):
        return Run(self, work).result()


def read_tools(path):
    """The tools of one file."""
    tools = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path.name}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        if match := re.fullmatch(r"\[([a-z0-9.+-]+)\](.*)", line):
            tools.append(Tool(path, match[1], match[2].split()))
            continue
        key, colon, value = line.partition(":")
        value = value.strip()
        if not tools or not colon or not value:
            raise host.Failed(f"{where}: neither [NAME] PACKAGE… nor KEY: VALUE")
        tool = tools[-1]
        if key == "setup":
            tool.setup += value + "\n"
        elif key == "load":
            tool.loads.append(value)
        elif key == "other":
            tool.others.append(value)
        elif key == "beside":
            tool.beside = value
        else:
            raise host.Failed(f"{where}: unknown key {key!r}")
    for tool in tools:
        if not tool.loads:
            raise host.Failed(f"{path.name}: {tool.name} has no load")
    return tools


def answer(refused):
    return errno.errorcode.get(refused["errno"], refused["errno"]) if "errno" in refused else refused["action"]


def split(line):
    """(words, file for standard input or None) of a command line."""
    words = shlex.split(line)
    if "<" in words:
        place = words.index("<")
        return words[:place] + words[place + 2:], words[place + 1]
    return words, None


class Run:
    def __init__(self, tool, work):
        self.tool, self.work = tool, work
        self.root = work.namespace.root
        self.beside = None

    def commands(self):
        return [(f"load_{number}", line) for number, line in enumerate(self.tool.loads, 1)] + [
            (f"other_{number}", line) for number, line in enumerate(self.tool.others, 1)]

    def renew(self):
        """Empties /scratch and runs the setup there."""
        self.end_beside()
        shutil.rmtree(self.root / WORK[1:], ignore_errors=True)
        (self.root / WORK[1:]).mkdir()
        ended = self.work.namespace.inside("/bin/sh", "-euc", f"cd {WORK}\n{self.tool.setup}", env=ENVIRONMENT)
        if not ended.good:
            raise host.Failed(f"setup ended with {ended.status}: {ended.output[-1000:]}")
        # Programs that print the times of files must print the same each time.
        self.work.namespace.inside("find", WORK, "-exec", "touch", "-h", "-d", "@1000000000", "{}", "+")
        if self.tool.beside:
            port, command = self.tool.beside.split(" ", 1)
            self.beside = subprocess.Popen(["chroot", self.root, "/bin/sh", "-c", f"cd {WORK}; exec {command}"], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=host.ENVIRONMENT)
            if not host.wait_until(lambda: host.listens(int(port)), 20):
                raise host.Failed(f"nothing listens on {port}")

    def end_beside(self):
        if self.beside:
            self.beside.kill()
            self.beside.wait()
            self.beside = None

    def execute(self, line, *prefix):
        words, stdin = split(line)
        argv = ["chroot", self.root, "/usr/bin/env", "-C", WORK, *prefix, *words]
        if stdin is None:
            return host.run(argv, LIMIT, env=ENVIRONMENT)
        with open(self.root / WORK[1:] / stdin, "rb") as file:
            return host.run(argv, LIMIT, stdin=file, env=ENVIRONMENT)

    def plain(self):
        self.renew()
        return {name: self.execute(line) for name, line in self.commands()}

    def record(self, number):
        self.renew()
        made = []
        for name, line in self.commands():
            if name.startswith("load_"):
                out = f"corpus/{number}-{name}.json"
                ended = self.execute(line, "/corpus/syscarve", "record", "-q", "-o", f"/{out}", *self.work.record_options, "--")
                if not (self.root / out).exists():
                    raise host.Failed(f"record wrote nothing: {ended.output[-1000:]}")
                made.append(self.work.folder / f"{number}-{name}.json")
                shutil.move(self.root / out, made[-1])
        return self.work.verbs.merge(made, self.work.folder / f"recording-{number}.json")

    def under(self, variant, recording):
        """How each command ends under the profile, with the refused calls."""
        profile = self.work.verbs.generate(recording, variant, self.work.folder / f"{variant.text}.json")
        shutil.copy(profile, self.root / "corpus/profile.json")
        self.renew()
        done = {}
        for name, line in self.commands():
            report = self.root / "corpus/report.json"
            report.unlink(missing_ok=True)
            ended = self.execute(line, "/corpus/syscarve", "run", "-q", "--profile", "/corpus/profile.json", "--report", "/corpus/report.json", "--")
            done[name] = ended, self.refused(syscarve.load(report)) if report.exists() else []
        return done

    def judged(self, done, plain):
        """The phases of one variant, compared with all runs without a profile."""
        phases = {}
        for name, line in self.commands():
            ended, refused = done[name]
            statuses = {one[name].status for one in plain}
            outputs = {one[name].stdout for one in plain}
            # Output that always differs, such as a time, is not compared.
            good = ended.status in statuses and (len(outputs) > 1 or ended.stdout in outputs)
            phases[name] = {"good": good, "status": ended.status, "command": line, "refused": refused,
                            "counts": len(statuses) == 1 and "timeout" not in statuses}
            if not good:
                phases[name]["said"] = ended.output[-1000:]
        return phases

    @staticmethod
    def refused(report):
        return sorted({f"{one['name'] or one['number']} ({answer(one)}, {one['program']['path'].rsplit('/', 1)[-1]})" for one in report["refused"]})

    def result(self):
        self.work.namespace.renew()
        with host.Namespace.folder_mounts(self.root):
            shutil.copy(self.work.binary, self.root / "corpus/syscarve")
            try:
                return self._result()
            finally:
                self.end_beside()

    def _result(self):
        versions = self.work.namespace.versions(self.tool.packages)
        first = self.plain()
        for name, ended in first.items():
            if name.startswith("load_") and ended.status in ("timeout", 126, 127):
                raise host.Failed(f"{name} fails without a profile, {ended.status}: {ended.output[-1000:]}")
        recordings = [self.record(number) for number in range(self.work.recordings)]
        # A tool is not entered by a shell, reloaded or restarted on its data.
        variants = [one for one in self.work.variants if one.plain]
        done = {one.text: self.under(one, recordings[0]) for one in variants}
        # One run before all others and two after them, to find output that changes from one minute to the next.
        plain = [first, self.plain(), self.plain()]
        return {
            "packages": versions,
            "without": {name: {"good": ended.status != "timeout", "status": ended.status, "said": "" if ended.good else ended.output[-300:]}
                        for name, ended in first.items()},
            "seen": len(syscarve.names(recordings[0])),
            "luck": syscarve.luck(recordings, self.work.verbs, variants, self.work.folder),
            "variants": {one.text: {**self.work.verbs.price(recordings[0], one), "phases": self.judged(done[one.text], plain)} for one in variants},
        }
