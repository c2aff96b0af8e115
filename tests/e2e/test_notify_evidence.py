# SPDX-License-Identifier: Apache-2.0
"""Hardening evidence by notification, which sees calls before they are made, compared with that of BPF for the same work, which sees
them after they have succeeded. The former must contain the latter."""

import os
import pathlib
import re
import shutil

from support import E2eTest, load


class EvidenceTest(E2eTest):
    def record(self, backend, folder, *command):
        output = f"{self.new_folder()}/{backend}.json"
        result = self.syscarve("record", "-q", "--hardening", "--backend", backend, "-o", output, "--", *command)
        self.assertEqual(result.status, 0, result)
        recording = load(output)
        (subject,) = recording["subjects"]
        evidence = subject["hardening"]
        # The command's own program has the name that was given for it.
        path = {str(program["id"]): os.path.realpath(program["path"]) for program in recording["programs"]}

        def shown(text):
            return re.sub(r"^/proc/\d+/", "/proc/PID/", text.replace(folder, "FOLDER"))
        evidence["files"] = {(shown(file["path"]), file.get("others", False)):
                             dict(file, uses={(path[id], use) for id, uses in file["uses"].items() for use in uses},
                                  mount=shown(file.get("mount", "")))
                             for file in evidence["files"]}
        evidence["endpoints"] = {(of["use"], of["family"], of["scope"], of["type"], of["port"], path[str(id)])
                                 for of in evidence["endpoints"] for id in of["programs"]}
        evidence["identities"] = {(path[id], *sorted(of.items())) for id, all_of in evidence["identities"].items() for of in all_of}
        return recording, evidence

    def uses(self, evidence, name):
        file = evidence["files"].get((f"FOLDER/{name}", False))
        return file and {use for _, use in file["uses"]}


class ByNotification(EvidenceTest):
    needs_root = False
    needs_bpf = False
    as_nobody = True

    def test_names_that_are_hard_to_read(self):
        folder = os.path.realpath(self.new_folder())
        recording, evidence = self.record("notify", folder, self.workload("uses"), folder, "hostile")
        # A name at an address that cannot be read. One that has no end the kernel refuses, too.
        self.assertEqual([(loss["what"], loss["count"]) for loss in recording["complete"]["losses"]], [("file_name_unread", 1)])
        self.assertEqual(evidence["missing"], ["peaks", "results", "some_files"])
        mine = {path.removeprefix("FOLDER/"): {use for _, use in file["uses"]}
                for (path, _), file in evidence["files"].items() if path.startswith("FOLDER/")}
        # A link that only leads to itself is looked at as far as can be seen from outside: its name is kept.
        self.assertEqual(mine.pop("turning"), {"created", "written"})
        self.assertEqual(mine, {"edge": {"created", "written"}, "silent": {"created", "read", "written"}, "to-nothing": {"created"},
                                "made": {"created"}, "made/by-link": {"created", "written"}, "gone": {"created", "removed", "read"}})
        self.assertIn("read", {use for _, use in evidence["files"][("/dev/null", False)]["uses"]})

    def test_of_every_call_that_leaves_any(self):
        folder = os.path.realpath(self.new_folder())
        _, evidence = self.record("notify", folder, self.workload("uses"), folder)
        self.assertEqual(evidence["missing"], ["peaks", "results"])
        self.assertTrue(evidence["messages"])
        # What was not there is no use, although its call was seen; nor is what came by way of a link.
        self.assertIsNone(self.uses(evidence, "missing"))
        self.assertIsNone(self.uses(evidence, "link/inner"))
        self.assertEqual(self.uses(evidence, "many"), {"created"})
        for name in ("many", "named"):
            self.assertEqual(len([path for path, _ in evidence["files"] if path.startswith(f"FOLDER/{name}/")]), 128)

    def test_what_a_shell_does(self):
        folder = os.path.realpath(self.new_folder())
        recording, evidence = self.record("notify", folder, "/bin/sh", "-c", f"cd {folder}; echo x > a; cat a; rm a; mkdir b")
        self.assertEqual(recording["complete"]["losses"], [])
        self.assertEqual(self.uses(evidence, "a"), {"created", "written", "read", "removed"})
        self.assertEqual(self.uses(evidence, "b"), {"created"})
        sh = os.path.realpath("/bin/sh")
        self.assertIn((sh, "executed"), evidence["files"][(sh, False)]["uses"])

    def test_harden_takes_it(self):
        folder = os.path.realpath(self.new_folder())
        output = self.path("r.json")
        self.assertEqual(self.syscarve("record", "-q", "--hardening", "--backend", "notify", "-o", output, "--", "/bin/sh", "-c",
                                       f"echo x > {folder}/file").status, 0)
        result = self.syscarve("harden", "--format", "json", output)
        self.assertEqual(result.status, 0, result)
        self.assertIn("failed uses are not distinguished from successful ones, and count as uses", result.stdout)


