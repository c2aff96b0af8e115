# SPDX-License-Identifier: Apache-2.0
"""`subset`, and `merge` of profiles: by meaning, with a counterexample, and never looser than requested."""

import json

from support import E2eTest, load, store

ALLOW = "SCMP_ACT_ALLOW"


def rule(name, *args, action=ALLOW):
    """`args` are (index, operator, value)."""
    entry = {"names": [name], "action": action}
    if args:
        entry["args"] = [{"index": index, "op": f"SCMP_CMP_{op}", "value": value} for index, op, value in args]
    return entry


class Algebra(E2eTest):
    needs_root = False
    needs_bpf = False

    def profile(self, file, *rules, default="SCMP_ACT_ERRNO", architectures=("SCMP_ARCH_X86_64",), **more):
        content = {"defaultAction": default, "architectures": list(architectures), "syscalls": list(rules), **more}
        return store(content, self.path(file))

    def subset(self, *arguments, expect, **options):
        result = self.syscarve("subset", "--arch", "x86_64", *arguments, **options)
        self.assertEqual(result.status, expect, result)
        return result

    def merged(self, *arguments, expect=0):
        output = self.path("merged.json")
        result = self.syscarve("merge", "--arch", "x86_64", *arguments, "-o", output)
        self.assertEqual(result.status, expect, result)
        return (output, result) if expect == 0 else result


class Subset(Algebra):
    def test_yes(self):
        small = self.profile("small.json", rule("read"))
        large = self.profile("large.json", rule("read"), rule("write"))
        self.assertRegex(self.subset(small, large, expect=0).stdout, r"\Ayes: .*small\.json .*large\.json")

    def test_no_shows_a_call_by_name(self):
        small = self.profile("small.json", rule("read"))
        large = self.profile("large.json", rule("read"), rule("openat"))
        result = self.subset(large, small, expect=1)
        self.assertIn("openat (x86_64, number 257)\n  with any arguments", result.stdout)
        self.assertIn("large.json: allowed\n", result.stdout)
        self.assertIn("small.json: refused with EPERM\n", result.stdout)

    def test_the_private_calls_of_arm(self):
        arm = ("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM")
        narrow = self.profile("narrow.json", rule("read"), architectures=arm)
        wide = self.profile("wide.json", rule("read"), rule("cacheflush"), architectures=arm)
        result = self.syscarve("subset", "--arch", "aarch64", wide, narrow)
        self.assertEqual(result.status, 1, result)
        self.assertIn("cacheflush (arm, number 983042)", result.stdout)
        self.assertEqual(self.syscarve("diff", "--arch", "aarch64", narrow, wide).status, 1)
        output = self.path("merged.json")
        self.assertEqual(self.syscarve("merge", "--union", "--arch", "aarch64", wide, narrow, "-o", output).status, 0)
        self.assertIn("cacheflush", load(output)["syscalls"][0]["names"])

    def test_architectures_of_every_kind(self):
        for arch, token in (("s390x", "S390X"), ("mipsel64", "MIPSEL64"), ("loongarch64", "LOONGARCH64"), ("sheb", "SHEB")):
            architectures = (f"SCMP_ARCH_{token}",)
            small = self.profile("small.json", rule("read"), architectures=architectures)
            large = self.profile("large.json", rule("read", (0, "LT", 1 << 33)), rule("mseal"), architectures=architectures)
            self.assertEqual(self.syscarve("subset", "--arch", arch, large, small).status, 1, arch)
            self.assertEqual(self.syscarve("subset", "--arch", arch, small, small).status, 0, arch)

    def test_uretprobe_where_the_kernel_asks_filters_about_it(self):
        without = self.profile("without.json", rule("read"))
        allowed = self.profile("allowed.json", rule("read"), rule("uretprobe"))
        self.subset(allowed, without, "--kernel", "6.14", expect=0)
        answer = self.subset(allowed, without, "--kernel", "6.12", expect=1)
        self.assertIn("uretprobe (x86_64, number 335)", answer.stdout)
        self.assertEqual(self.syscarve("diff", "--arch", "x86_64", without, allowed, "--kernel", "6.11").status, 1)

    def test_arguments_of_64_bits(self):
        # Equal in the low halves.
        narrow = self.profile("narrow.json", rule("ioctl", (1, "EQ", 0x100005401)))
        other = self.profile("other.json", rule("ioctl", (1, "EQ", 0x5401)))
        answer = json.loads(self.subset(narrow, other, "--format", "json", expect=1).stdout)
        self.assertEqual(answer["schema"], "syscarve.subset/1")
        example = answer["counterexample"]
        self.assertEqual((example["name"], example["abi"], example["arguments"][1]), ("ioctl", "x86_64", "0x100005401"))
        self.assertEqual(example["left"], {"action": ALLOW})
        self.assertEqual(example["right"], {"action": "SCMP_ACT_ERRNO", "errno": "EPERM"})

    def test_spelling_does_not_matter(self):
        one = self.profile("one.json", rule("lseek", (2, "LE", 1)))
        other = self.profile("other.json", rule("lseek", (2, "EQ", 0)), rule("lseek", (2, "EQ", 1)))
        self.subset(one, other, expect=0)
        self.subset(other, one, expect=0)

    def test_an_abi_that_only_one_serves(self):
        plain = self.profile("plain.json", rule("read"))
        both = self.profile("both.json", rule("read"), architectures=("SCMP_ARCH_X86_64", "SCMP_ARCH_X86"))
        self.assertIn("read (i386, number 3)", self.subset(both, plain, expect=1).stdout)
        self.subset(plain, both, expect=0)

    def test_quiet_and_bad_input(self):
        small = self.profile("small.json", rule("read"))
        large = self.profile("large.json", rule("read"), rule("write"))
        result = self.subset(large, small, "-q", expect=1)
        self.assertEqual((result.stdout, result.stderr), ("", ""))
        with open(small, "rb") as file:
            self.subset("-", large, expect=0, stdin=file.read())
        self.assert_one_line_error(self.subset("-", "-", expect=2), "standard input")
        self.assert_one_line_error(self.subset(small, self.path("missing.json"), expect=2), "missing.json")

    def test_hostile_names_stay_off_the_terminal(self):
        hostile = self.profile("\x1b[2J\nyes: x.json", rule("read"))
        result = self.subset(hostile, self.profile("none.json"), expect=1)
        self.assertNotIn("\x1b", result.stdout)
        self.assertNotIn("\nyes", result.stdout)


