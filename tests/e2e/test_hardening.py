# SPDX-License-Identifier: Apache-2.0
"""The hardening evidence in recordings of containers, compared with the engine and the kernel: the upper directory of the
container's root (`docker diff`), the peaks of its cgroup."""

import json

import engine
import services
from containers import ContainerTest
from support import shares, traces


def covered(path, files):
    """The evidence for a file: its own entry, or that of all other files of its folder."""
    folder = path.rpartition("/")[0] or "/"
    return files.get((path, False)) or files.get((folder, True))


def uses(file):
    return {use for of_program in file["uses"].values() for use in of_program}


def by_path(evidence):
    return {(file["path"], file.get("others", False)): file for file in evidence["files"]}


def cgroup_peaks(identifier):
    """memory.max_usage_in_bytes or memory.peak, and pids.peak, as far as the kernel has them."""
    found = {}
    for mount in engine.cgroup_mounts():
        for name, key in (("memory.max_usage_in_bytes", "memory_bytes"), ("memory.peak", "memory_bytes"), ("pids.peak", "tasks")):
            try:
                with open(f"{mount}/docker/{identifier}/{name}", encoding="ascii") as file:
                    found[key] = int(file.read())
            except FileNotFoundError:
                pass
    return found


@shares("containers")
class Evidence(ContainerTest):
    def record(self, service):
        """The evidence, the output of `docker diff`, and the peaks of the cgroup when its work was done."""
        with self.recording() as recorder:
            container = service.create(self.engine, name=f"evidence-{service.name}")
            container.start()
            work, peaks = service.work, {}

            def work_and_look(*arguments):
                work(*arguments)
                peaks.update(cgroup_peaks(container.id))
            service.work = work_and_look
            service.serve(self, container)
            changes = self.api.get(f"/containers/{container.id}/changes") or []
            container.remove()
        (recording,) = recorder.recordings().values()
        (subject,) = recording["subjects"]
        return subject["hardening"], changes, peaks

    def check_files(self, evidence, changes):
        files = by_path(evidence)
        # What was left in the upper directory, but for folders that only hold something that changed.
        modified, added, removed = ([change["Path"] for change in changes if change["Kind"] == kind] for kind in (0, 1, 2))
        folders = {path[:place] for path in modified + added + removed for place in range(len(path)) if path[place] == "/"}
        for path in added:
            file = covered(path, files)
            self.assertTrue(file and uses(file) & {"created"}, f"{path} was added; the evidence: {file}")
        for path in modified:
            if path in folders:
                continue
            file = covered(path, files)
            self.assertTrue(file and uses(file) & {"created", "written", "changed", "removed"}, f"{path} was modified; the evidence: {file}")
        for path in removed:
            file = covered(path, files)
            self.assertTrue(file and "removed" in uses(file), f"{path} was removed; the evidence: {file}")
        # And the other way round.
        left = set(modified + added)
        for (path, others), file in files.items():
            if others or file.get("mount") != "/" or "removed" in uses(file) or path in folders:
                continue
            # What was only opened to write may be as before.
            if "created" in uses(file):
                self.assertIn(path, left, f"the evidence: {file}")

    def check_peaks(self, evidence, peaks):
        for key, of_cgroup in peaks.items():
            recorded = evidence["peaks"][key]
            self.assertGreaterEqual(recorded, of_cgroup, key)
            self.assertLessEqual(recorded, of_cgroup * 1.05, key)

    def check(self, service, port, user):
        evidence, changes, peaks = self.record(service)
        self.assertEqual(evidence["missing"], [])
        self.check_files(evidence, changes)
        self.check_peaks(evidence, peaks)
        bound = {(endpoint["family"], endpoint["port"]) for endpoint in evidence["endpoints"] if endpoint["use"] == "bound"}
        self.assertTrue({("inet", port), ("inet6", port)} & bound, bound)
        ids = {(of["user"], of["effective_user"]) for of_program in evidence["identities"].values() for of in of_program}
        self.assertIn((0, 0), ids)
        self.assertIn((user, user), ids)
        self.assertEqual(evidence["privileges"], {})
        return evidence

    def user(self, name):
        with open("/etc/passwd", encoding="utf-8") as file:
            return next((int(line.split(":")[2]) for line in file if line.startswith(name + ":")), None)

    def test_nginx(self):
        self.check(services.Web(), 8080, 33)

    def test_redis(self):
        evidence, changes, peaks = self.record(services.Cache())
        self.assertEqual(evidence["missing"], [])
        self.check_files(evidence, changes)
        self.check_peaks(evidence, peaks)

    def test_postgres(self):
        evidence, changes, peaks = self.record(services.Database())
        self.assertEqual(evidence["missing"], [])
        self.check_files(evidence, changes)
        self.check_peaks(evidence, peaks)

    def test_what_is_configured_is_in_force(self):
        limits = {"Memory": 64 << 20, "NanoCpus": 1_500_000_000, "PidsLimit": 32, "Ulimits": [{"Name": "nofile", "Soft": 512, "Hard": 1024}]}
        with self.recording() as recorder:
            container = self.create(["true"], "web", User="7:7", host=limits).start()
            container.wait()
            container.remove()
        told = recorder.recordings()["web"]["subjects"][0]["container"]
        self.assertEqual(told["limits"], {"memory_bytes": 64 << 20, "cpu_milli": 1500, "pids": 32, "open_files": 512, "open_files_hard": 1024})
        result = self.syscarve("harden", recorder.folder, "--format", "json")
        self.assertEqual(result.status, 0, result)
        (service,) = json.loads(result.stdout)["services"].values()
        in_force = {setting["setting"] for setting in service["settings"] if setting["in_force"]}
        self.assertLessEqual({"memory", "cpus", "pids", "open-files", "user"}, in_force)
        line = service["line"]
        self.assertEqual((line["memory_bytes"], line["cpu_milli"], line["pids"], line["open_files"], line["user"]),
                         (64 << 20, 1500, 32, 512, "7:7"))

    def test_without(self):
        with self.recording("--no-hardening") as recorder:
            container = self.create(["true"])
            container.start()
            container.wait()
            container.remove()
        (recording,) = recorder.recordings().values()
        self.assertTrue(traces(recording))
        self.assertNotIn("hardening", recording["subjects"][0])
