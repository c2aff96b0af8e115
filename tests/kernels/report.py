# SPDX-License-Identifier: Apache-2.0
"""report.py FILE: writes the results of the kernels as a JUnit report. A line of the input is KERNEL<TAB>CHECK<TAB>pass|fail|skip<TAB>figures."""

import sys
import xml.etree.ElementTree as xml


def main():
    suite = xml.Element("testsuite", name="kernels")
    for line in sys.stdin:
        kernel, check, result, figures = (line.rstrip("\n").split("\t") + ["", "", ""])[:4]
        case = xml.SubElement(suite, "testcase", classname=kernel, name=f"{kernel}.{check}", status="run")
        if result == "fail":
            xml.SubElement(case, "failure", message=figures)
        elif result == "skip":
            xml.SubElement(case, "skipped")
            xml.SubElement(case, "system-out").text = f"skipped: {figures}"
    xml.ElementTree(suite).write(sys.argv[1], encoding="utf-8", xml_declaration=True)


if __name__ == "__main__":
    main()