class MergeProfiles(Algebra):
    def test_profiles_need_a_way(self):
        one = self.profile("one.json", rule("read"))
        result = self.merged(one, one, expect=2)
        self.assert_one_line_error(result, "one.json is a profile", "--union", "--intersect")

    def test_a_union_does_not_join_conditions(self):
        one = self.profile("one.json", rule("ioctl", (1, "EQ", 1)))
        two = self.profile("two.json", rule("ioctl", (2, "EQ", 2)))
        union, _ = self.merged(one, two, "--union", "--exact")
        for part in (one, two):
            self.subset(part, union, expect=0)
        conditions = [entry["args"] for entry in load(union)["syscalls"]]
        self.assertEqual([len(args) for args in conditions], [1, 1], "conditions that must not both hold")

    def test_an_intersection_is_below_both(self):
        one = self.profile("one.json", rule("ioctl", (1, "EQ", 1)), rule("read"), rule("write"))
        two = self.profile("two.json", rule("ioctl", (2, "EQ", 2)), rule("read"), rule("openat"))
        both, _ = self.merged(one, two, "--intersect", "--exact")
        for part in (one, two):
            self.subset(both, part, expect=0)
        self.assertEqual({name for entry in load(both)["syscalls"] for name in entry["names"]}, {"ioctl", "read"})

    def test_one_profile_gets_its_normal_form(self):
        first = self.profile("first.json", rule("write"), rule("read"), rule("read"))
        second = self.profile("second.json", rule("read"), rule("write", (0, "GE", 0)))
        texts = []
        for profile in (first, second):
            output, _ = self.merged(profile, "--union")
            with open(output, "rb") as file:
                texts.append(file.read())
        self.assertEqual(texts[0], texts[1])

    def test_what_cannot_be_said_is_refused_with_exact(self):
        # A rule applies to every ABI by name.
        wide = self.profile("wide.json", rule("read"), rule("write"), architectures=("SCMP_ARCH_X86_64",))
        compat = self.profile("compat.json", rule("read"), architectures=("SCMP_ARCH_X86",))
        result = self.merged(wide, compat, "--union", "--exact", expect=1)
        self.assert_one_line_error(result, "the union", "write")
        union, result = self.merged(wide, compat, "--union")
        self.assertRegex(result.stderr, "less strict .*: .*write")
        for part in (wide, compat):
            self.subset(part, union, expect=0)
        # On i386 neither lets write through, but the union must on x86_64; nothing else is widened.
        allowed = {name for entry in load(union)["syscalls"] if entry["action"] == ALLOW for name in entry["names"]}
        self.assertEqual(allowed, {"read", "write"})

    def test_flags_that_are_not_common_are_left_out(self):
        logged = self.profile("logged.json", rule("read"), flags=["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"])
        plain = self.profile("plain.json", rule("read"), flags=["SECCOMP_FILTER_FLAG_TSYNC"])
        output, result = self.merged(logged, plain, "--intersect")
        self.assertEqual(load(output)["flags"], ["SECCOMP_FILTER_FLAG_TSYNC"])
        self.assertIn("SECCOMP_FILTER_FLAG_LOG", result.stderr)
