# SPDX-License-Identifier: Apache-2.0
"""The result of `cmake --install`: it runs, its pages can be formatted, and its completions complete."""

import glob
import os
import re
import shutil

from support import SOURCE, E2eTest

BUILD = os.environ.get("SYSCARVE_BUILD", "")

# Completes one command line in a shell where nothing else is loaded, as readline does: words are parted at = and : too.
BASH = r"""
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
_syscarve syscarve
printf '%s\n' "${COMPREPLY[@]}"
"""


class Installed(E2eTest):
    needs_root = False
    needs_bpf = False

    def setUp(self):
        super().setUp()
        if not BUILD:
            self.fail("SYSCARVE_BUILD must name the build folder")
        result = self.run_process(["cmake", "--install", BUILD, "--prefix", "/usr"], env={"DESTDIR": self.path("root")})
        self.assertEqual((result.status, result.stderr), (0, ""), result)
        self.binary = self.installed("bin/syscarve")

    def installed(self, name):
        return self.path("root", "usr", name)

    def verbs(self):
        """The verbs that --help lists."""
        result = self.run_process([self.binary, "--help"])
        return re.findall(r"^  ([a-z]+)  +\S", re.search(r"\n\n*Record:\n(.*)\n\n[A-Z]", result.stdout, re.S).group(1), re.M)

    def completed(self, line):
        script = self.installed("share/bash-completion/completions/syscarve")
        result = self.run_process(["bash", "--norc", "-c", BASH, "bash", script, line])
        self.assertEqual((result.status, result.stderr), (0, ""), result)
        return set(result.stdout.split())

    def pages(self):
        return sorted(glob.glob(self.installed("share/man/man1/*.1")))

    def test_the_binary_runs(self):
        result = self.run_process([self.binary, "--version"])
        self.assertEqual((result.status, result.stderr), (0, ""), result)
        self.assertRegex(result.stdout, r"\Asyscarve \d+\.\d+\.\d+\n\Z")

    def test_docs_licences_and_examples_are_there(self):
        doc = self.installed("share/doc/syscarve")
        for name in ("README.md", "CHANGELOG.md", "LICENSE", "LICENSES/Apache-2.0.txt", "LICENSES/GPL-2.0-only.txt", "docs/record.md",
                     "examples/quickstart.sh", "examples/oci-hook/oci-seccomp-bpf-hook.json", "examples/oci-hook/hook.json"):
            with open(os.path.join(doc, name), "rb") as copy, open(os.path.join(SOURCE, name), "rb") as original:
                self.assertEqual(copy.read(), original.read(), name)
        self.assertTrue(os.access(os.path.join(doc, "examples/quickstart.sh"), os.X_OK))

    def test_profiles_of_services_are_there(self):
        folder = os.path.join(SOURCE, "profiles/services")
        installed = self.installed("share/syscarve/profiles/services")
        self.assertEqual(sorted(os.listdir(installed)), sorted(os.listdir(folder)))
        result = self.run_process([self.binary, "convert", os.path.join(installed, "nginx.json"), "--format", "names"])
        self.assertEqual(result.status, 0, result)

    def test_bash_completes_verbs(self):
        self.assertEqual(self.completed("syscarve rec"), {"record"})
        self.assertEqual(self.completed("syscarve "), set(self.verbs()))
        self.assertEqual(self.completed("syscarve --no"), {"--no-color"})
        self.assertEqual(self.completed("syscarve --no-color gen"), {"generate"})

    def test_bash_completes_options_and_values(self):
        for verb in self.verbs():
            help_text = self.run_process([self.binary, verb, "--help"]).stdout
            options = set(re.findall(r"^  (?:-\w, *)?(--[a-z-]+)", help_text, re.M))
            self.assertIn("--help", options)
            self.assertEqual(self.completed(f"syscarve {verb} --"), options, verb)
        self.assertEqual(self.completed("syscarve record --backend "), {"auto", "bpf", "notify"})
        self.assertEqual(self.completed("syscarve record --backend=no"), {"notify"})
        self.assertEqual(self.completed("syscarve diff --fail-on risk:m"), {"medium"})
        self.assertEqual(self.completed("syscarve diff --fail-on=risk:m"), {"medium"})
        self.assertEqual(self.completed("syscarve record --duration "), set())
        # Behind -- the words are another program's.
        self.assertIn("bash", self.completed("syscarve record -- bas"))
        self.assertEqual(self.completed("syscarve record -- bash --"), set())

    def test_the_binary_itself_writes_them(self):
        for form, place in (("man", "share/man/man1"), ("bash", "share/bash-completion/completions"), ("zsh", "share/zsh/site-functions"),
                            ("fish", "share/fish/vendor_completions.d")):
            folder = self.new_folder()
            result = self.syscarve("_describe", form, "--output", folder, "--date", "2006-01-02")
            self.assertEqual((result.status, result.stdout, result.stderr), (0, "", ""), result)
            self.assertEqual(sorted(os.listdir(folder)), sorted(os.listdir(self.installed(place))))
        self.assertEqual(self.syscarve("_describe", "bash", "--output", self.path("none")).status, 2)

    def test_scripts_parse(self):
        scripts = {"bash": "share/bash-completion/completions/syscarve", "zsh": "share/zsh/site-functions/_syscarve",
                   "fish": "share/fish/vendor_completions.d/syscarve.fish"}
        for shell, script in scripts.items():
            self.assertGreater(os.path.getsize(self.installed(script)), 1000)
            if shutil.which(shell):
                result = self.run_process([shell, "-n", self.installed(script)])
                self.assertEqual((result.status, result.stderr), (0, ""), result)

    def test_man_pages_format_without_warnings(self):
        self.assertEqual([os.path.basename(page) for page in self.pages()],
                         sorted(["syscarve.1", *(f"syscarve-{verb}.1" for verb in self.verbs())]))
        for page in self.pages():
            result = self.run_process(["groff", "-ww", "-man", "-Tutf8", page])
            self.assertEqual((result.status, result.stderr), (0, ""), (page, result))

    def test_every_option_is_in_its_man_page(self):
        for verb in (None, *self.verbs()):
            help_text = self.run_process([self.binary, *([verb] if verb else []), "--help"]).stdout
            options = set(re.findall(r"^  (?:-\w, *)?(--[a-z-]+)", help_text, re.M))
            page = self.installed(f"share/man/man1/syscarve{'-' + verb if verb else ''}.1")
            text = self.run_process(["groff", "-man", "-Tascii", "-P-cbou", page]).stdout
            section = re.search(r"^OPTIONS\n(.*?)^[A-Z]", text, re.M | re.S).group(1)
            shown = set(re.findall(r"^ {7}(?:-\w, )?(--[a-z-]+)", section, re.M))
            self.assertEqual(shown, options, page)
            # Examples keep their lines, and can be pasted: their dashes and quotes are ASCII's.
            for example in re.findall(r"^ +(?:sudo )?syscarve .*", help_text, re.M):
                self.assertIn(example.strip(), text, page)
