# SPDX-License-Identifier: Apache-2.0
"""summarise.py [--no-skips] [--lacks REASON]… REPORT.xml…: summarises ctest's JUnit reports.

Prints what failed and was skipped, with the reasons, and as the last line "N passed, N failed, N skipped". Exit status 1 if something
failed, if a report is missing or empty, or, for a report whose name starts with "live", if a test was skipped although this host
can run it (--no-skips): for any reason that does not begin with one given by --lacks.
"""

import argparse
import pathlib
import sys
import xml.etree.ElementTree as xml


def reason(case):
    """What a skipped test gave as its reason: GoogleTest puts it below a line that ends in "Skipped", ours behind "skipped:"."""
    lines = [line.strip() for line in (case.findtext("system-out") or "").splitlines()]
    for line, following in zip(lines, lines[1:] + [""]):
        if line.endswith(": Skipped"):
            return following
        if line.startswith("skipped:"):
            return line[len("skipped:"):].strip()
    return "no reason given"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-skips", action="store_true")
    parser.add_argument("--lacks", action="append", default=[])
    parser.add_argument("reports", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    passed, failed, skipped, wrong = 0, [], [], []
    for path in arguments.reports:
        try:
            cases = list(xml.parse(path).getroot().iter("testcase"))
        except (OSError, xml.ParseError) as error:
            cases = []
            wrong.append(f"{path.stem}: no report: {error}")
        else:
            if not cases:
                wrong.append(f"{path.stem}: no test ran")
        for case in cases:
            name = f"{path.stem}: {case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
                failed.append(name)
            elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
                why = reason(case)
                skipped.append(f"{name}: {why}")
                if arguments.no_skips and path.stem.startswith("live") and not why.startswith(tuple(arguments.lacks)):
                    wrong.append(f"{name}: skipped on a host that can run it")
            else:
                passed += 1

    for title, lines in (("Failed", failed), ("Skipped", skipped), ("Wrong", wrong)):
        if lines:
            print(f"\n{title}:")
            for line in lines:
                print(f"  {line}")
    # What is wrong beside the tests themselves counts as a failure, so that the last line never looks good when it is not.
    extra = [line for line in wrong if not line.endswith("skipped on a host that can run it")]
    print(f"\n{passed} passed, {len(failed) + len(extra)} failed, {len(skipped)} skipped")
    return 1 if failed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