class BesideBpf(EvidenceTest):
    def compare(self, *words, many=False):
        """The evidence of both backends; what is in the first and not in the second fails."""
        found = []
        for backend in ("bpf", "notify"):
            folder = os.path.realpath(self.new_folder())
            recording, evidence = self.record(backend, folder, *(word.replace("FOLDER", folder) for word in words))
            self.assertEqual(recording["complete"]["losses"], [], backend)
            found.append(evidence)
        bpf, notify = found
        for path, file in bpf["files"].items():
            # Which are told one by one is by chance.
            if many and path[0].startswith(("FOLDER/many/", "FOLDER/named/")):
                continue
            other = notify["files"].get(path)
            self.assertIsNotNone(other, path)
            self.assertLessEqual(file["uses"], other["uses"], path)
            if file["kind"] != "unknown":
                self.assertEqual(file["kind"], other["kind"], path)
            self.assertEqual(file.get("device"), other.get("device"), path)
            self.assertEqual((file["mount"], file.get("filesystem")), (other["mount"], other.get("filesystem")), path)
        self.assertLessEqual(bpf["endpoints"], notify["endpoints"])
        self.assertLessEqual(bpf["identities"], notify["identities"])
        self.assertEqual(notify["missing"], ["peaks", "results"])
        self.assertTrue(notify["messages"])
        return bpf, notify

    def test_what_bpf_has_is_in_it(self):
        bpf, notify = self.compare(self.workload("uses"), "FOLDER", many=True)
        # More than BPF has: two messages that were not sent, and an address to which there may be no way.
        self.assertLessEqual({of[4] for of in notify["endpoints"] - bpf["endpoints"]}, {53, 55, 60})

    def test_of_a_script(self):
        script = "cd FOLDER; PATH=/nowhere:/usr/bin:/bin; mkdir -p a/b a/b; echo x > a/b/c; cat a/b/c < /dev/null | tee d > /dev/null; " \
                 "ln -s ../d a/e; cat a/e; mv a/b/c f; chmod 600 f; cp f g; rm f g; rmdir a/b; cat /proc/self/status > /dev/null; " \
                 "cat absent; cp absent h; exit 0"
        bpf, notify = self.compare("/bin/sh", "-c", script)
        mine = {path: file for path, file in notify["files"].items() if path[0].startswith("FOLDER/")}
        self.assertEqual(mine.keys(), {path for path in bpf["files"] if path[0].startswith("FOLDER/")})
        for path, file in mine.items():
            self.assertEqual(file["uses"], bpf["files"][path]["uses"], path)

    def test_in_a_root_directory_of_its_own(self):
        folder = pathlib.Path(os.path.realpath(self.new_folder()))
        shutil.copy(self.workload("calls_static"), folder / "calls")
        _, evidence = self.record("notify", str(folder), "chroot", str(folder), "/calls", "39:1")
        self.assertEqual(self.uses(evidence, "calls"), {"executed"})

