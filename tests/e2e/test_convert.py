# SPDX-License-Identifier: Apache-2.0
"""`convert`, and the formats that `generate` writes: each text is read by an independent reader, and must decide as the filter does."""

import errno
import itertools
import json
import os
import platform
import pty
import random
import re
import shutil
import signal
import struct
import subprocess
import unittest

from support import SOURCE, E2eTest, cgroup2_mount, load, names, shares, store, wait_until

FORMATS = os.path.join(SOURCE, "tests", "golden", "formats")
SERVER = os.path.join(SOURCE, "tests", "golden", "generate", "server", "recording.json")
RECORDINGS = os.path.join(SOURCE, "tests", "golden", "generate", "containers", "recordings")
SYSTEMD = "/lib/systemd/systemd"
ARCH_X86_64 = 0xc000003e
ALL_BITS = (1 << 64) - 1
KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, ALLOW = 0x80000000, 0, 0x30000, 0x50000, 0x7fff0000
LAST_NUMBER = 469
CONDITIONAL = (8, 56, 72, 135)  # lseek, clone, fcntl, personality: those of the golden profile.


def run_filter(program, number, arguments):
    """The kernel's result for a filter: classic BPF, as far as libseccomp uses it."""
    data = struct.pack("<iIQ6Q", number, ARCH_X86_64, 0, *arguments)
    accumulator, at = 0, 0
    while True:
        code, true, false, value = struct.unpack_from("<HBBI", program, at * 8)
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif code == 0x54:
            accumulator &= value
        elif code == 0x05:
            at += value
        elif code == 0x06:
            return value
        else:
            taken = {0x15: accumulator == value, 0x25: accumulator > value, 0x35: accumulator >= value,
                     0x45: accumulator & value != 0}[code]
            at += true if taken else false


def compare(operator, left, right):
    return {"==": left == right, "!=": left != right, "<": left < right, "<=": left <= right, ">": left > right,
            ">=": left >= right}[operator]


class Minijail:
    """A policy as minijail0(5) describes it. `number` finds a call's number by its name."""

    def __init__(self, text, number):
        self.lines = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, _, policy = line.partition(": ")
            assert number[name] not in self.lines, line
            self.lines[number[name]] = policy

    @staticmethod
    def holds(atom, arguments):
        name, operator, value = atom.split()
        argument = arguments[int(name.removeprefix("arg"))]
        value = ~int(value[1:], 0) & ALL_BITS if value.startswith("~") else int(value, 0)
        if operator == "&":
            return argument & value != 0
        if operator == "in":
            return argument & ~value & ALL_BITS == 0
        return compare(operator, argument, value)

    def answer(self, number, arguments):
        policy = self.lines.get(number)
        if policy is None:
            return KILL_THREAD
        if policy == "1":
            return ALLOW
        expression, _, refusal = policy.rpartition("; ") if "; " in policy else (policy, "", "")
        if expression.startswith("return "):
            expression, refusal = "", expression
        if any(all(self.holds(atom, arguments) for atom in group.split(" && ")) for group in expression.split(" || ") if group):
            return ALLOW
        return ERRNO | getattr(errno, refusal.removeprefix("return ")) if refusal else KILL_THREAD


class Kafel:
    """A policy of kafel's language: constants, blocks of one policy, the first rule that matches, a default."""

    def __init__(self, text):
        text = re.sub(r"//.*", "", text)
        constants = {name: int(value) for name, value in re.findall(r"#define (\w+) (\d+)", text)}
        body = re.search(r"POLICY (\w+) \{(.*)\n\}\s*USE (\w+)\s*DEFAULT (\S+)", text, re.DOTALL)
        assert body.group(1) == body.group(3)
        self.default = self.target(body.group(4))
        self.rules = []
        for action, block in re.findall(r"^  ([A-Z_]+(?:\(\d+\))?) \{\n(.*?)\n  \}", body.group(2), re.DOTALL | re.MULTILINE):
            for rule in block.split(",\n"):
                name, _, condition = rule.strip().partition("(arg0, arg1, arg2, arg3, arg4, arg5) ")
                custom = re.fullmatch(r"SYSCALL\[(\d+)\]", name)
                number = int(custom.group(1)) if custom else constants[name]
                condition = condition.removeprefix("{ ").removesuffix(" }").replace("&&", "and").replace("||", "or")
                # Only what the grammar has: arguments, numbers, comparisons, masks.
                assert re.fullmatch(r"(arg[0-5]|0x[0-9a-f]+|and|or|[ ()&]|[=!<>]=|[<>])*", condition), condition
                self.rules.append((number, condition, self.target(action)))

    @staticmethod
    def target(text):
        word, _, value = text.rstrip(")").partition("(")
        base = {"ALLOW": ALLOW, "ERRNO": ERRNO, "KILL": KILL_THREAD, "KILL_PROCESS": KILL_PROCESS, "TRAP": TRAP}[word]
        return base | int(value or 0)

    def answer(self, number, arguments):
        values = {f"arg{index}": value for index, value in enumerate(arguments)}
        for of, condition, target in self.rules:
            if of == number and (not condition or eval(condition, {}, values)):
                return target
        return self.default


