# SPDX-License-Identifier: Apache-2.0
"""`doctor` and what every verb has in common."""

import json
import re

from support import BINARY, NOBODY, E2eTest, shares

NEEDS = ("kernel", "privileges", "kernel type information (BTF)", "cgroup v2", "BPF programs", "capability checks", "last reading", "user notification",
         "libseccomp")


@shares("leftovers")
class Doctor(E2eTest):
    def lines(self, result):
        """[(verdict, need, what was found)]; asserts that each missing need has a remedy."""
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

    def test_json_has_what_the_text_has(self):
        for user in (None, NOBODY):
            text = self.syscarve("doctor", user=user)
            result = self.syscarve("doctor", "--format", "json", user=user)
            self.assertEqual((result.status, result.stderr), (text.status, ""), result)
            findings = json.loads(result.stdout)
            for finding in findings:
                self.assertEqual(list(finding), ["verdict", "need", "found", "fix"])
                self.assertIn(finding["verdict"], ("ok", "note", "missing"))
                self.assertTrue(finding["verdict"] != "missing" or finding["fix"], finding)
            self.assertEqual([(finding["verdict"], finding["need"], finding["found"]) for finding in findings],
                             [(verdict.lower(), need, found) for verdict, need, found in self.lines(text)])


class EveryVerb(E2eTest):
    needs_root = False
    needs_bpf = False

    GROUPS = ("Record", "Make profiles", "Judge profiles", "Judge images and containers", "Try")

    def verbs(self):
        """The verbs that the help lists, by group."""
        groups = {}
        for line in self.syscarve("--help").stdout.splitlines():
            heading = re.fullmatch(r"(\w[\w ]*):", line)
            entry = re.match(r"  ([a-z]+)  +\S", line)
            if heading:
                group = groups.setdefault(heading.group(1), [])
            elif entry:
                group.append(entry.group(1))
        return {group: groups[group] for group in self.GROUPS}

    def every_verb(self):
        return [verb for verbs in self.verbs().values() for verb in verbs]

    def test_verbs_are_grouped(self):
        self.assertEqual(self.verbs(), {
            "Record": ["record", "mark", "baseline", "hook"],
            "Make profiles": ["generate", "merge", "convert"],
            "Judge profiles": ["check", "lint", "diff", "subset", "explain", "inspect"],
            "Judge images and containers": ["scan", "harden"],
            "Try": ["run", "verify", "prove", "doctor"]})
        self.assertNotIn("_describe", self.syscarve("--help").stdout)

    def test_without_words_it_is_the_help(self):
        result = self.syscarve()
        self.assertEqual((result.status, result.stderr), (0, ""), result)
        self.assertEqual(result.stdout, self.syscarve("--help").stdout)

    def test_help(self):
        for arguments in (["--help"], *([verb, "--help"] for verb in self.every_verb())):
            result = self.syscarve(*arguments)
            self.assertEqual((result.status, result.stderr), (0, ""), result)
            self.assertIn("--help", result.stdout)

    def test_version(self):
        result = self.syscarve("--version")
        self.assertEqual(result.status, 0)
        self.assertRegex(result.stdout, r"\Asyscarve \d+\.\d+\.\d+\n\Z")

    def test_bad_usage(self):
        # `hook` reads its own options.
        verbs = [verb for verb in self.every_verb() if verb != "hook"]
        for arguments in (["--no-color"], ["no-such-verb"], *([verb, "--no-such-option"] for verb in verbs), ["generate"], ["run", "--", "true"]):
            result = self.syscarve(*arguments)
            self.assertEqual(result.status, 2, (arguments, result))
            self.assert_one_line_error(result)

    def test_typing_errors_have_hints(self):
        for arguments, error, hint in (
                (["recrod"], 'there is no verb "recrod"', "Did you mean `record`?"),
                (["recrod", "--", "nginx", "-v"], 'there is no verb "recrod"', "Did you mean `record`?"),
                (["Lint", "x.json"], 'there is no verb "Lint"', "Did you mean `lint`?"),
                (["frobnicate"], 'there is no verb "frobnicate"', "`syscarve --help` lists the verbs."),
                (["--versoin"], "there is no option --versoin", "Did you mean `--version`?"),
                (["--no-color"], "no verb is given", "`syscarve --help` lists the verbs."),
                (["record", "--ouput", "x.json", "--", "true"], "record: there is no option --ouput", "Did you mean `--output`?"),
                (["record", "--ouput=x.json", "--", "true"], "record: there is no option --ouput", "Did you mean `--output`?"),
                (["lint", "--zzz", "x.json"], "lint: there is no option --zzz", "`syscarve lint --help` lists the options."),
                (["record", "nginx", "-v"], "record: there is no option -v",
                 "To give it to nginx, put `--` before the command: `syscarve record -- nginx -v`."),
                (["run", "-p", "x.json", "nginx", "--lag"], "run: there is no option --lag",
                 "Did you mean `--log`? To give it to nginx, put `--` before the command: `syscarve run -- nginx --lag`."),
                (["mark", "one", "two"], 'mark: "two" is one argument too many', "`syscarve mark --help` shows what it takes."),
                (["generate"], "generate: RECORDING is required", "`syscarve generate --help` shows what it takes."),
                (["lint", "x.json", "--format", "xml"], "lint: --format: xml not in {text,json,sarif,junit}",
                 "`syscarve lint --help` shows what it takes."),
                (["no\x1b[31mverb"], 'there is no verb "no\\x1b[31mverb"', "`syscarve --help` lists the verbs.")):
            result = self.syscarve(*arguments)
            self.assertEqual((result.status, result.stdout), (2, ""), (arguments, result))
            self.assertEqual(result.stderr, f"syscarve: error: {error}\nsyscarve: hint: {hint}\n", arguments)

    def test_colours_only_on_a_terminal(self):
        """util-linux's script gives a terminal to what it runs."""
        def on_a_terminal(*arguments, env=None):
            command = " ".join([self.public(BINARY), *arguments])
            return self.run_process(["script", "-qec", command, "/dev/null"], env={"TERM": "xterm", **(env or {})}).stdout
        self.assertNotIn("\x1b", self.syscarve("doctor").stdout)
        self.assertIn("\x1b[", on_a_terminal("doctor"))
        self.assertNotIn("\x1b", on_a_terminal("--no-color", "doctor"))
        self.assertNotIn("\x1b", on_a_terminal("doctor", env={"NO_COLOR": "1"}))
