# SPDX-License-Identifier: Apache-2.0
"""Files that are no recordings or profiles: exit code 2, one clear sentence, no output touched, and never a crash."""

import copy
import json
import os

from support import E2eTest, load


class RefusedInput(E2eTest):
    needs_root = False
    needs_bpf = False

    def setUp(self):
        super().setUp()
        path = self.path("good.json")
        result = self.syscarve("record", "-q", "--backend", "notify", "-o", path, "--", "/bin/true")
        self.assertEqual(result.status, 0, result)
        self.good = load(path)

    def refused(self, content, *parts):
        """`content` is refused by every verb that reads a recording, and what was at the output path stays."""
        path = self.path("bad.json")
        if content is not None:
            with open(path, "wb") as file:
                file.write(content if isinstance(content, bytes) else json.dumps(content).encode())
        output = self.path("profile.json")
        with open(output, "w") as file:
            file.write("from before")
        for arguments in (["generate", path, "-o", output], ["explain", path]):
            result = self.syscarve(*arguments)
            self.assertEqual(result.status, 2, result)
            self.assert_one_line_error(result, path, *parts)
        with open(output) as file:
            self.assertEqual(file.read(), "from before")

    def changed(self, change):
        recording = copy.deepcopy(self.good)
        change(recording)
        return recording

    def test_good_is_not_refused(self):
        self.assertEqual(self.syscarve("generate", self.path("good.json")).status, 0)

    def test_missing_file(self):
        self.refused(None, "No such file or directory")

    def test_folder(self):
        result = self.syscarve("explain", self.folder)
        self.assertIn(result.status, (2, 3), result)
        self.assert_one_line_error(result, "Is a directory")
        # To generate, a folder is one of recordings.
        for output in ("-", self.path("profiles")):
            result = self.syscarve("generate", self.folder, "-o", output)
            self.assertEqual(result.status, 2, result)
            self.assert_one_line_error(result, "folder" if output == "-" else "*.recording.json")
        self.assertFalse(os.path.exists(self.path("profiles")))

    def test_empty(self):
        self.refused(b"")

    def test_truncated(self):
        text = json.dumps(self.good).encode()
        for length in (1, len(text) // 3, len(text) // 2, len(text) - 1):
            self.refused(text[:length])

    def test_garbage(self):
        self.refused(os.urandom(4096))
        self.refused(b"\x7fELF" + bytes(1000))
        self.refused(json.dumps(self.good).encode() + b"trailing")

    def test_not_utf8(self):
        self.refused(json.dumps(self.good).encode().replace(b'"default"', b'"\xff\xfe"'))

    def test_another_schema(self):
        for schema in ("syscarve.recording/6", "syscarve.recording/3 ", "something", "", 1, None):
            self.refused(self.changed(lambda recording: recording.update(schema=schema)), "schema")

    def test_other_json(self):
        for value in ([], {}, "text", 7, None, True):
            self.refused(value)

    def test_wrong_types(self):
        trace = lambda recording: recording["runs"][0]["subjects"][0]
        call = lambda recording: trace(recording)["calls"][0]
        for change, place in (
                (lambda r: r.update(runs={}), "runs"),
                (lambda r: r.update(host="here"), "host"),
                (lambda r: r.update(surprise=1), "surprise"),
                (lambda r: r.pop("method"), "method"),
                (lambda r: call(r).update(count="23"), "count"),
                (lambda r: call(r).update(count=-1), "count"),
                (lambda r: call(r).update(count=1.5), "count"),
                (lambda r: call(r).update(count=2**64), "count"),
                (lambda r: call(r).update(count=call(r)["count"] + 1), "calls[0]"),
                (lambda r: call(r).update(nr=2**40), "nr"),
                (lambda r: call(r).update(abi="z80"), "abi"),
                (lambda r: call(r).update(programs={"99": call(r)["count"]}), "programs"),
                (lambda r: trace(r)["calls"].append(call(r)), "calls"),
                (lambda r: trace(r).update(subject=7), "subject"),
                (lambda r: r["complete"].update(complete=False), "complete"),
                (lambda r: r["programs"][0].update(path="%zz"), "path")):
            self.refused(self.changed(change), place)

    def test_duplicate_keys(self):
        self.refused(json.dumps(self.good).encode().replace(b'{"schema"', b'{"schema": "syscarve.recording/2", "schema"', 1))

    def test_deep_nesting(self):
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            self.refused(opening * 5_000_000)
            self.refused(opening * 100_000 + b"1" + closing * 100_000)

    def test_huge_file(self):
        path = self.path("bad.json")
        with open(path, "wb") as file:
            file.truncate(2 << 30)
        self.refused(None, "larger than")
        with open(path, "r+b") as file:
            file.write(b'{"schema": "syscarve.recording/2", "host": "')
        self.refused(None, "larger than")

    def test_flood_of_values(self):
        self.refused(b"[" + b"0," * 20_000_000 + b"0]")

    def test_baseline(self):
        for content in (b"", b"{}", b'{"schema": "syscarve.baseline/9"}'):
            path = self.path("baseline.json")
            with open(path, "wb") as file:
                file.write(content)
            result = self.syscarve("generate", self.path("good.json"), "--baseline", path)
            self.assertEqual(result.status, 2, result)
            self.assert_one_line_error(result, path)

    def test_profile_for_run(self):
        """`run` returns the command's status, so its own failure is 125, and the command is not started."""
        mark = self.path("mark")
        for content in (b"", b"[]", b"[", b'{"defaultAction": "SCMP_ACT_MAYBE"}', json.dumps(self.good).encode(), b"[" * 1_000_000,
                        b'{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": "read", "action": "SCMP_ACT_ALLOW"}]}'):
            path = self.path("profile.json")
            with open(path, "wb") as file:
                file.write(content)
            result = self.syscarve("run", "--profile", path, "--", "/usr/bin/touch", mark)
            self.assertEqual(result.status, 125, result)
            self.assert_one_line_error(result, path)
            self.assertFalse(os.path.exists(mark))