@unittest.skipUnless(platform.machine() == "x86_64", "the profiles are for x86_64")
class Convert(E2eTest):
    needs_root = False
    needs_bpf = False

    def converted(self, profile, form, *options, expect=0):
        """The path of the result, and how syscarve ended."""
        path = os.path.join(self.new_folder(), "result")
        result = self.syscarve("convert", profile, "--format", form, "-o", path, *options)
        self.assertEqual(result.status, expect, result)
        self.assertEqual(os.path.exists(path), expect == 0)
        return path, result

    def read(self, path, mode="r"):
        with open(path, mode) as file:
            return file.read()

    def text(self, profile, form, *options):
        return self.read(self.converted(profile, form, *options)[0])

    def program(self, profile):
        return self.read(self.converted(profile, "bpf")[0], "rb")

    def profile(self):
        return os.path.join(FORMATS, "profile.json")

    def numbers(self):
        """Every call's number by its name: a policy for minijail names all that are refused, and one for kafel numbers them."""
        names = self.text(store({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"]}, self.path("all.json")),
                          "minijail")
        listed = [line.partition(":")[0] for line in names.splitlines() if not line.startswith("#")]
        self.assertGreater(len(listed), 370)
        everything = {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
                      "syscalls": [{"names": [name for name in listed if not name.startswith("_")], "action": "SCMP_ACT_ALLOW"}]}
        definitions = re.findall(r"#define (\w+) (\d+)", self.text(store(everything, self.path("everything.json")), "kafel"))
        return {name: int(number) for name, number in definitions} | {"_sysctl": 156}

    def arguments(self, profile):
        """Arguments around every value and bit in the profile's conditions, with clean and dirty upper halves."""
        values = {0, 1, ALL_BITS}
        for rule in load(profile)["syscalls"]:
            for condition in rule.get("args", []):
                for value in (condition["value"], condition.get("valueTwo", 0)):
                    values.update({value, value + 1 & ALL_BITS, max(value - 1, 0), value | 1 << 32, value | 1 << 63})
                    values.update(value ^ (1 << bit) for bit in range(0, 64, 5))
        alone = [[value if index == at else 0 for index in range(6)] for value in values for at in range(3)]
        pairs = [[0, value, mode, 0, 0, 0] for value in values for mode in (0, 1, 2, 4, 5, 6, 1 << 32, 4 | 1 << 32)]
        return alone + pairs + [[value] * 6 for value in values]

    def assert_decides_alike(self, profile, policy, stands_for, conditional=CONDITIONAL):
        """`stands_for(answer, number)` is the format's action for the filter's action."""
        program = self.program(profile)
        sample = self.arguments(profile)
        differing = []
        for number in range(LAST_NUMBER + 40):
            for arguments in sample if number in conditional else sample[:1]:
                wanted = stands_for(run_filter(program, number, arguments), number)
                if policy.answer(number, arguments) != wanted:
                    differing.append((number, arguments, hex(wanted), hex(policy.answer(number, arguments))))
        self.assertEqual(differing[:3], [])

    def test_kafel(self):
        policy = Kafel(self.text(self.profile(), "kafel"))
        self.assertEqual(policy.default, ERRNO | errno.ENOSYS)
        self.assert_decides_alike(self.profile(), policy, lambda answer, number: answer)

    def test_kafel_numbers_x32(self):
        path = store({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"], "syscalls": [
            {"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
            {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 97, "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}]}]},
                     self.path("x32.json"))
        policy, program = Kafel(self.text(path, "kafel")), self.program(path)
        answers = set()
        for number, arguments in itertools.product((41, 165, 40, 0x40000000 | 41, 0x40000000 | 165, 0x40000000 | 40), self.arguments(path)):
            answers.add(policy.answer(number, arguments))
            self.assertEqual(policy.answer(number, arguments), run_filter(program, number, arguments), (number, arguments))
        self.assertEqual(answers, {ALLOW, ERRNO | 1, ERRNO | 97})

    def test_minijail(self):
        known = self.numbers()
        policy = Minijail(self.text(self.profile(), "minijail"), known)
        kills = {KILL_PROCESS: KILL_THREAD}
        self.assert_decides_alike(self.profile(), policy, lambda answer, number:
                                  kills.get(answer, answer) if number in known.values() else KILL_THREAD)

    def test_generated_profiles(self):
        """What a user has: a profile that was generated, with its explicit refusals."""
        profile = self.path("web.json")
        result = self.syscarve("generate", SERVER, "-o", profile, "--allow-incomplete", "-q")
        self.assertEqual(result.status, 0, result)
        self.assert_decides_alike(profile, Kafel(self.text(profile, "kafel")), lambda answer, number: answer)
        known = self.numbers()
        policy = Minijail(self.text(profile, "minijail"), known)
        self.assert_decides_alike(profile, policy, lambda answer, number: answer if number in known.values() else KILL_THREAD)

    def test_random_profiles(self):
        chance = random.Random(7)
        known = self.numbers()
        names = ["read", "lseek", "ioctl", "clone", "fcntl", "personality", "socket", "prctl"]
        values = [0, 1, 2, 3, 0xf0, 0x7e020000, 0xffffffff, 1 << 32, (1 << 32) + 2, 1 << 63, ALL_BITS]
        operators = ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"]
        refusals = [{"action": "SCMP_ACT_KILL"}, {"action": "SCMP_ACT_ERRNO", "errnoRet": 1}, {"action": "SCMP_ACT_ERRNO", "errnoRet": 38}]
        compared = {"kafel": 0, "minijail": 0}
        rounds = 16
        for _ in range(rounds):
            default = chance.choice(refusals)
            profile = {"defaultAction": default["action"], "architectures": ["SCMP_ARCH_X86_64"], "syscalls": []}
            if "errnoRet" in default:
                profile["defaultErrnoRet"] = default["errnoRet"]
            for name in chance.sample(names, 5):
                action = chance.choice([{"action": "SCMP_ACT_ALLOW"}] * 3 + refusals)
                for _ in range(chance.randint(1, 3)):
                    conditions = []
                    for index in chance.sample(range(3), chance.randint(0, 2)):
                        value = chance.choice(values)
                        condition = {"index": index, "value": value, "op": "SCMP_CMP_" + chance.choice(operators)}
                        if condition["op"] == "SCMP_CMP_MASKED_EQ":
                            condition["valueTwo"] = chance.choice(values) & value
                        conditions.append(condition)
                    profile["syscalls"].append({"names": [name], "args": conditions, **action})
            path = store(profile, os.path.join(self.new_folder(), "profile.json"))
            kafel = self.syscarve("convert", path, "--format", "kafel")
            minijail = self.syscarve("convert", path, "--format", "minijail")
            conditional = [known[name] for name in names]
            if kafel.status == 0:
                compared["kafel"] += 1
                self.assert_decides_alike(path, Kafel(kafel.stdout), lambda answer, number: answer, conditional)
            if minijail.status == 0:
                compared["minijail"] += 1
                program, policy = self.program(path), Minijail(minijail.stdout, known)
                for number, arguments in itertools.product(conditional, self.arguments(path)):
                    wanted, made = run_filter(program, number, arguments), policy.answer(number, arguments)
                    # Where a call is refused in several ways, a line has the strictest.
                    self.assertTrue(wanted == made or wanted != ALLOW and made in (KILL_THREAD, ERRNO | 1, ERRNO | 38)
                                    and made <= wanted, (number, arguments, hex(wanted), hex(made)))
        self.assertGreater(min(compared.values()), rounds / 2, compared)

    def test_bpf_is_what_the_kernel_then_has(self):
        if os.geteuid() != 0:
            self.skipTest("reading a live filter needs root")
        allow = store({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                       "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}]}, self.path("allow.json"))
        path, _ = self.converted(allow, "bpf")
        process = self.start([self.workload("filtered"), path], stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        result = self.syscarve("inspect", process.pid, "--format", "raw", "-o", self.path("raw"))
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.read(self.path("raw"), "rb"), self.read(path, "rb"))

    def test_bubblewrap_takes_bpf(self):
        if shutil.which("bwrap") is None:
            self.skipTest("bubblewrap is not installed")
        profile = store({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                         "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.ENOSPC}]},
                        self.path("no-folders.json"))
        path, _ = self.converted(profile, "bpf")
        without = self.run_process(["bwrap", "--bind", "/", "/", "/bin/true"])
        if without.status != 0:
            self.skipTest(f"bubblewrap cannot run here: {without}")
        with open(path, "rb") as file:
            result = self.run_process(["bwrap", "--bind", "/", "/", "--seccomp", str(file.fileno()), "mkdir", self.path("new")],
                                      pass_fds=[file.fileno()])
        self.assertIn("No space left on device", result.stderr, result)
        self.assertFalse(os.path.exists(self.path("new")))

    def test_c_header_has_the_same_instructions(self):
        header, _ = self.converted(self.profile(), "c", "--name", "class 9 */ \"x\"")
        name = "class_9_____x__filter"
        self.assertIn(f"static const struct sock_filter {name}[] = {{", self.read(header))
        shutil.copy(header, self.path("filter.h"))
        source = self.path("print.c")
        with open(source, "w") as file:
            file.write('#include "filter.h"\n#include "filter.h"\n#include <stdio.h>\n'
                       f"int main(void) {{ return fwrite({name}, sizeof({name}[0]), {name}_length, stdout) == {name}_length ? 0 : 1; }}\n")
        flags = ["-Wall", "-Wextra", "-pedantic", "-Werror", source, "-o", self.path("print")]
        for compiler in (["gcc", "-std=c11"], ["g++", "-std=c++17", "-x", "c++"]):
            if shutil.which(compiler[0]) is None:
                self.skipTest(f"{compiler[0]} is not installed")
            result = self.run_process(compiler + flags)
            self.assertEqual((result.status, result.stderr), (0, ""), result)
            printed = subprocess.run([self.path("print")], capture_output=True, check=True).stdout
            self.assertEqual(printed, self.program(self.profile()))

    def test_spo_is_yaml_that_decides_alike(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        resource = yaml.safe_load(self.text(self.profile(), "spo", "--name", "web", "--base-profile", "oci://registry/x:1"))
        self.assertEqual((resource["apiVersion"], resource["kind"], resource["metadata"]),
                         ("security-profiles-operator.x-k8s.io/v1", "SeccompProfile", {"name": "web"}))
        spec = resource["spec"]
        self.assertEqual(spec.pop("baseProfileName"), "oci://registry/x:1")
        self.assertEqual(set(spec), {"defaultAction", "architectures", "syscalls"})
        # What the operator gives the runtime: the same fields, and no errno for the default.
        as_oci = store(spec, self.path("spo.json"))
        wanted, made = self.program(self.profile()), self.program(as_oci)
        known = self.numbers()
        for name, number in known.items():
            if name in ("uretprobe", "uprobe"):
                continue
            for arguments in self.arguments(self.profile()) if number in CONDITIONAL else [[0] * 6]:
                left, right = run_filter(wanted, number, arguments), run_filter(made, number, arguments)
                self.assertEqual(left == ALLOW, right == ALLOW, (name, arguments))
                if number not in CONDITIONAL:
                    self.assertEqual(left, right, name)

    def test_spo_quotes_hostile_texts(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        names = ["no", "1e3", "0x10", "null", "True", "_", "12", "y", "NaN", "on"]
        profile = store({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
                         "syscalls": [{"names": names, "action": "SCMP_ACT_ALLOW", "comment": "a\nb: c"}]}, self.path("hostile.json"))
        for name in ("Web_1", "..", "a: b", "\x1b[2J", "null", "1.5"):
            text = self.text(profile, "spo", "--name", name)
            resource = yaml.safe_load(text)
            self.assertEqual(resource["spec"]["syscalls"], [{"action": "SCMP_ACT_ALLOW", "names": names}])
            self.assertRegex(resource["metadata"]["name"], r"\A[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z")
            self.assertNotIn("\x1b", text)

    def test_coverage_and_capabilities_come_from_recordings(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        recording = os.path.join(RECORDINGS, "web.recording.json")
        result = self.syscarve("generate", recording, "-q", "--format", "spo")
        self.assertEqual(result.status, 0, result)
        resource = yaml.safe_load(result.stdout)
        self.assertEqual(resource["metadata"]["name"], "web")
        coverage = json.loads(resource["metadata"]["annotations"]["spo.x-k8s.io/syscall-coverage"])
        self.assertEqual((coverage["version"], set(coverage)), ("v1", {"version", "total", "syscalls"}))
        self.assertEqual(max(coverage["syscalls"].values()), coverage["total"])
        self.assertEqual(set(coverage["syscalls"]), names(load(recording)))
        unit = self.syscarve("generate", recording, "-q", "--format", "systemd").stdout
        self.assertRegex(unit, r"(?m)^CapabilityBoundingSet=\n(CapabilityBoundingSet=CAP_\w+)?")

    def test_a_folder_in_every_format(self):
        suffixes = {"spo": ".yaml", "systemd": ".conf", "minijail": ".policy", "kafel": ".kafel", "bpf": ".bpf", "c": ".h", "oci": ".json"}
        for form, suffix in suffixes.items():
            folder = self.path(form)
            result = self.syscarve("generate", RECORDINGS, "-q", "--format", form, "-o", folder)
            self.assertEqual(result.status, 0, result)
            files = ["SUMMARY.md"] + [name + suffix for name in ("backup", "db", "web")] + ["capabilities.yaml"] * (form == "oci")
            self.assertEqual(sorted(os.listdir(folder)), sorted(files))
            self.assertEqual("docker run" in self.read(os.path.join(folder, "SUMMARY.md")), form == "oci")
        result = self.syscarve("generate", RECORDINGS, "--format", "spo", "-o", self.path("x"), "--compose", self.path("none.yml"))
        self.assertEqual(result.status, 2, result)
        self.assert_one_line_error(result, "Compose", "spo")
        result = self.syscarve("generate", RECORDINGS, "--format", "c", "-o", self.path("x"), "--name", "x")
        self.assertEqual(result.status, 2, result)

    def test_what_cannot_be_said_is_an_error_and_no_file(self):
        _, result = self.converted(self.profile(), "systemd", expect=2)
        self.assert_one_line_error(result, "profile.json", "clone, fcntl, lseek, personality", "hint")
        _, result = self.converted(self.profile(), "systemd", "--stricter")
        self.assertIn("clone, fcntl, lseek, personality", result.stderr)
        allow = store({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"]}, self.path("allow.json"))
        for form in ("minijail", "kafel"):
            self.assert_one_line_error(self.converted(allow, form, expect=2)[1], "allow.json", "hint")
        self.assert_one_line_error(self.converted(self.profile(), "spo", "--base-profile", "a b", expect=2)[1], "a b")
        self.assert_one_line_error(self.converted(self.profile(), "kafel", "--arch", "aarch64", expect=2)[1], "aarch64")
        self.assert_one_line_error(self.converted(self.path("missing.json"), "spo", expect=2)[1], "missing.json")

    def test_usage(self):
        for arguments in (["convert"], ["convert", self.profile()], ["convert", self.profile(), "--format", "json"]):
            self.assertEqual(self.syscarve(*arguments).status, 2)
        text = self.text(self.profile(), "kafel")
        result = self.syscarve("convert", "-", "--format", "kafel", "--name", "result", stdin=self.read(self.profile(), "rb"))
        self.assertEqual(result.stdout.replace("result_policy", "profile_policy"), text)
        again = self.text(self.profile(), "docker")
        path = self.path("again.json")
        with open(path, "w") as file:
            file.write(again)
        self.assertEqual(self.text(path, "docker"), again)

    def test_instructions_are_not_written_to_a_terminal(self):
        ours, theirs = pty.openpty()
        try:
            process = self.start(self.command_line("convert", self.profile(), "--format", "bpf"), stdout=theirs)
            result = self.finish(process)
            self.assertEqual(result.status, 2, result)
            self.assertIn("terminal", result.stderr)
        finally:
            os.close(ours)
            os.close(theirs)


# systemd as a user's manager, in a mount and a cgroup namespace of its own: it starts one service under the drop-in.
MANAGER = """
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/user && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
XDG_RUNTIME_DIR=/run/user SYSTEMD_UNIT_PATH="$1" HOME=/run exec %s --user --log-target=null
""" % SYSTEMD


@unittest.skipUnless(platform.machine() == "x86_64", "the profile is for x86_64")
@shares("systemd")
class Systemd(E2eTest):
    needs_bpf = False

    def answers(self, *options):
        """The action for each call under a drop-in for the profile that systemd has loaded, read from the kernel."""
        units = self.new_folder()
        service = os.path.join(units, "subject.service.d")
        os.mkdir(service)
        with open(os.path.join(units, "subject.service"), "w") as file:
            file.write("[Service]\nExecStart=/bin/sleep 1000\nSystemCallFilter=@mount\nSystemCallArchitectures=x86\n")
        with open(os.path.join(units, "default.target"), "w") as file:
            file.write("[Unit]\nWants=subject.service\n")
        result = self.syscarve("convert", self.profile, "--format", "systemd", "--stricter", *options,
                               "-o", os.path.join(service, "calls.conf"))
        self.assertEqual(result.status, 0, result)
        manager = self.start(["unshare", "--mount", "--cgroup", "sh", "-c", MANAGER, "sh", units])
        try:
            pid = wait_until(lambda: manager.poll() is not None or self.sleeper(), "the service is started")
            if manager.poll() is not None:
                self.skipTest("systemd does not run here as a user's manager")
            path = os.path.join(units, "live.json")
            result = self.syscarve("inspect", pid, "--format", "docker", "-o", path)
            self.assertEqual(result.status, 0, result)
            return load(path)
        finally:
            # Units that a manager stops itself with are not among ours.
            for process in filter(None, (manager.poll() is None and manager.pid, self.sleeper())):
                os.kill(process, signal.SIGKILL)
            manager.wait(timeout=60)
            wait_until(lambda: self.sleeper() is None, "the service is gone")

    def sleeper(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if file.read() != b"/bin/sleep\0" + b"1000\0":
                        continue
                with open(f"/proc/{pid}/cgroup") as file:
                    if "subject.service" in file.read():
                        return int(pid)
            except (FileNotFoundError, ProcessLookupError):
                pass
        return None

    # What a service needs that sleeps.
    SLEEPING = ["access", "arch_prctl", "brk", "clock_nanosleep", "close", "execve", "exit_group", "fstat", "getrandom", "mmap",
                "mprotect", "munmap", "newfstatat", "openat", "pread64", "prlimit64", "read", "rseq", "set_robust_list",
                "set_tid_address", "statfs", "write"]
    REFUSED = [{"names": ["mount", "umount2"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
               {"names": ["swapon"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
               {"names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS"}]

    def assert_exact(self, content, *options):
        if not os.access(SYSTEMD, os.X_OK) or cgroup2_mount() is None:
            self.skipTest("needs systemd and cgroup v2")
        self.profile = store(content, os.path.join(self.new_folder(), "profile.json"))
        live = self.answers(*options)
        for key in ("defaultAction", "defaultErrnoRet", "architectures"):
            self.assertEqual(live.get(key), content.get(key), key)
        by_name = [{}, {}]
        for found, profile in zip(by_name, (live, content)):
            for rule in profile["syscalls"]:
                self.assertNotIn("args", rule)
                found.update((name, (rule["action"], rule.get("errnoRet"))) for name in rule["names"])
        self.assertEqual(*by_name)

    def test_an_allow_list(self):
        allowed = self.SLEEPING + ["fsync", "fdatasync", "msync", "sync", "sync_file_range", "syncfs"]
        content = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64"],
                   "syscalls": [{"names": allowed, "action": "SCMP_ACT_ALLOW"}] + self.REFUSED}
        self.assert_exact(content)
        self.assert_exact(content, "--sets")

    def test_a_kill_for_the_rest(self):
        self.assert_exact({"defaultAction": "SCMP_ACT_KILL_PROCESS", "architectures": ["SCMP_ARCH_X86_64"],
                           "syscalls": [{"names": self.SLEEPING, "action": "SCMP_ACT_ALLOW"},
                                        {"names": ["sync"], "action": "SCMP_ACT_LOG"},
                                        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]})

    def test_a_deny_list(self):
        self.assert_exact({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                           "syscalls": self.REFUSED + [{"names": ["sync"], "action": "SCMP_ACT_LOG"}]})

    def test_everything_else_logged(self):
        self.assert_exact({"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X86_64"],
                           "syscalls": self.REFUSED + [{"names": self.SLEEPING, "action": "SCMP_ACT_ALLOW"}]})

    def test_two_architectures(self):
        self.assert_exact({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
                           "syscalls": [{"names": self.SLEEPING + ["socket", "shmget"], "action": "SCMP_ACT_ALLOW"}] + self.REFUSED})
