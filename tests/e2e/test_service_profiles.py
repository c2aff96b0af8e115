# SPDX-License-Identifier: Apache-2.0
"""profiles/services/: engines accept each profile, every finding of lint about it is explained here, and its provenance
is there and in the README. The services themselves run under them in containers.Shipped…"""

import glob
import json
import os
import re

from support import SOURCE, E2eTest, load

FOLDER = os.path.join(SOURCE, "profiles/services")
PROVENANCE = {"schema", "packages", "distribution", "kernel", "architecture", "date", "runtime", "syscarve", "closure", "load", "starts",
              "calls_seen", "capabilities_as_root"}

# Rule of lint -> why its findings of level error or warning stand.
EXPLAINED = {}


def service_names():
    return sorted(os.path.basename(path)[:-len(".provenance.json")] for path in glob.glob(f"{FOLDER}/*.provenance.json"))


class ServiceProfiles(E2eTest):
    needs_root = False
    needs_bpf = False

    def test_there_are_the_three_and_nothing_else(self):
        self.assertEqual(service_names(), ["nginx", "postgresql", "redis"])
        expected = sorted(["README.md", *(f"{name}{end}" for name in service_names() for end in (".json", ".provenance.json"))])
        self.assertEqual(sorted(os.listdir(FOLDER)), expected)

    def test_each_compiles_and_says_the_same_in_another_format(self):
        for name in service_names():
            profile = f"{FOLDER}/{name}.json"
            result = self.syscarve("convert", profile, "--format", "oci")
            self.assertEqual(result.status, 0, result)
            with open(self.path(f"{name}.oci.json"), "w", encoding="utf-8") as file:
                file.write(result.stdout)
            result = self.syscarve("diff", profile, self.path(f"{name}.oci.json"), "--format", "json")
            self.assertEqual((result.status, json.loads(result.stdout)["verdict"]), (0, "same"), result)

    def test_lint_finds_nothing_that_is_not_explained(self):
        for name in service_names():
            result = self.syscarve("lint", f"{FOLDER}/{name}.json", "--offline", "--caps", "default", "--format", "json")
            found = {finding["rule"] for file in json.loads(result.stdout)["profiles"] for finding in file["findings"]
                     if finding["level"] in ("error", "warning")}
            self.assertEqual(found - set(EXPLAINED), set(), name)

    def test_none_allows_what_no_service_needs(self):
        for name in service_names():
            text = self.syscarve("convert", f"{FOLDER}/{name}.json", "--format", "names").stdout.split()
            self.assertGreater(len(text), 50, name)
            for call in ("mount", "ptrace", "bpf", "init_module", "kexec_load", "unshare", "setns", "keyctl", "userfaultfd", "io_uring_setup",
                         "process_vm_writev", "perf_event_open"):
                self.assertNotIn(call, text, name)

    def test_provenance_is_whole_and_told(self):
        with open(f"{FOLDER}/README.md", encoding="utf-8") as file:
            readme = file.read()
        for name in service_names():
            provenance = load(f"{FOLDER}/{name}.provenance.json")
            self.assertEqual(set(provenance), PROVENANCE, name)
            self.assertRegex(provenance["date"], r"^\d{4}-\d\d-\d\d$")
            row = re.search(rf"^\| \[{name}\]\({name}\.json\) \|.*$", readme, re.MULTILINE)
            self.assertIsNotNone(row, name)
            for package, version in provenance["packages"].items():
                self.assertIn(f"{package} {version}", row.group(), name)
            self.assertIn(", ".join(f"`{capability}`" for capability in provenance["capabilities_as_root"]) or "none", row.group(), name)
