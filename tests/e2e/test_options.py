# SPDX-License-Identifier: Apache-2.0
"""The page of each verb in docs/ lists the options that the verb has, and no others."""

import os
import re

from support import SOURCE, E2eTest


def page_of(verb):
    with open(os.path.join(SOURCE, "docs", verb + ".md"), encoding="utf-8") as file:
        return file.read()


def options_of_table(page):
    """The long options in the first cells of the page's tables."""
    cells = re.findall(r"(?m)^\| *(`-.*?) \|", page)
    return {option for cell in cells for option in re.findall(r"--[a-z][a-z-]*", cell)}


class Pages(E2eTest):
    needs_root = False
    needs_bpf = False

    def help_of(self, *words):
        result = self.syscarve(*words, "--help")
        self.assertEqual((result.status, result.stderr), (0, ""), result)
        return result.stdout

    def verbs(self):
        found = re.findall(r"(?m)^  ([a-z]+) {2,}\S", self.help_of().partition("\nOptions:")[2])
        self.assertIn("record", found)
        return found

    def options_of_help(self, verb):
        lines = re.findall(r"(?m)^  (-\S+)", self.help_of(verb).partition("\nOptions:")[2])
        return {option for line in lines for option in line.split(",") if option.startswith("--")} - {"--help"}

    def test_each_has_the_options_of_its_verb(self):
        wrong = {}
        for verb in self.verbs():
            in_page, in_help = options_of_table(page_of(verb)), self.options_of_help(verb)
            if in_page != in_help:
                wrong[verb] = {"not in the page": sorted(in_help - in_page), "not in --help": sorted(in_page - in_help)}
        self.assertEqual(wrong, {})

    def test_the_readme_and_the_map_link_to_each(self):
        for file in ("README.md", "docs/README.md"):
            with open(os.path.join(SOURCE, file), encoding="utf-8") as text:
                linked = set(re.findall(r"\((?:docs/)?([a-z-]+)\.md\)", text.read()))
            self.assertEqual(set(self.verbs()) - linked, set(), file)
