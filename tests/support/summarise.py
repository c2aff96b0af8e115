"""summarise.py [--no-skips] REPORT.xml…: sums up ctest's JUnit reports.

Prints what failed and was skipped, with the reasons, and as the last line "N passed, N failed, N skipped". Exit status 1 when something
failed, when a report is missing or empty, or, for a report whose name starts with "live", when a test was skipped although this host
can run it (--no-skips).
"""

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
    arguments = sys.argv[1:]
    no_skips = "--no-skips" in arguments
    passed, failed, skipped, wrong = 0, [], [], []
    for path in (pathlib.Path(argument) for argument in arguments if argument != "--no-skips"):
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
                skipped.append(f"{name}: {reason(case)}")
                if no_skips and path.stem.startswith("live"):
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
