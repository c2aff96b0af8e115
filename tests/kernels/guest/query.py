# SPDX-License-Identifier: Apache-2.0
"""query.py RECORDING EXPRESSION: evaluates a Python expression on a recording with one subject and one run, and prints the result."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    recording = json.load(file)
trace = recording["runs"][0]["subjects"][0]
complete = recording["complete"]["complete"]
lost = [(loss["what"], loss["count"]) for loss in recording["complete"]["losses"]]
count = {call["name"]: call["count"] for call in trace["calls"]}


def answers(capability):
    """How often the kernel granted and denied a capability to the subject itself."""
    during = [check for entry in trace["capabilities"] if entry["name"] == capability for check in entry["during"]]
    return sum(check["granted"] for check in during), sum(check["denied"] for check in during)


print(eval(sys.argv[2]))
