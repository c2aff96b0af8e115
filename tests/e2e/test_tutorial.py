# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial.md, as a reader follows it: its commands are run one after the other, and print what the page shows.

A block of the page takes part if a comment stands right before it:

  <!-- test: run -->          a console block: what stands behind `$ ` is run, and the lines behind that are its output
  <!-- test: file NAME -->    the block becomes the file NAME
  <!-- test: container run -->, <!-- test: container file NAME -->
                              the same, in the test that has an engine; it gets the other files, too

All commands are given to one shell, so that jobs in the background and `wait` do what they do for a reader. `…` in the output stands for
any text, also of several lines; output that the page does not show is not compared. `sudo` is left out: the test is root already.
"""

import os
import re

import engine
from containers import ContainerTest
from support import BINARY, SOURCE, E2eTest

TUTORIAL = os.path.join(SOURCE, "docs", "tutorial.md")
BLOCK = re.compile(r"(?ms)^<!-- test: ((?:container )?(?:run|file \S+)) -->\n```(\w+)\n(.*?)^```$")
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


def follow(test, chosen, path, timeout):
    script, expected = ["exec 2>&1"], []
    for kind, text in chosen:
        if kind.startswith("file "):
            with open(test.path(kind.removeprefix("file ")), "w", encoding="utf-8") as file:
                file.write(text)
            continue
        for command, output in commands(text):
            script += [re.sub(r"^sudo ", "", command), f"echo '{END.format(len(expected))}'"]
            expected.append((command, output))
    test.assertGreater(len(expected), 5)

    test.public(BINARY)
    result = test.run_process(["/bin/bash", "-c", "\n".join(script)], timeout=timeout, env={"PATH": test.path("bin") + ":" + path})
    rest = result.stdout
    for number, (command, output) in enumerate(expected):
        printed, end, rest = rest.partition(END.format(number) + "\n")
        test.assertTrue(end, f"{command}: did not end\n{result}")
        with test.subTest(command):
            if output:
                test.assertTrue(pattern(output).fullmatch(printed.strip()), f"\n--- the page\n{output}--- the machine\n{printed}")


class Tutorial(E2eTest):
    def test_the_page_does_what_it_shows(self):
        follow(self, [block for block in blocks() if not block[0].startswith("container ")], self.environment["PATH"], 150)


class Containers(ContainerTest):
    def test_the_page_does_what_it_shows_of_containers(self):
        image = self.engine.image("services")
        self.docker("tag", image, "my-redis")
        self.addCleanup(self.docker, "volume", "rm", "--force", "cache-data")
        self.addCleanup(self.docker, "image", "rm", "my-redis")
        self.addCleanup(self.docker, "rm", "--force", "--volumes", "cache")
        chosen = [("run", "$ chmod +x use-redis.sh snapshot.sh\n")]
        for kind, text in blocks():
            if kind.startswith("file ") or kind.startswith("container "):
                chosen.append((kind.removeprefix("container "), text))
        # The distribution's client, not that of another engine in /usr/local.
        follow(self, chosen, os.path.dirname(engine.DOCKER) + ":/usr/sbin:/usr/bin:/sbin:/bin", 600)
