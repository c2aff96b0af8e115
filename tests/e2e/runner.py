# SPDX-License-Identifier: Apache-2.0
"""Lists the end-to-end tests, or runs one of them.

  runner.py --list                     one id a line, such as record.Command.status_is_the_commands
  runner.py --list-unprivileged        only those that need neither root nor recording with BPF
  runner.py --list-shared              those that cannot run beside every other: "ID=NAME,…" with the names in `shares`, and
                                       "alone" for `alone`
  runner.py record.Command.status_is_the_commands

Exit status: 0 passed, 1 failed, 77 skipped (with the reason on the last line).
"""

import ast
import importlib
import os
import signal
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77


def test_modules():
    return sorted(name[len("test_"):-len(".py")] for name in os.listdir(HERE)
                  if name.startswith("test_") and name.endswith(".py"))


class Listing:
    """The test methods of every module, read from the text: a build must not need what the tests import."""

    def __init__(self):
        self.modules = {}
        for name in os.listdir(HERE):
            if name.endswith(".py"):
                with open(os.path.join(HERE, name), encoding="utf-8") as file:
                    self.modules[name[:-len(".py")]] = ast.parse(file.read(), name).body

    def find_class(self, module, name):
        """(module, definition) of a class as `module` calls it, or None if it is not defined in these tests."""
        for node in self.modules.get(module, ()):
            if isinstance(node, ast.ClassDef) and node.name == name:
                return module, node
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if name == (alias.asname or alias.name):
                        return self.find_class(node.module, alias.name)
        return None

    def lineage(self, module, definition):
        """The class and all base classes that are ours; "TestCase" for unittest's."""
        yield definition
        for base in definition.bases:
            if isinstance(base, ast.Attribute):
                inner = base.value.id
                name = base.attr
            else:
                inner, name = module, base.id
            if (inner, name) == ("unittest", "TestCase"):
                yield "TestCase"
            elif found := self.find_class(inner, name):
                yield from self.lineage(*found)

    @staticmethod
    def needs(lineage, what):
        """The value of the class variable `what`: that of the first class in `lineage` that has it."""
        for ancestor in lineage:
            for node in ancestor.body:
                if isinstance(node, ast.Assign) and [target.id for target in node.targets if isinstance(target, ast.Name)] == [what]:
                    return node.value.value
        return True

    @staticmethod
    def shared(definitions):
        """The names in the decorators of these definitions."""
        for definition in definitions:
            for node in definition.decorator_list:
                if isinstance(node, ast.Name) and node.id == "alone":
                    yield "alone"
                elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "shares":
                    yield from (argument.value for argument in node.args)

    def tests(self):
        """(id, lineage of its class, definitions of its method) of every test."""
        for module in test_modules():
            definitions = [node for node in self.modules["test_" + module] if isinstance(node, ast.ClassDef)]
            for definition in sorted(definitions, key=lambda node: node.name):
                lineage = list(self.lineage("test_" + module, definition))
                if "TestCase" not in lineage:
                    continue
                lineage.remove("TestCase")
                methods = {}
                for ancestor in lineage:
                    for node in ancestor.body:
                        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                            methods.setdefault(node.name, node)
                for name in sorted(methods):
                    yield f"{module}.{definition.name}.{name[len('test_'):]}", lineage, methods[name]

    def ids(self, unprivileged_only=False):
        for test_id, lineage, _ in self.tests():
            if not unprivileged_only or not (self.needs(lineage, "needs_root") or self.needs(lineage, "needs_bpf")):
                yield test_id

    def shared_ids(self):
        for test_id, lineage, method in self.tests():
            if names := sorted({*self.shared(lineage), *self.shared([method])}):
                yield f"{test_id}={','.join(names)}"


def give_up(*_):
    raise TimeoutError("the test took too long")


def attempt(test_id):
    # Before ctest's own limit, whose SIGKILL would leave cgroups, mounts and processes behind.
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(int(os.environ.get("SYSCARVE_TEST_SECONDS", "200")))
    module_name, class_name, method = test_id.split(".")
    module = importlib.import_module("test_" + module_name)
    test = getattr(module, class_name)("test_" + method)
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(test)
    signal.alarm(0)
    return result


def run(test_id):
    result = attempt(test_id)
    # The engine serves all tests: if one makes it hang, the others must not fail; if the cause is Docker's own fault, not even this one.
    if not result.wasSuccessful() and "engine" in sys.modules and sys.modules["engine"].replace_if_hung():
        print("once more, with a new engine", file=sys.stderr)
        result = attempt(test_id)
    if not result.wasSuccessful():
        return 1
    if result.skipped:
        print("skipped:", result.skipped[0][1])
        return SKIPPED
    return 0


def main():
    sys.path.insert(0, HERE)
    listings = {"--list": Listing.ids, "--list-unprivileged": lambda listing: listing.ids(unprivileged_only=True),
                "--list-shared": Listing.shared_ids}
    if len(sys.argv) == 2 and sys.argv[1] in listings:
        print("\n".join(listings[sys.argv[1]](Listing())))
        return 0
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    return run(sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
