# SPDX-License-Identifier: Apache-2.0
"""Where `record` writes: what is left of a recording if its place is full, gone, or not writable."""

import fcntl
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import termios

from support import NOBODY, E2eTest, counts, load, names, shares, store, wait_until


@shares("kept")
class Output(E2eTest):
    def started(self, *options, **process_options):
        """A recording of a command that leaves a mark, so that a command which was started shows."""
        mark = os.path.join(self.new_folder(process_options.get("user")), "mark")
        result = self.syscarve("record", *options, "--", "/usr/bin/touch", mark, **process_options)
        return result, os.path.exists(mark)

    def test_missing_folder(self):
        result, started = self.started("-o", self.path("no/such/recording.json"))
        self.assertEqual((result.status, started), (125, False), result)
        self.assert_one_line_error(result, self.path("no/such"), "No such file or directory")

    def test_folder_of_somebody_else(self):
        folder = self.new_folder()
        result, started = self.started("-o", f"{folder}/recording.json", user=NOBODY)
        self.assertEqual((result.status, started), (125, False), result)
        self.assertIn("Permission denied", result.stderr)
        self.assertEqual(os.listdir(folder), [])

    def test_read_only_file_system(self):
        folder = self.new_folder()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", folder], check=True)
        try:
            result, started = self.started("-o", f"{folder}/recording.json")
        finally:
            subprocess.run(["umount", folder], check=True)
        self.assertEqual((result.status, started), (125, False), result)
        self.assert_one_line_error(result, "Read-only file system")

    def kept(self, stderr):
        """The recording that was kept elsewhere according to a message; removes the folder made for it."""
        path = re.search(r"the recording is kept in (\S+)", stderr)
        self.assertTrue(path, stderr)
        folder = os.path.dirname(path[1])
        self.assertRegex(folder, r"/syscarve-kept\.\w{6}$")
        self.addCleanup(shutil.rmtree, folder)
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(path[1]).st_mode), 0o600)
        return path[1]

    def test_full_disk(self):
        """The command itself fills the disk, so that it is full only when the recording is to be written."""
        folder = self.new_folder()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], check=True)
        try:
            output = f"{folder}/recording.json"
            with open(output, "w") as file:
                file.write("from before")
            result = self.syscarve("record", "-o", output, "--", "/bin/sh", "-c", f"cat /dev/zero > {folder}/filler; exit 0")
            self.assertEqual(result.status, 125, result)
            self.assertIn("No space left on device", result.stderr)
            kept = self.kept(result.stderr)
            self.assertEqual(os.path.basename(kept), "recording.json")
            self.assertEqual(counts(load(kept))["execve"], 2)
            self.assertEqual(sorted(os.listdir(folder)), ["filler", "recording.json"])
            with open(output) as file:
                self.assertEqual(file.read(), "from before")
        finally:
            subprocess.run(["umount", folder], check=True)

    def test_folder_that_goes_away(self):
        for backend in ("bpf", "notify"):
            folder = self.new_folder()
            result = self.syscarve("record", "--backend", backend, "-o", f"{folder}/mine.json", "--", "/bin/rm", "-r", folder)
            self.assertEqual(result.status, 125, result)
            kept = self.kept(result.stderr)
            self.assertEqual(os.path.basename(kept), "mine.json")
            self.assertIn("unlinkat", names(load(kept)))

    def test_file_system_that_becomes_read_only(self):
        folder = self.new_folder()
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
        try:
            result = self.syscarve("record", "-o", f"{folder}/r.json", "--", "/bin/mount", "-o", "remount,ro", folder)
            self.assertEqual(result.status, 125, result)
            self.assertIn("Read-only file system", result.stderr)
            self.assertIn("mount", "".join(names(load(self.kept(result.stderr)))))
            self.assertEqual(os.listdir(folder), [])
        finally:
            subprocess.run(["umount", folder], check=True)

    def test_file_size_limit(self):
        """A limit that may be lifted is, for the recorder alone; under one that may not be nothing is left half-written."""
        output = self.path("recording.json")
        soft = ["/bin/sh", "-c", 'ulimit -S -f 1; exec "$@"', "sh"]
        result = self.run_process([*soft, *self.command_line("record", "-q", "-o", output, "--", "/bin/sh", "-c", "ulimit -f")])
        self.assertEqual((result.status, result.stdout), (0, "1\n"), result)
        self.assertIn("execve", names(load(output)))
        os.unlink(output)
        before = set(glob.glob("/run/syscarve-kept.*") + glob.glob("/tmp/syscarve-kept.*"))
        hard = ["/usr/bin/setpriv", "--bounding-set", "-sys_resource", "/bin/sh", "-c", 'ulimit -f 1; exec "$@"', "sh"]
        result = self.run_process([*hard, *self.command_line("record", "-q", "-o", output, "--", "/bin/true")])
        self.assertEqual(result.status, 125, result)
        self.assert_one_line_error(result, output, "File too large", "it could not be kept elsewhere")
        self.assertFalse(os.path.exists(output))
        self.assertEqual(set(glob.glob("/run/syscarve-kept.*") + glob.glob("/tmp/syscarve-kept.*")), before)

    def test_pipe_without_a_reader(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        result, started = self.started("-o", pipe)
        self.assertEqual((result.status, started), (125, False), result)
        self.assert_one_line_error(result, pipe, "nobody reads from it")
        for verb in (["run", "-p", self.allow_all(), "--report", pipe, "--", "/bin/true"], ["convert", self.allow_all(), "--format", "oci", "-o", pipe]):
            result = self.syscarve(*verb)
            self.assertIn(result.status, (3, 125))
            self.assert_one_line_error(result, pipe, "nobody reads from it")

    def allow_all(self):
        return store({"defaultAction": "SCMP_ACT_ALLOW"}, self.path("profile.json"))

    def test_reader_that_does_not_read(self):
        """Ctrl-C ends the wait, and the recording is kept."""
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
        process = self.start(self.command_line("record", "-q", "-o", pipe, "--", "/bin/ls", "/"))
        pending = lambda: struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"    "))[0]
        wait_until(lambda: pending() == 4096, "the pipe is full")
        process.send_signal(signal.SIGINT)
        result = self.finish(process, timeout=20)
        self.assertEqual(result.status, 125, result)
        self.assertIn("getdents64", names(load(self.kept(result.stderr))))

    def test_sockets_and_folders_are_no_output(self):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self.path("socket"))
        listening.close()
        for path, word in ((self.path("socket"), "it is a socket"), (self.folder, "Is a directory")):
            result, started = self.started("-o", path)
            self.assertEqual((result.status, started), (125, False), result)
            self.assert_one_line_error(result, path, word)

    def test_belongs_to_who_called_sudo(self):
        entry = pwd.getpwnam(NOBODY)
        sudo = {"SUDO_UID": str(entry.pw_uid), "SUDO_GID": str(entry.pw_gid), "SUDO_USER": NOBODY, "SUDO_COMMAND": "syscarve"}
        folder = self.new_folder()
        for backend in ("bpf", "notify"):
            output = f"{folder}/{backend}.json"
            result = self.syscarve("record", "-q", "--backend", backend, "-o", output, "--", "/bin/true", env=sudo)
            self.assertEqual(result.status, 0, result)
            info = os.stat(output)
            self.assertEqual((info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)), (entry.pw_uid, entry.pw_gid, 0o640))
        gone = self.new_folder()
        result = self.syscarve("record", "-q", "--user", "root", "-o", f"{gone}/r.json", "--", "/bin/rm", "-r", gone, env=sudo)
        kept = self.kept(result.stderr)
        self.assertEqual((os.stat(kept).st_uid, os.stat(os.path.dirname(kept)).st_uid), (entry.pw_uid, entry.pw_uid))

    def test_is_not_for_everybody(self):
        output = self.path("recording.json")
        self.assertEqual(self.syscarve("record", "-q", "-o", output, "--", "/bin/true").status, 0)
        self.assertEqual(stat.S_IMODE(os.stat(output).st_mode), 0o640)

    def test_standard_output(self):
        result = self.syscarve("record", "-q", "-o", "-", "--", "/bin/true")
        self.assertEqual(result.status, 0, result)
        output = self.path("recording.json")
        with open(output, "w") as file:
            file.write(result.stdout)
        self.assertIn("execve", names(load(output)))

    def test_replaces_a_link_and_not_its_target(self):
        target = self.path("target")
        with open(target, "w") as file:
            file.write("untouched")
        link = self.path("recording.json")
        os.symlink(target, link)
        self.assertEqual(self.syscarve("record", "-o", link, "--", "/bin/true").status, 0)
        with open(target) as file:
            self.assertEqual(file.read(), "untouched")
        self.assertTrue(stat.S_ISREG(os.lstat(link).st_mode))
