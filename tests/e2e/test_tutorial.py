# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial.md, as a reader follows it: its commands are run one after the other, and print what the page shows.

A block of the page takes part if a comment stands right before it:

  <!-- test: run -->          a console block: what stands behind `$ ` is run, and the lines behind that are its output
  <!-- test: file NAME -->    the block becomes the file NAME

All commands are given to one shell, so that jobs in the background and `wait` do what they do for a reader. `…` in the output stands for
any text, also of several lines; output that the page does not show is not compared. `sudo` is left out: the test is root already.
"""

import os
import re

from support import BINARY, SOURCE, E2eTest

TUTORIAL = os.path.join(SOURCE, "docs", "tutorial.md")
BLOCK = re.compile(r"(?ms)^<!-- test: (run|file \S+) -->\n```(\w+)\n(.*?)^```$")
END = "@@ end of command {} @@"


def blocks():
    """(what to do with it, its text) of each block that takes part."""
    with open(TUTORIAL, encoding="utf-8") as file:
        text = file.read()
    found = [(match.group(1), match.group(3)) for match in BLOCK.finditer(text)]
    marks = text.count("<!-- test:")
    if len(found) != marks:
        raise AssertionError(f"{marks} blocks are marked and {len(found)} have the form of one")
    return found


def commands(text):
    """(command, its output or "") of a console block."""
    for part in re.split(r"(?m)^\$ ", text)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def pattern(output):
    return re.compile(".*".join(re.escape(piece) for piece in output.strip().split("…")), re.DOTALL)


class Tutorial(E2eTest):
    def test_the_page_does_what_it_shows(self):
        script, expected = ["exec 2>&1"], []
        for kind, text in blocks():
            if kind.startswith("file "):
                with open(self.path(kind.removeprefix("file ")), "w", encoding="utf-8") as file:
                    file.write(text)
                continue
            for command, output in commands(text):
                script += [re.sub(r"^sudo ", "", command), f"echo '{END.format(len(expected))}'"]
                expected.append((command, output))
        self.assertGreater(len(expected), 10)

        self.public(BINARY)
        result = self.run_process(["/bin/bash", "-c", "\n".join(script)], timeout=150,
                                  env={"PATH": self.path("bin") + ":" + self.environment["PATH"]})
        rest = result.stdout
        for number, (command, output) in enumerate(expected):
            printed, end, rest = rest.partition(END.format(number) + "\n")
            self.assertTrue(end, f"{command}: did not end\n{result}")
            with self.subTest(command):
                if output:
                    self.assertTrue(pattern(output).fullmatch(printed.strip()), f"\n--- the page\n{output}--- the machine\n{printed}")
