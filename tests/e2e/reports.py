# SPDX-License-Identifier: Apache-2.0
"""Validators of the formats that other programs read: SARIF by a JSON Schema, JUnit's XML by an XML Schema."""

import json
import os
import subprocess
from xml.etree import ElementTree

from support import SOURCE

SUPPORT = os.path.join(SOURCE, "tests", "support")


def valid_sarif(text):
    """The one run of a SARIF log, after it was validated."""
    import jsonschema  # Only the tests of SARIF need it.

    log = json.loads(text)
    with open(os.path.join(SUPPORT, "sarif-subset.schema.json"), encoding="utf-8") as file:
        jsonschema.Draft7Validator(json.load(file)).validate(log)
    run = log["runs"][0]
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"], result
    fingerprints = [result["partialFingerprints"]["finding/v1"] for result in run["results"]]
    assert len(fingerprints) == len(set(fingerprints)), fingerprints
    return run


def valid_junit(text):
    """The test cases of a JUnit report, as {name: element}, after it was validated."""
    schema = os.path.join(SUPPORT, "junit.xsd")
    result = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", schema, "-"], input=text.encode(), capture_output=True, timeout=60)
    assert result.returncode == 0, result.stderr.decode() + text
    suite = ElementTree.fromstring(text.encode())[0]
    cases = {case.get("name"): case for case in suite}
    failed = [name for name, case in cases.items() if case.find("failure") is not None]
    assert (int(suite.get("tests")), int(suite.get("failures"))) == (len(cases), len(failed)), text
    return cases
