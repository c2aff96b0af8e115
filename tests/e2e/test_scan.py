# SPDX-License-Identifier: Apache-2.0
"""`scan`: what is planted in images of every form is found and reported in every format, without the secrets themselves, and a
recording and the reports of other scanners are joined."""

import gzip
import hashlib
import http.server
import io
import json
import os
import random
import socketserver
import tarfile
import threading
import time

from reports import valid_junit, valid_sarif
from support import SOURCE, E2eTest

SERVER = os.path.join(SOURCE, "tests", "golden", "generate", "server", "recording.json")
SCANNERS = os.path.join(SOURCE, "tests", "inputs", "scanners")
ELF = b"\x7fELF\0program"
# Put together here, so that nothing that looks into this file takes it for one.
TOKEN = "ghp" + "_" + "0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uVwXy"
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA0Zq7rT8vWxYz1A2B3C4D5E6F7G8H9IaJbKcLdMeNfOgPhQiR\n" * 4 + "-----END RSA PRIVATE KEY-----\n"
NET_RAW = bytes([1, 0, 0, 2, 0, 0x20, 0, 0] + [0] * 12)


def tar(files, compress=False):
    """`files`: (name, content, mode, more attributes of TarInfo)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content, mode, *more in files:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size = mode, len(content)
            for key, value in (more[0] if more else {}).items():
                setattr(entry, key, value)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(stream.getvalue(), 1) if compress else stream.getvalue()


def digest(data):
    return hashlib.sha256(data).hexdigest()


LAYERS = [
    [
        ("usr/sbin/server", ELF, 0o4755),
        ("usr/bin/su", ELF, 0o4755),
        ("usr/bin/it's", ELF, 0o4755),
        ("usr/bin/ping", ELF, 0o755, {"pax_headers": {"SCHILY.xattr.security.capability": NET_RAW.decode("latin-1")}}),
        ("srv/state", b"x", 0o666),
        ("dev/sda", b"", 0o600, {"type": tarfile.BLKTYPE, "devmajor": 8, "devminor": 0}),
        ("root/gone.pem", KEY.encode(), 0o600),
        ("app/config.py", f"# a\ntoken = '{TOKEN}'\n".encode(), 0o644),
        ("var/lib/dpkg/info/demo-server.list", b"/usr/sbin/server\n", 0o644),
        ("var/lib/dpkg/info/demo-tools.list", b"/usr/bin/su\n", 0o644),
    ],
    [("root/.wh.gone.pem", b"", 0o644)],
]


def parts(compress):
    """The configuration, and the layers as they are stored."""
    plain = [tar(layer) for layer in LAYERS]
    config = json.dumps({
        "architecture": "amd64", "os": "linux",
        "config": {"Env": ["PATH=/bin", "DB_PASSWORD=hunter2"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest(layer)}" for layer in plain]},
        "history": [{"created_by": "COPY . / # buildkit"}, {"created_by": "RUN |1 API_TOKEN=qwertz123 /bin/sh -c true"}],
    }).encode()
    return config, [gzip.compress(layer, 1) if compress else layer for layer in plain]


def docker_save():
    config, layers = parts(compress=False)
    names = [f"{i}/layer.tar" for i in range(len(layers))]
    manifest = json.dumps([{"Config": f"{digest(config)}.json", "RepoTags": ["web:latest"], "Layers": names}]).encode()
    files = list(zip(names, layers)) + [(f"{digest(config)}.json", config), ("manifest.json", manifest)]
    return tar([(name, content, 0o644) for name, content in files])


def oci_files():
    config, layers = parts(compress=True)

    def reference(data):
        return {"mediaType": "x", "digest": f"sha256:{digest(data)}", "size": len(data)}

    manifest = json.dumps({"schemaVersion": 2, "config": reference(config), "layers": [reference(layer) for layer in layers]}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [{**reference(manifest), "annotations": {"org.opencontainers.image.ref.name": "latest"}}]})
    blobs = [(f"blobs/sha256/{digest(data)}", data) for data in (*layers, config, manifest)]
    return [*blobs, ("index.json", index.encode()), ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')]


class Scan(E2eTest):
    needs_root = False
    needs_bpf = False

    def image(self, data=None, name="web.tar"):
        path = os.path.join(self.new_folder(), name)
        with open(path, "wb") as file:
            file.write(docker_save() if data is None else data)
        return path

    def layout(self):
        folder = self.new_folder()
        for name, data in oci_files():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        return folder

    def scan(self, *arguments, expect=0, **options):
        result = self.syscarve("scan", *arguments, **options)
        self.assertEqual(result.status, expect, result)
        return result

    def report(self, *arguments, expect=0):
        answer = json.loads(self.scan(*arguments, "--format", "json", expect=expect).stdout)
        self.assertEqual(answer["schema"], "syscarve.scan/1")
        return answer

    def found(self, answer):
        return {(finding["rule"], finding.get("path", "")) for finding in answer["findings"]}

    def test_what_is_planted_is_found_in_every_form(self):
        expected = {
            ("set-id", "/usr/bin/su"), ("file-capability", "/usr/bin/ping"), ("world-writable-file", "/srv/state"), ("device-node", "/dev/sda"),
            ("secret-private-key", "/root/gone.pem"), ("secret-github-token", "/app/config.py"), ("secret-variable", ""),
            ("runs-as-root", ""), ("no-health-check", ""), ("base-unknown", ""), ("mutable-tag", ""),
        }
        packed = self.image(gzip.compress(docker_save()), "web.tar.gz")
        oci = self.image(tar([(name, data, 0o644) for name, data in oci_files()]))
        for image, kind in ((self.image(), "docker-archive"), (packed, "docker-archive"), (oci, "oci-archive"), (self.layout(), "oci-layout")):
            answer = self.report(image)
            self.assertEqual(answer["image"]["kind"], kind)
            self.assertLessEqual(expected, self.found(answer), kind)
            self.assertTrue(answer["complete"])
            self.assertTrue(all(layer["verified"] for layer in answer["image"]["layers"]), answer["image"])
            key = next(finding for finding in answer["findings"] if finding["rule"] == "secret-private-key")
            self.assertTrue(key["deleted"])
            self.assertEqual(key["layer"], 1)

    def test_standard_input_is_an_image(self):
        result = self.syscarve("scan", "-", "--fail-on", "critical", stdin=docker_save())
        self.assertEqual(result.status, 1, result)
        self.assertIn("[secret-github-token]", result.stdout)

    def test_a_root_folder(self):
        root = self.new_folder()
        os.makedirs(os.path.join(root, "usr/bin"))
        tool = os.path.join(root, "usr/bin/tool")
        with open(tool, "wb") as file:
            file.write(ELF)
        os.chmod(tool, 0o4755)
        outside = self.new_folder()
        with open(os.path.join(outside, ".netrc"), "w") as file:
            file.write("machine m login l password p\n")
        os.symlink(outside, os.path.join(root, "host"))
        answer = self.report(root)
        self.assertEqual(self.found(answer), {("set-id", "/usr/bin/tool")})
        self.assertEqual(answer["image"]["kind"], "root-folder")

    def test_the_gate(self):
        image = self.image()
        self.scan(image)
        self.scan(image, "--fail-on", "critical", expect=1)
        self.scan(image, "--fail-on", "critical", "--disable", "secret-github-token")
        self.scan(image, "--fail-on", "high", "--disable", "secret-github-token", expect=1)

    def test_every_format_is_well_formed_and_tells_no_secret(self):
        image = self.image()
        for form in ("text", "json", "markdown", "sarif", "junit"):
            text = self.scan(image, "--format", form, "--join", os.path.join(SCANNERS, "gitleaks.json"),
                             "--join", os.path.join(SCANNERS, "trivy.json")).stdout
            for secret in (TOKEN[8:], "hunter2", "qwertz123", "never-shown", KEY[50:80]):
                self.assertNotIn(secret, text, form)
            self.assertIn("ghp\\_" if form == "markdown" else "ghp_", text, form)
            if form == "sarif":
                self.assertIn("secret-github-token", [result["ruleId"] for result in valid_sarif(text)["results"]])
            if form == "junit":
                self.assertIsNotNone(valid_junit(text)["set-id"].find("failure"))

    def test_a_recording_tells_what_never_ran(self):
        answer = self.report(self.image(), "--recording", SERVER)
        executed = {finding["path"]: finding["executed"] for finding in answer["findings"] if finding["rule"] == "set-id"}
        self.assertEqual(executed, {"/usr/sbin/server": True, "/usr/bin/su": False, "/usr/bin/it's": False})
        recording = answer["recording"]
        self.assertEqual(recording["set_id_never_executed"], ["/usr/bin/it's", "/usr/bin/su"])
        self.assertEqual(recording["remove_set_id"], "RUN chmod a-s -- '/usr/bin/it'\\''s' /usr/bin/su")
        server = next(program for program in recording["programs"] if program["path"] == "/usr/sbin/server")
        self.assertEqual((server["in_image"], server["package"]), (True, "demo-server"))
        self.assertTrue(any("libraries" in sentence for sentence in answer["not_known"]))
        text = self.scan(self.image(), "--recording", SERVER).stdout
        self.assertIn(recording["remove_set_id"], text)
        self.assertNotIn("\x1b", text)

    def test_vulnerabilities_of_others_are_sorted_by_what_ran(self):
        for report in ("trivy.json", "grype.json", "trivy.sarif", "grype.sarif", "scout.sarif"):
            answer = self.report(self.image(), "--recording", SERVER, "--join", os.path.join(SCANNERS, report))
            use = {(entry["id"], entry.get("package", "")): entry["use"] for entry in answer["vulnerabilities"]}
            for (_, package), verdict in use.items():
                expected = {"demo-server": "ran", "demo-tools": "present, never ran"}.get(package, "not known")
                self.assertEqual(verdict, expected, (report, package))
            order = ["ran", "not known", "present, never ran"]
            self.assertEqual([order.index(entry["use"]) for entry in answer["vulnerabilities"]],
                             sorted(order.index(entry["use"]) for entry in answer["vulnerabilities"]))
        # What never ran is low at most.
        never = [f for f in answer["findings"] if f["rule"] == "joined-vulnerability" and "never ran" in f["message"]]
        self.assertTrue(all(finding["severity"] in ("low", "note") for finding in never))

    def test_mistakes_are_told_in_one_line(self):
        for arguments, words in (
            ((self.image(b"hello"),), "web.tar: the archive"),
            ((os.path.join(self.new_folder(), "none.tar"),), "No such file"),
            ((self.image(), "--join", SERVER), "no report of Trivy"),
            ((self.image(), "--recording", os.path.join(SCANNERS, "trivy.json")), "trivy.json"),
            ((self.image(), "--disable", "nonesuch"), "there is no rule"),
            ((self.image(), "--image", "other"), "web:latest"),
            (("-", "--recording", "-"), "standard input"),
        ):
            result = self.scan(*arguments, expect=2)
            self.assertIn(words, result.stderr)
            self.assertEqual(result.stdout, "")

    def test_no_engine_is_said_to_be_there(self):
        result = self.scan("nginx:1.25", "--engine-socket", os.path.join(self.new_folder(), "none.sock"), expect=3)
        self.assertIn("none.sock", result.stderr)

    def test_an_image_of_the_engine_is_read_by_its_name(self):
        asked = []

        class Answer(http.server.BaseHTTPRequestHandler):
            def address_string(self):
                return "unix"

            def log_message(self, *_):
                pass

            def do_GET(self):
                asked.append(self.path)
                known = self.path == "/images/example.org%2Fweb%3A1/get"
                body = docker_save() if known else b'{"message":"No such image"}'
                self.send_response(200 if known else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        path = os.path.join(self.new_folder(), "engine.sock")
        with socketserver.UnixStreamServer(path, Answer) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                answer = self.report("example.org/web:1", "--engine-socket", path)
                self.assertIn(("set-id", "/usr/bin/su"), self.found(answer))
                missing = self.scan("nonesuch", "--engine-socket", path, expect=2)
                self.assertIn("No such image", missing.stderr)
            finally:
                server.shutdown()
                thread.join()
        self.assertEqual(asked, ["/images/example.org%2Fweb%3A1/get", "/images/nonesuch/get"])

    def test_a_damaged_layer_is_no_pass(self):
        config, layers = parts(compress=True)
        for damaged in (layers[0][:len(layers[0]) // 2], b"\x04\x22\x4d\x18" + b"z" * 4000):
            names = ["a/layer.tar", "b/layer.tar"]
            manifest = json.dumps([{"Config": "c.json", "RepoTags": None, "Layers": names}]).encode()
            image = self.image(tar([(names[0], damaged, 0o644), (names[1], layers[1], 0o644), ("c.json", config, 0o644), ("manifest.json", manifest, 0o644)]))
            answer = self.report(image, expect=4)
            self.assertFalse(answer["complete"])
            self.assertIn("not-scanned", {rule for rule, _ in self.found(answer)})
            self.scan(image, "--fail-on", "high", expect=1)

    def test_names_of_a_hostile_image_are_harmless(self):
        layer = tar([("a\x1b[31m\nb", ELF, 0o4755), ("../../etc/passwd", b"x", 0o644), ("-rf", ELF, 0o4755),
                     ("link", b"", 0o644, {"type": tarfile.LNKTYPE, "linkname": "../../etc/shadow"})])
        config = json.dumps({"config": {"User": "web\n::error::x"}, "rootfs": {"diff_ids": [f"sha256:{digest(layer)}"]}}).encode()
        manifest = json.dumps([{"Config": "c.json", "RepoTags": ["x\x1b]0;y"], "Layers": ["l.tar"]}]).encode()
        image = self.image(tar([("l.tar", layer, 0o644), ("c.json", config, 0o644), ("manifest.json", manifest, 0o644)]))
        before = sorted(os.listdir(os.path.dirname(image)))
        for form in ("text", "json", "markdown", "sarif", "junit"):
            text = self.scan(image, "--format", form, "--recording", SERVER).stdout
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\n::error", text)
        self.assertEqual(sorted(os.listdir(os.path.dirname(image))), before)
        found = {rule for rule, _ in self.found(self.report(image))}
        self.assertLessEqual({"odd-name", "path-out-of-image", "link-out-of-image"}, found)
        self.assertEqual(self.report(image, "--recording", SERVER)["recording"]["remove_set_id"], "RUN chmod a-s -- /-rf")

    def test_damaged_bytes_end_in_an_answer_and_in_time(self):
        whole = docker_save()
        oci = tar([(name, data, 0o644) for name, data in oci_files()])
        chance = random.Random(20261129)
        begin = time.monotonic()
        for round_number in range(40):
            data = bytearray(chance.choice((whole, oci)))
            if round_number % 2:
                del data[chance.randrange(len(data)):]
            else:
                for _ in range(8):
                    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            result = self.syscarve("scan", self.image(bytes(data)), "--format", "json")
            self.assertIn(result.status, (0, 2, 4), result)
            if result.status == 2:
                self.assertIn("error", result.stderr)
            else:
                json.loads(result.stdout)
        self.assertLess(time.monotonic() - begin, 120)
