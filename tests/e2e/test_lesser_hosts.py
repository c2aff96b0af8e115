# SPDX-License-Identifier: Apache-2.0
"""Hosts that lack a requirement of recording with BPF: each is reported, and nothing unfinished is left."""

import errno
import os

from support import E2eTest, load, store

# From the cheapest form of the programs to the one that needs most: docs/kernel-support.md.
FORMS = ("tp_btf", "tracepoint")


class LesserHost(E2eTest):
    def without_type_information(self, *arguments):
        """As on a kernel without BTF: in a mount namespace of its own, where the file that has it is empty."""
        script = 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"'
        return self.run_process(["unshare", "--mount", "sh", "-c", script, "sh", *self.command_line(*arguments)])

    def locked_down(self, level, *arguments):
        """As on a locked-down kernel: it reports the lockdown, and BPF is refused with the verifier's error."""
        rules = [{"names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EINVAL}]
        profile = store({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}, os.path.join(self.new_folder(), "profile.json"))
        script = ('mount -t tmpfs none /sys/kernel/security && echo "$1" > /sys/kernel/security/lockdown && chmod 444 /sys/kernel/security/lockdown'
                  ' && shift && exec "$@"')
        return self.run_process(["unshare", "--mount", "sh", "-c", script, "sh", level,
                                 *self.command_line("run", "-q", "--profile", profile, "--", *self.command_line(*arguments))])

    def refused(self, names, *arguments, form=None):
        """Where these calls are refused. What notification would need, a supervisor, is there already."""
        rules = [{"names": list(names), "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]
        profile = store({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}, os.path.join(self.new_folder(), "profile.json"))
        return self.syscarve("run", "-q", "--profile", profile, "--", *self.command_line(*arguments),
                             env={"SYSCARVE_ATTACH": form} if form else None)

    def test_no_type_information(self):
        result = self.without_type_information("doctor")
        self.assertEqual(result.status, 3, result)
        self.assertRegex(result.stdout, r"(?m)^MISSING kernel type information \(BTF\) .*\n +-> .*CONFIG_DEBUG_INFO_BTF=y")
        self.assertRegex(result.stdout, r"(?m)^MISSING BPF programs .*has no type information")

    def test_no_type_information_and_a_recording(self):
        output = os.path.join(self.new_folder(), "recording.json")
        result = self.without_type_information("record", "-o", output, "--", "true")
        self.assertEqual(result.status, 0, result)
        self.assertIn("by user notification", result.stderr)
        self.assertIn("this kernel has no type information (BTF", result.stderr)
        self.assertEqual(load(output)["method"]["backend"], "notify")

    def test_no_type_information_and_nothing_else_will_do(self):
        output = os.path.join(self.new_folder(), "recording.json")
        for arguments in (["--backend", "bpf", "--", "true"], ["--pid", str(os.getpid())]):
            result = self.without_type_information("record", *arguments, "-o", output)
            self.assertNotEqual(result.status, 0, result)
            self.assertIn("this kernel has no type information (BTF", result.stderr)
            self.assertIn("--backend notify works without", result.stderr)
            self.assertFalse(os.path.exists(output))

    def test_locked_down_for_confidentiality(self):
        result = self.locked_down("none integrity [confidentiality]", "doctor")
        self.assertEqual(result.status, 3, result)
        self.assertRegex(result.stdout, r"(?m)^MISSING BPF programs .*locked down for confidentiality.*\n +-> boot with lockdown=integrity")
        output = os.path.join(self.new_folder(), "recording.json")
        result = self.locked_down("none integrity [confidentiality]", "record", "--backend", "bpf", "-o", output, "--", "true")
        self.assertNotEqual(result.status, 0, result)
        self.assertIn("locked down for confidentiality", result.stderr)
        self.assertIn("--backend notify works without", result.stderr)
        self.assertFalse(os.path.exists(output))

    def test_another_level_of_lockdown_is_not_to_blame(self):
        result = self.locked_down("none [integrity] confidentiality", "doctor")
        self.assertEqual(result.status, 3, result)
        self.assertNotIn("locked down", result.stdout)

    def test_who_works_on_maps_is_not_preempted(self):
        """Where programs are skipped while another task is in the middle of that; what is recorded is as ever."""
        for form, policy in (("tp_btf", "SCHED_OTHER"), ("tracepoint", "SCHED_FIFO|SCHED_RESET_ON_FORK")):
            with self.subTest(form=form):
                output = os.path.join(self.new_folder(), "recording.json")
                result = self.syscarve("record", "-q", "-o", output, "--", "sh", "-c", "chrt -p $PPID; chrt -p $$",
                                       env={"SYSCARVE_ATTACH": form})
                self.assertEqual(result.status, 0, result)
                self.assertEqual([line.split(": ")[1] for line in result.stdout.splitlines() if "policy" in line],
                                 [policy, "SCHED_OTHER"], result)

    def test_one_call_refused(self):
        """What every form needs, and what only the second one does."""
        needed = {"bpf": FORMS, "perf_event_open": ("tracepoint",), "fsopen": ("tracepoint",)}
        for name, forms in needed.items():
            for form in FORMS:
                with self.subTest(name=name, form=form):
                    output = os.path.join(self.new_folder(), "recording.json")
                    result = self.refused([name], "record", "-q", "--backend", "bpf", "-o", output, "--", "true", form=form)
                    if form in forms:
                        self.assertNotEqual(result.status, 0, result)
                        self.assertIn("Operation not permitted", result.stderr)
                        self.assertIn("hint:", result.stderr)
                        self.assertFalse(os.path.exists(output))
                    else:
                        self.assertEqual(result.status, 0, result)
                        self.assertEqual(load(output)["method"]["attach"], form)
