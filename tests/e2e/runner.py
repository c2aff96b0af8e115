"""Lists the end-to-end tests, or runs one of them.

  runner.py --list                     one id a line, such as record.Output.missing_folder
  runner.py record.Output.missing_folder

Exit status: 0 passed, 1 failed, 77 skipped (with the reason on the last line).
"""

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


def test_ids():
    for module_name in test_modules():
        module = importlib.import_module("test_" + module_name)
        for class_name, value in sorted(vars(module).items()):
            if not (isinstance(value, type) and issubclass(value, unittest.TestCase)) or value.__module__ != module.__name__:
                continue
            for method in unittest.defaultTestLoader.getTestCaseNames(value):
                yield f"{module_name}.{class_name}.{method[len('test_'):]}"


def give_up(*_):
    raise TimeoutError("the test took too long")


def run(test_id):
    # Before ctest's own limit, whose SIGKILL would leave cgroups, mounts and processes behind.
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(int(os.environ.get("SYSCARVE_TEST_SECONDS", "200")))
    module_name, class_name, method = test_id.split(".")
    module = importlib.import_module("test_" + module_name)
    test = getattr(module, class_name)("test_" + method)
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(test)
    if not result.wasSuccessful():
        return 1
    if result.skipped:
        print("skipped:", result.skipped[0][1])
        return SKIPPED
    return 0


def main():
    sys.path.insert(0, HERE)
    if sys.argv[1:] == ["--list"]:
        print("\n".join(test_ids()))
        return 0
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    return run(sys.argv[1])


if __name__ == "__main__":
    sys.exit(main())
