"""`doctor` and what every verb has in common."""

from support import BINARY, NOBODY, E2eTest

NEEDS = ("kernel", "privileges", "kernel type information (BTF)", "cgroup v2", "BPF programs", "capability checks", "last reading", "user notification",
         "libseccomp")


class Doctor(E2eTest):
    def lines(self, result):
        """[(verdict, need, what was found)], and that what is missing says how to mend it."""
        found = []
        lines = result.stdout.splitlines()
        for index, line in enumerate(lines):
            if line.lstrip().startswith("->"):
                continue
            verdict, need, text = line[:8].strip(), line[8:38].strip(), line[38:].strip()
            found.append((verdict, need, text))
            self.assertTrue(text, line)
            if verdict == "MISSING":
                self.assertRegex("\n".join(lines[index + 1:index + 2]), r"^ +-> \S")
        return found

    def test_here_all_is_well(self):
        result = self.syscarve("doctor")
        self.assertEqual((result.status, result.stderr), (0, ""), result)
        found = self.lines(result)
        self.assertEqual(tuple(need for _, need, _ in found), NEEDS)
        self.assertNotIn("MISSING", [verdict for verdict, _, _ in found])

    def test_nobody_may_not(self):
        result = self.syscarve("doctor", user=NOBODY)
        self.assertEqual((result.status, result.stderr), (3, ""), result)
        found = {need: verdict for verdict, need, _ in self.lines(result)}
        self.assertEqual(tuple(found), NEEDS)
        self.assertEqual((found["privileges"], found["BPF programs"], found["user notification"]), ("MISSING", "MISSING", "ok"))
        self.assertIn("sudo", result.stdout)


class EveryVerb(E2eTest):
    needs_root = False
    needs_bpf = False

    VERBS = ("record", "generate", "run", "explain", "inspect", "doctor")

    def test_help(self):
        for arguments in (["--help"], *([verb, "--help"] for verb in self.VERBS)):
            result = self.syscarve(*arguments)
            self.assertEqual((result.status, result.stderr), (0, ""), result)
            self.assertIn("--help", result.stdout)

    def test_version(self):
        result = self.syscarve("--version")
        self.assertEqual(result.status, 0)
        self.assertRegex(result.stdout, r"\Asyscarve \d+\.\d+\.\d+\n\Z")

    def test_bad_usage(self):
        for arguments in ([], ["no-such-verb"], *([verb, "--no-such-option"] for verb in self.VERBS), ["generate"], ["run", "--", "true"]):
            result = self.syscarve(*arguments)
            self.assertEqual((result.status, result.stdout), (2, ""), (arguments, result))
            self.assertNotEqual(result.stderr, "", arguments)

    def test_colours_only_on_a_terminal(self):
        """util-linux's script gives a terminal to what it runs."""
        def on_a_terminal(*arguments, env=None):
            command = " ".join([self.public(BINARY), *arguments])
            return self.run_process(["script", "-qec", command, "/dev/null"], env={"TERM": "xterm", **(env or {})}).stdout
        self.assertNotIn("\x1b", self.syscarve("doctor").stdout)
        self.assertIn("\x1b[", on_a_terminal("doctor"))
        self.assertNotIn("\x1b", on_a_terminal("--no-color", "doctor"))
        self.assertNotIn("\x1b", on_a_terminal("doctor", env={"NO_COLOR": "1"}))
