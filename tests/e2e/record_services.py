# SPDX-License-Identifier: Apache-2.0
"""Makes profiles/services/: records nginx, redis and PostgreSQL, as the image `services` has them from the distribution's packages, in
containers under the load of the tests, and writes NAME.json and NAME.provenance.json for each.

  tests/support/record_services.sh BUILD-FOLDER [OUTPUT-FOLDER]      as root, on a host where the container tests run

Each is started four times: as root, dropping its privileges itself, and as its own user, each without and with no-new-privileges. Each
time it is started, loaded, reloaded if it supports this, and stopped.
"""

import datetime
import json
import os
import platform
import re
import subprocess
import sys
import unittest

import images
import services
from containers import ContainerTest
from support import SOURCE, load, traces

OUTPUT = os.environ.get("SYSCARVE_SERVICES_OUTPUT", os.path.join(SOURCE, "profiles/services"))
CLOSURE = "steady"
# Name of the profile, the service of the tests, the package, a description of the load.
SERVICES = (
    ("nginx", services.Web, "nginx",
     "static files over HTTP/1.1, small, large, compressed and missing, HEAD, a status page, a reload, a graceful stop (SIGQUIT)"),
    ("redis", services.Cache, "redis-server",
     "strings, counters, lists, expiry, a Lua script, UNLINK, BGSAVE, two seconds of periodic work, a stop (SIGTERM)"),
    ("postgresql", services.Database, "postgresql",
     "tables, indexes, bulk inserts, a sort on disk, transactions of two sessions, an error, LISTEN and NOTIFY, VACUUM, CHECKPOINT, a fast "
     "stop (SIGINT)"),
)


class RecordServices(ContainerTest):
    def output_of(self, *command):
        container = self.engine.api.create(self.engine.image(services.IMAGE), list(command), None).start()
        self.assertEqual(container.wait(), 0, container.logs())
        text = container.logs()
        container.remove()
        return text.strip()

    def package_version(self, package):
        """Package -> version; for a meta package such as "postgresql", those of its real packages."""
        query = ("dpkg-query", "-W", "-f", "${Package} ${Version}\n")
        found = dict(line.split(" ", 1) for line in self.output_of(*query).splitlines())
        real = sorted(name for name in found if re.fullmatch(package + r"-\d+", name)) or [package]
        return {name: found[name] for name in real}

    def record(self, name, service):
        with self.recording("--name", name) as recorder:
            for as_root in (True, False):
                for options in ({}, {"host": {"SecurityOpt": ["no-new-privileges"]}}):
                    container = service.create(self.engine, name, as_root=as_root, **options).start()
                    service.serve(self, container)
                    container.remove()
        recording = load(recorder.files()[name])
        self.assertEqual(recording["complete"]["losses"], [])
        return recorder.folder, recording

    def make(self, name, service_type, package, work):
        folder, recording = self.record(name, service_type())
        out = self.new_folder()
        result = self.syscarve("generate", folder, "-o", out, "--closure", CLOSURE)
        self.assertEqual(result.status, 0, result)
        with open(os.path.join(out, "SUMMARY.md"), encoding="utf-8") as file:
            capabilities = sorted(set(re.findall(r"--cap-add[ =](?:CAP_)?([A-Z_]+)", file.read())))
        with open("/etc/os-release", encoding="utf-8") as file:
            release = dict(line.rstrip().replace('"', "").split("=", 1) for line in file if "=" in line)
        with open(os.path.join(out, f"{name}.json"), encoding="utf-8") as file:
            profile = file.read()
        provenance = {
            "schema": "syscarve.provenance/1",
            "packages": self.package_version(package),
            "distribution": release["PRETTY_NAME"],
            "kernel": platform.release(),
            "architecture": platform.machine(),
            "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
            "runtime": subprocess.run(["runc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0],
            "syscarve": self.syscarve("--version").stdout.strip(),
            "closure": CLOSURE,
            "load": work,
            "starts": "as root and as its own user, each without and with no-new-privileges",
            "calls_seen": len({(call["abi"], call["name"]) for trace in traces(recording) for call in trace.get("calls", [])}),
            "capabilities_as_root": capabilities,
        }
        for path, text in ((f"{name}.json", profile), (f"{name}.provenance.json", json.dumps(provenance, indent=2) + "\n")):
            with open(os.path.join(OUTPUT, path), "w", encoding="utf-8") as file:
                file.write(text)
        print(name, provenance["packages"], "capabilities", capabilities)

    def test_record(self):
        os.makedirs(OUTPUT, exist_ok=True)
        for service in SERVICES:
            self.make(*service)


if __name__ == "__main__":
    images.archive("services")
    sys.exit(not unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful())
