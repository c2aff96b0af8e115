// SPDX-License-Identifier: Apache-2.0
// For each rule a profile that has the mistake, and one that nearly has.
#include "userspace/review/lint.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <set>

#include "tests/unit/seccomp/random_profiles.h"
#include "userspace/base/concat.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/review/lint_fix.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/shipped/names.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {
namespace {

// Line 1 is the brace, 2 the default, 3 the architectures; each entry has a line of its own from 5 on.
std::string Text(const std::vector<std::string>& entries, std::string_view action = "\"SCMP_ACT_ERRNO\"",
                 std::string_view architectures = "\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"") {
  std::string text =
      Concat("{\n  \"defaultAction\": ", action, ",\n  \"architectures\": [", architectures, "],\n  \"syscalls\": [\n");
  for (size_t i = 0; i < entries.size(); ++i) text += Concat("    ", entries[i], i + 1 < entries.size() ? ",\n" : "\n");
  return text + "  ]\n}\n";
}

std::string Allow(std::string_view names, std::string_view rest = "") {
  return Concat("{\"names\": [", names, "], \"action\": \"SCMP_ACT_ALLOW\"", rest, "}");
}

std::string When(std::string_view conditions) {
  return Concat(", \"args\": [", conditions, "]");
}

std::string Condition(unsigned index, std::string_view op, uint64_t value, uint64_t value_two = 0) {
  return Concat("{\"index\": ", index, ", \"value\": ", value, ", \"valueTwo\": ", value_two, ", \"op\": \"SCMP_CMP_",
                op, "\"}");
}

LintInput Input(const std::string& text) {
  LintInput input;
  input.target.native = Abi::kX86_64;
  absl::StatusOr<ProfileSource> source = ParseProfileSource(text);
  EXPECT_TRUE(source.ok()) << source.status() << text;
  if (source.ok()) input.source = *std::move(source);
  return input;
}

std::vector<LintFinding> FindingsOf(const LintInput& input, std::string_view rule) {
  absl::StatusOr<std::vector<LintFinding>> all = Lint(input);
  EXPECT_TRUE(all.ok()) << all.status();
  std::vector<LintFinding> found;
  for (const LintFinding& finding : all.value_or(std::vector<LintFinding>())) {
    if (finding.rule == rule) found.push_back(finding);
  }
  return found;
}

std::vector<LintFinding> FindingsOf(const std::string& text, std::string_view rule) {
  return FindingsOf(Input(text), rule);
}

// The one finding of `rule` in `text`.
LintFinding TheFinding(const std::string& text, std::string_view rule) {
  const std::vector<LintFinding> found = FindingsOf(text, rule);
  EXPECT_EQ(found.size(), 1U) << rule << text;
  return found.empty() ? LintFinding{} : found.front();
}

TEST(LintTest, EveryRuleHasItsTextAndAnIdOfItsOwn) {
  std::set<std::string_view> ids;
  for (const LintRule& rule : LintRules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_TRUE(rule.summary.ends_with('.') && rule.help.ends_with('.')) << rule.id;
  }
}

TEST(LintTest, UnknownName) {
  const LintFinding finding = TheFinding(Text({Allow("\"read\""), Allow("\"write\", \"pread\"")}), "unknown-name");
  EXPECT_EQ(finding.level, LintLevel::kError);
  EXPECT_EQ(finding.line, 6U);
  EXPECT_EQ(finding.identity, "pread");
  EXPECT_EQ(finding.fix, "Did you mean pread64?");
  EXPECT_EQ(finding.edits.size(), 1U);
  // Other architectures' calls are no mistakes.
  EXPECT_TRUE(
      FindingsOf(Text({Allow("\"pread64\", \"s390_pci_mmio_read\", \"arm_fadvise64_64\"")}), "unknown-name").empty());
}

TEST(LintTest, UnknownNameIsNotGuessed) {
  EXPECT_TRUE(TheFinding(Text({Allow("\"xyzzyplugh\"")}), "unknown-name").edits.empty());
  EXPECT_TRUE(TheFinding(Text({Allow("\"llseek\"")}), "unknown-name").edits.empty());  // lseek, _llseek
  EXPECT_TRUE(TheFinding(Text({Allow("\"pread\", \"pread64\"")}), "unknown-name").edits.empty());
  EXPECT_EQ(NearestSyscallNames("llseek").size(), 2U);
}

TEST(LintTest, UnknownToLibseccomp) {
  const std::span<const SyscallEntry> table = SyscallTable(Abi::kX86_64);
  const auto newest = std::ranges::find_if(
      table, [](const SyscallEntry& call) { return !LibseccompKnows(Abi::kX86_64, call.name) && call.nr > 400; });
  if (newest == table.end()) GTEST_SKIP() << "this libseccomp knows every call that we know";
  const std::string name = Concat("\"", newest->name, "\"");
  const LintFinding finding = TheFinding(Text({Allow(name)}), "unknown-to-libseccomp");
  EXPECT_EQ(finding.level, LintLevel::kWarning);
  EXPECT_EQ(finding.line, 5U);
  EXPECT_TRUE(FindingsOf(Text({Allow("\"read\"")}), "unknown-to-libseccomp").empty());
  // The default says the same.
  const std::string same = Concat("{\"names\": [", name, "], \"action\": \"SCMP_ACT_ERRNO\"}");
  EXPECT_TRUE(FindingsOf(Text({Allow("\"read\""), same}), "unknown-to-libseccomp").empty());
}

TEST(LintTest, EmptyNames) {
  const LintFinding finding = TheFinding(Text({Allow("\"read\""), Allow("")}), "empty-names");
  EXPECT_EQ(finding.line, 6U);
  EXPECT_TRUE(FindingsOf(Text({Allow("\"read\"")}), "empty-names").empty());
}

TEST(LintTest, SameAsDefault) {
  const std::string eperm = R"({"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1})";
  const LintFinding finding = TheFinding(Text({Allow("\"read\""), eperm}), "same-as-default");
  EXPECT_EQ(finding.level, LintLevel::kWarning);
  EXPECT_EQ(finding.line, 6U);
  EXPECT_EQ(finding.edits.size(), 1U);
  const std::string enosys = R"({"names": ["mount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38})";
  EXPECT_TRUE(FindingsOf(Text({Allow("\"read\""), enosys}), "same-as-default").empty());
  // An old Docker answers EPERM, whatever the default says: there the rule is needed.
  const std::string default_enosys = "\"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38";
  const LintFinding note = TheFinding(Text({Allow("\"read\""), enosys}, default_enosys), "same-as-default");
  EXPECT_EQ(note.level, LintLevel::kNote);
  EXPECT_TRUE(note.edits.empty());
}

TEST(LintTest, RepeatedIndex) {
  const std::string range = When(Condition(1, "GE", 3) + ", " + Condition(1, "LE", 5));
  EXPECT_EQ(TheFinding(Text({Allow("\"read\""), Allow("\"lseek\"", range)}), "repeated-index").line, 6U);
  const std::string two = When(Condition(1, "GE", 3) + ", " + Condition(2, "LE", 5));
  EXPECT_TRUE(FindingsOf(Text({Allow("\"lseek\"", two)}), "repeated-index").empty());
}

TEST(LintTest, NeverMatchesWhatContradictsItself) {
  const std::string impossible = When(Condition(1, "LT", 0));
  const LintFinding finding = TheFinding(Text({Allow("\"read\"", impossible)}), "never-matches");
  EXPECT_EQ(finding.line, 5U);
  EXPECT_EQ(finding.edits.size(), 1U);
  EXPECT_TRUE(FindingsOf(Text({Allow("\"read\"", When(Condition(1, "LE", 0)))}), "never-matches").empty());
  // Above 32 bits: possible on x86_64 only, and so never where only i386 is listed.
  const std::string high = Allow("\"read\"", When(Condition(1, "GT", 0xffffffff)));
  EXPECT_TRUE(FindingsOf(Text({high}), "never-matches").empty());
  EXPECT_EQ(FindingsOf(Text({high}, "\"SCMP_ACT_ERRNO\"", "\"SCMP_ARCH_X86\""), "never-matches").size(), 1U);
}

TEST(LintTest, NeverMatchesWhatAnotherRuleDecides) {
  const std::string some = Allow("\"write\", \"lseek\"", When(Condition(1, "EQ", 5)));
  const LintFinding finding = TheFinding(Text({some, Allow("\"read\", \"write\"")}), "never-matches");
  EXPECT_EQ(finding.line, 5U);
  EXPECT_EQ(finding.identity, "write");
  EXPECT_EQ(finding.edits, (std::vector<ProfileEdit>{{ProfileEdit::Kind::kRemoveName, 0, 0, ""}}));
  EXPECT_TRUE(FindingsOf(Text({some, Allow("\"read\"")}), "never-matches").empty());
  // The default's action is skipped, so it decides nothing.
  const std::string skipped = R"({"names": ["write"], "action": "SCMP_ACT_ERRNO"})";
  EXPECT_TRUE(FindingsOf(Text({some, skipped}), "never-matches").empty());
}

TEST(LintTest, DuplicateEntries) {
  const LintFinding finding = TheFinding(Text({Allow("\"read\""), Allow("\"write\", \"read\"")}), "duplicate-entries");
  EXPECT_EQ(finding.line, 6U);
  EXPECT_EQ(finding.identity, "read");
  EXPECT_EQ(FindingsOf(Text({Allow("\"read\", \"read\"")}), "duplicate-entries").size(), 1U);
  const auto when = [](uint64_t value) { return Allow("\"lseek\"", When(Condition(1, "EQ", value))); };
  EXPECT_EQ(FindingsOf(Text({when(1), when(1)}), "duplicate-entries").size(), 1U);
  EXPECT_TRUE(FindingsOf(Text({when(1), when(2)}), "duplicate-entries").empty());
}

TEST(LintTest, ConflictOfTwoAnswers) {
  const std::string log = R"({"names": ["write", "read"], "action": "SCMP_ACT_LOG"})";
  const LintFinding finding = TheFinding(Text({Allow("\"read\""), log}), "conflict");
  EXPECT_EQ(finding.line, 6U);
  EXPECT_EQ(finding.identity, "read");
  EXPECT_TRUE(FindingsOf(Text({Allow("\"openat\""), log}), "conflict").empty());
}

TEST(LintTest, ConflictOfOverlappingConditions) {
  const std::string log = R"({"names": ["lseek"], "action": "SCMP_ACT_LOG")";
  const std::string equal = log + When(Condition(1, "EQ", 9)) + "}";
  const std::string above = Allow("\"lseek\"", When(Condition(1, "GT", 8)));
  const LintFinding finding = TheFinding(Text({above, equal}), "conflict");
  EXPECT_EQ(finding.line, 6U);
  EXPECT_NE(finding.message.find("lseek(0, 9)"), std::string::npos) << finding.message;
  const std::string far_away = Allow("\"lseek\"", When(Condition(1, "GT", 9)));
  EXPECT_TRUE(FindingsOf(Text({far_away, equal}), "conflict").empty());
  // Another argument does not keep them apart.
  EXPECT_EQ(FindingsOf(Text({Allow("\"lseek\"", When(Condition(2, "EQ", 0))), equal}), "conflict").size(), 1U);
}

// Whether the installed libseccomp makes a filter of `text` that answers lseek(`arguments`) otherwise than it says.
bool IsCompiledWrongly(const std::string& text, const Arguments& arguments) {
  const LintInput input = Input(text);
  const absl::StatusOr<FilterProgram> program = Compile(input.source.profile);
  EXPECT_TRUE(program.ok()) << program.status();
  const SyscallId lseek = *FindSyscall(Abi::kX86_64, "lseek");
  seccomp_data data{.nr = lseek.nr, .arch = AUDIT_ARCH_X86_64};
  std::ranges::copy(arguments, data.args);
  return ActionFromReturn(Evaluate(*program, data)) != RuleEvaluator(input.source.profile).Decide(lseek, arguments);
}

TEST(LintTest, CompiledDiffersGivesAway) {
  const auto text = [](uint64_t above) {
    return Text(
        {Allow("\"read\""), Allow("\"write\", \"lseek\"", When(Condition(0, "GE", 3) + "," + Condition(2, "EQ", 1))),
         Allow("\"lseek\"", When(Condition(0, "GT", above) + "," + Condition(2, "EQ", 0)))},
        "\"SCMP_ACT_ERRNO\"", "\"SCMP_ARCH_X86_64\"");
  };
  if (!IsCompiledWrongly(text(0xffffffff), {3, 0, 0})) GTEST_SKIP() << "this libseccomp makes the right filter";
  const LintFinding finding = TheFinding(text(0xffffffff), "compiled-differs");
  EXPECT_EQ(finding.level, LintLevel::kWarning);
  EXPECT_EQ(finding.line, 6U);
  EXPECT_EQ(finding.identity, "lseek");
  EXPECT_EQ(finding.message,
            "For lseek(3, 0, 0) the profile's text has the action SCMP_ACT_ERRNO with errno 1, but libseccomp's "
            "filter has SCMP_ACT_ALLOW.");
  EXPECT_NE(finding.fix.find("syscalls[1] and syscalls[2]"), std::string::npos) << finding.fix;
  EXPECT_TRUE(finding.edits.empty());
  // With bounds of different upper halves the filter is right.
  EXPECT_FALSE(IsCompiledWrongly(text(0x100000000), {3, 0, 0}));
  EXPECT_TRUE(FindingsOf(text(0x100000000), "compiled-differs").empty());
}

TEST(LintTest, CompiledDiffersIsNotAboutConflicts) {
  // Both match 9, with different actions: the text does not determine which one libseccomp applies.
  const auto answers = [](std::string_view first, std::string_view second) {
    const auto entry = [](std::string_view action, std::string_view conditions) {
      return Concat("{\"names\": [\"lseek\"], \"action\": \"SCMP_ACT_", action, "\"", conditions, "}");
    };
    return Text({entry(first, When(Condition(1, "GT", 8))), entry(second, When(Condition(1, "EQ", 9)))});
  };
  for (const std::string& text : {answers("ALLOW", "LOG"), answers("LOG", "ALLOW")}) {
    EXPECT_EQ(FindingsOf(text, "conflict").size(), 1U);
    EXPECT_TRUE(FindingsOf(text, "compiled-differs").empty());
  }
}

TEST(LintTest, CompiledDiffersFindsNothingInRightFilters) {
  RandomProfiles profiles(11);
  for (int round = 0; round < 30; ++round) {
    LintInput input;
    input.target.native = Abi::kX86_64;
    input.source = SourceWithoutText(profiles.Next());
    const std::vector<LintFinding> found = FindingsOf(input, "compiled-differs");
    EXPECT_TRUE(found.empty()) << found.front().message;
  }
}

TEST(LintTest, WideComparisonThatIsPassedBy) {
  const LintFinding finding = TheFinding(Text({Allow("\"socket\"", When(Condition(0, "NE", 40)))}), "wide-equal");
  EXPECT_EQ(finding.level, LintLevel::kError);
  EXPECT_TRUE(finding.edits.empty());
  const std::string refused = R"({"names": ["ioctl"], "action": "SCMP_ACT_ERRNO")";
  const std::string allow_all = "\"SCMP_ACT_ALLOW\"";
  const std::string tiocsti = refused + When(Condition(1, "EQ", 0x5412)) + "}";
  const LintFinding deny = TheFinding(Text({tiocsti}, allow_all), "wide-equal");
  EXPECT_EQ(deny.level, LintLevel::kError);
  EXPECT_EQ(deny.line, 5U);
  EXPECT_EQ(deny.edits.size(), 1U);
  const std::string masked = refused + When(Condition(1, "MASKED_EQ", 0xffffffff, 0x5412)) + "}";
  EXPECT_TRUE(FindingsOf(Text({masked}, allow_all), "wide-equal").empty());
}

TEST(LintTest, WideComparisonThatRefusesTooMuch) {
  const LintFinding finding = TheFinding(Text({Allow("\"personality\"", When(Condition(0, "EQ", 8)))}), "wide-equal");
  EXPECT_EQ(finding.level, LintLevel::kWarning);
  EXPECT_EQ(finding.edits.size(), 1U);
  // lseek's offset has 64 bits, and i386 compares 32 anyway.
  EXPECT_TRUE(FindingsOf(Text({Allow("\"lseek\"", When(Condition(1, "EQ", 8)))}), "wide-equal").empty());
  EXPECT_TRUE(FindingsOf(Text({Allow("\"personality\"", When(Condition(0, "EQ", 8)))}, "\"SCMP_ACT_ERRNO\"",
                              "\"SCMP_ARCH_X86\""),
                         "wide-equal")
                  .empty());
  // Where not all names have such an argument, the entry cannot be mended for all.
  EXPECT_TRUE(
      TheFinding(Text({Allow("\"lseek\", \"socket\"", When(Condition(1, "EQ", 8)))}), "wide-equal").edits.empty());
}

TEST(LintTest, TruncatedValue) {
  const std::string high = Allow("\"lseek\"", When(Condition(1, "EQ", 0x100000000)));
  EXPECT_EQ(TheFinding(Text({high}), "truncated-value").line, 5U);
  EXPECT_TRUE(FindingsOf(Text({high}, "\"SCMP_ACT_ERRNO\"", "\"SCMP_ARCH_X86_64\""), "truncated-value").empty());
  EXPECT_TRUE(FindingsOf(Text({Allow("\"lseek\"", When(Condition(1, "EQ", 0xffffffff)))}), "truncated-value").empty());
}

TEST(LintTest, DangerousCall) {
  const LintFinding finding = TheFinding(Text({Allow("\"read\", \"ptrace\"")}), "dangerous-call");
  EXPECT_EQ(finding.identity, "ptrace");
  EXPECT_EQ(finding.line, 5U);
  EXPECT_TRUE(FindingsOf(Text({Allow("\"ptrace\"", ", \"comment\": \"strace in CI\"")}), "dangerous-call").empty());
  EXPECT_TRUE(FindingsOf(Text({Allow("\"ptrace\"", When(Condition(0, "EQ", 0)))}), "dangerous-call").empty());
  EXPECT_TRUE(FindingsOf(Text({Allow("\"read\", \"openat\", \"socket\"")}), "dangerous-call").empty());
}

TEST(LintTest, NamesOfOtherArchitecturesAreKnown) {
  const std::string text =
      Text({Allow("\"read\", \"riscv_hwprobe\", \"set_tls\", \"s390_pci_mmio_read\", \"spu_run\"")});
  EXPECT_TRUE(FindingsOf(text, "unknown-name").empty());
  EXPECT_TRUE(FindingsOf(text, "unknown-to-libseccomp").empty());
}

TEST(LintTest, Architectures) {
  const std::vector<std::string> entries = {Allow("\"read\"")};
  const std::vector<LintFinding> missing = FindingsOf(
      Text(entries, "\"SCMP_ACT_ERRNO\"", "\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_AARCH64\""), "missing-architecture");
  ASSERT_EQ(missing.size(), 2U);
  EXPECT_EQ(missing[0].identity, "i386");
  EXPECT_EQ(missing[0].level, LintLevel::kNote);
  EXPECT_EQ(missing[0].line, 3U);
  const std::string other = Text(entries, "\"SCMP_ACT_ERRNO\"", "\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"");
  EXPECT_EQ(TheFinding(other, "missing-architecture").level, LintLevel::kError);
  EXPECT_EQ(TheFinding(Text(entries, "\"SCMP_ACT_ERRNO\"", "\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_AARCH64\""),
                       "unneeded-architecture")
                .identity,
            "aarch64");
  const auto beside_x86 = [&](const std::string& token) {
    return TheFinding(Text(entries, "\"SCMP_ACT_ERRNO\"", "\"SCMP_ARCH_X86_64\", \"" + token + "\""),
                      "unneeded-architecture")
        .level;
  };
  EXPECT_EQ(beside_x86("SCMP_ARCH_PPC64LE"), LintLevel::kNote);
  EXPECT_EQ(beside_x86("SCMP_ARCH_S390X"), LintLevel::kError) << "another order of bytes";
  EXPECT_EQ(beside_x86("SCMP_ARCH_LOONGARCH64"),
            LibseccompHas(Abi::kLoongarch64) ? LintLevel::kNote : LintLevel::kWarning);
  EXPECT_TRUE(FindingsOf(Text(entries), "missing-architecture").empty());
  EXPECT_TRUE(FindingsOf(Text(entries), "unneeded-architecture").empty());
}

TEST(LintTest, EmptyAllowList) {
  EXPECT_EQ(TheFinding(Text({}), "empty-allow-list").level, LintLevel::kError);
  EXPECT_EQ(FindingsOf(Text({Allow("\"nosuchcall\"")}), "empty-allow-list").size(), 1U);
  EXPECT_TRUE(FindingsOf(Text({Allow("\"exit_group\"")}), "empty-allow-list").empty());
}

TEST(LintTest, PermissiveDefault) {
  EXPECT_EQ(TheFinding(Text({}, "\"SCMP_ACT_ALLOW\""), "permissive-default").line, 2U);
  EXPECT_EQ(FindingsOf(Text({}, "\"SCMP_ACT_LOG\""), "permissive-default").size(), 1U);
  EXPECT_TRUE(FindingsOf(Text({}, "\"SCMP_ACT_KILL_PROCESS\""), "permissive-default").empty());
}

TEST(LintTest, EpermForProbed) {
  const LintFinding finding = TheFinding(Text({Allow("\"read\"")}), "eperm-for-probed");
  EXPECT_EQ(finding.line, 2U);
  EXPECT_TRUE(
      FindingsOf(Text({Allow("\"read\"")}, "\"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38"), "eperm-for-probed").empty());
  EXPECT_TRUE(FindingsOf(Text({Allow("\"read\"")}, "\"SCMP_ACT_KILL_PROCESS\""), "eperm-for-probed").empty());
}

TEST(LintTest, Clone3NotEnosys) {
  const std::string filtered = Allow("\"clone\"", When(Condition(0, "MASKED_EQ", 0x7e020000)));
  EXPECT_EQ(TheFinding(Text({filtered}), "clone3-not-enosys").level, LintLevel::kWarning);
  EXPECT_EQ(TheFinding(Text({filtered, Allow("\"clone3\"")}), "clone3-not-enosys").level, LintLevel::kError);
  const std::string enosys = R"({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38})";
  EXPECT_TRUE(FindingsOf(Text({filtered, enosys}), "clone3-not-enosys").empty());
  EXPECT_TRUE(FindingsOf(Text({Allow("\"clone\", \"clone3\"")}), "clone3-not-enosys").empty());
}

TEST(LintTest, WhatNothingCanLiveUnderIsAnError) {
  const auto deadly = [](std::string_view names) {
    std::vector<std::string> calls;
    for (const LintFinding& finding : FindingsOf(Text({Allow(names)}), "deadly")) {
      EXPECT_EQ(finding.level, LintLevel::kError);
      calls.push_back(finding.identity);
    }
    return calls;
  };
  EXPECT_EQ(deadly("\"read\""), (std::vector<std::string>{"execve", "exit_group", "rt_sigreturn"}));
  EXPECT_EQ(deadly("\"execve\", \"exit_group\""), (std::vector<std::string>{"rt_sigreturn"}));
  EXPECT_TRUE(deadly("\"execve\", \"exit_group\", \"rt_sigreturn\"").empty());
  EXPECT_TRUE(FindingsOf(Text({}, "\"SCMP_ACT_ALLOW\""), "deadly").empty());
  EXPECT_EQ(FindingsOf(Text({"{\"names\": [\"exit_group\"], \"action\": \"SCMP_ACT_ERRNO\"}"}, "\"SCMP_ACT_ALLOW\""),
                       "deadly")
                .size(),
            1U);
}

TEST(LintTest, WhatLibseccompRefusesIsAnError) {
  // The value has no place in the 32 bits that i386 compares, and the second rule contradicts what is left of it.
  const std::string wide =
      "{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_LOG\"" + When(Condition(3, "LE", uint64_t{1} << 32)) + "}";
  const LintFinding finding = TheFinding(Text({wide, Allow("\"socket\"")}), "unloadable");
  EXPECT_EQ(finding.level, LintLevel::kError);
  EXPECT_NE(finding.message.find("socket"), std::string::npos) << finding.message;
  EXPECT_TRUE(FindingsOf(Text({Allow("\"socket\"")}), "unloadable").empty());
}

TEST(LintTest, WhatTheReaderPassesOver) {
  EXPECT_TRUE(TheFinding("\xef\xbb\xbf" + Text({}), "refused-by-runtimes").edits.size() == 1);
  EXPECT_EQ(TheFinding(Text({}).insert(1, "\"_comment\": \"\","), "unknown-field").level, LintLevel::kNote);
  EXPECT_EQ(TheFinding(Text({}).insert(1, "\"defaultActoin\": \"\","), "unknown-field").level, LintLevel::kWarning);
  EXPECT_NE(TheFinding(Text({Allow("\"read\"", ", \"errnoRet\": 1")}), "refused-by-runtimes").message.find("crun"),
            std::string::npos);
  EXPECT_EQ(TheFinding(Text({Allow("\"read\"", ", \"Comment\": \"\"")}), "read-differently").line, 5U);
}

TEST(LintTest, NotifyWhereRuntimesRefuseIt) {
  EXPECT_EQ(TheFinding(Text({Allow("\"read\"")}, "\"SCMP_ACT_NOTIFY\""), "notify-misuse").line, 2U);
  const auto notify = [](std::string_view names) {
    return Concat("{\"names\": [", names, "], \"action\": \"SCMP_ACT_NOTIFY\"}");
  };
  const auto heard = [](std::string text) { return text.insert(1, "\"listenerPath\": \"/run/agent.sock\","); };
  EXPECT_EQ(TheFinding(heard(Text({notify("\"mount\", \"write\"")})), "notify-misuse").line, 5U);
  EXPECT_TRUE(FindingsOf(heard(Text({notify("\"mount\"")})), "notify-misuse").empty());
  EXPECT_NE(TheFinding(Text({notify("\"mount\"")}), "notify-misuse").message.find("listenerPath"), std::string::npos);
  const LintFinding permissive = TheFinding(Text({}, "\"SCMP_ACT_NOTIFY\""), "permissive-default");
  EXPECT_NE(permissive.message.find("agent"), std::string::npos) << permissive.message;
}

TEST(LintTest, ErrnosThatNobodyMeans) {
  const auto refuse = [](int value) {
    return Concat("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": ", value, "}");
  };
  EXPECT_EQ(TheFinding(Text({refuse(0)}), "errno-zero").line, 5U);
  LintInput large = Input(Text({Allow("\"read\"")}));
  large.source.profile.default_action = {ActionKind::kErrno, 5000};
  EXPECT_EQ(FindingsOf(large, "errno-too-large").size(), 1U);
  EXPECT_TRUE(FindingsOf(Text({refuse(4095)}), "errno-too-large").empty());
}

// What a linter must come to an end with: the work is bounded by what it looks up once.
TEST(LintTest, ANameThousandsOfTimesIsOneFinding) {
  std::string names = "\"read\"";
  for (int i = 0; i < 2000; ++i) names += ", \"read\", \"nosuchcall\"";
  const std::vector<std::string> entries(2, Allow(names));
  EXPECT_LE(FindingsOf(Text(entries), "duplicate-entries").size(), 4U);
  EXPECT_LE(FindingsOf(Text(entries), "unknown-name").size(), 2U);
}

TEST(LintTest, MissingBaseline) {
  LintInput input = Input(Text({Allow("\"read\", \"execve\"")}));
  input.required = {{"runc 1.1.5", {"execve", "futex"}}};
  const std::vector<LintFinding> found = FindingsOf(input, "missing-baseline");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].message.find("futex"), std::string::npos);
  EXPECT_EQ(found[0].message.find("execve"), std::string::npos);
  input.required = {{"runc 1.1.5", {"execve"}}};
  EXPECT_TRUE(FindingsOf(input, "missing-baseline").empty());
}

TEST(LintTest, ProfilesWithoutTextHaveNoLines) {
  LintInput input;
  input.target.native = Abi::kX86_64;
  Profile profile{.default_action = {ActionKind::kErrno, EPERM}, .abis = {Abi::kX86_64}};
  profile.rules = {{.names = {"pread"}, .action = {ActionKind::kAllow, 0}}};
  input.source = SourceWithoutText(profile);
  const std::vector<LintFinding> found = FindingsOf(input, "unknown-name");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].line.has_value());
}

TEST(LintFixTest, MendsWhatIsSafeAndLeavesTheRestOfTheText) {
  const std::string text =
      Text({Allow("\"read\", \"pread\", \"read\""), Allow(""), R"({"names": ["mount"], "action": "SCMP_ACT_ERRNO"})",
            Allow("\"socket\"", When(Condition(0, "EQ", 2))), Allow("\"llseek\"")});
  const LintInput input = Input(text);
  const absl::StatusOr<std::vector<LintFinding>> findings = Lint(input);
  ASSERT_TRUE(findings.ok());
  const absl::StatusOr<FixedProfile> fixed = FixProfile(text, input, *findings);
  ASSERT_TRUE(fixed.ok()) << fixed.status();
  const std::string masked = R"({"index": 0, "value": 4294967295, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"})";
  EXPECT_EQ(fixed->text,
            Text({Allow("\"read\", \"pread64\""), Allow("\"socket\"", When(masked)), Allow("\"llseek\"")}));
  EXPECT_EQ(fixed->fixed.size(), 5U);
}

TEST(LintFixTest, KeepsWhatAnotherContainerNeeds) {
  // For this target the first entry makes the second one needless; for a container with fewer capabilities it does not.
  const std::string text = Text(
      {Allow("\"read\", \"mount\"", ", \"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}"), Allow("\"read\", \"write\"")});
  LintInput input;
  input.target = {.native = Abi::kX86_64, .capabilities = std::set<int>{*CapabilityFromName("CAP_SYS_ADMIN")}};
  const absl::StatusOr<ProfileSource> source = ParseProfileSource(text, input.target);
  ASSERT_TRUE(source.ok()) << source.status();
  input.source = *source;
  const std::vector<LintFinding> found = FindingsOf(input, "duplicate-entries");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].edits.empty());
  // Its capability is the reason for mount.
  EXPECT_TRUE(FindingsOf(input, "dangerous-call").empty());
  // An entry for others does nothing here, and is not without names.
  input.target.capabilities = std::set<int>{};
  input.source = *ParseProfileSource(text, input.target);
  EXPECT_TRUE(FindingsOf(input, "duplicate-entries").empty());
  EXPECT_TRUE(FindingsOf(input, "empty-names").empty());
}

TEST(LintFixTest, RefusesAnEditThatChangesWhatIsDecided) {
  const std::string text = Text({Allow("\"read\", \"write\"")});
  const LintInput input = Input(text);
  LintFinding wrong;
  wrong.edits = {{ProfileEdit::Kind::kRemoveName, 0, 1, ""}};
  EXPECT_EQ(FixProfile(text, input, std::vector{wrong}).status().code(), absl::StatusCode::kInternal);
  // A masked comparison may differ where the upper half is dirty, and nowhere else.
  const std::string equal = Text({Allow("\"socket\"", When(Condition(0, "EQ", 2)))});
  const LintInput other = Input(equal);
  LintFinding mask;
  mask.edits = {{ProfileEdit::Kind::kMaskCondition, 0, 0, ""}};
  EXPECT_TRUE(FixProfile(equal, other, std::vector{mask}).ok());
  const std::string high = Text({Allow("\"socket\"", When(Condition(0, "EQ", 0x100000002)))});
  EXPECT_FALSE(FixProfile(high, Input(high), std::vector{mask}).ok());
}

TEST(ArgumentSetsTest, ConditionsAgreeWithTheDecider) {
  std::mt19937_64 random(7);
  const uint64_t values[] = {0, 1, 2, 7, 0xffffffff, 0x100000000, 0x100000001, 0x1ffffffff, UINT64_MAX};
  const auto any = [&] { return values[random() % std::size(values)]; };
  for (int round = 0; round < 60; ++round) {
    ArgumentSets sets;
    std::vector<ArgumentCondition> conditions;
    for (unsigned index = 0; index < 2; ++index) {
      conditions.push_back({index, static_cast<CompareOp>(random() % 7), any(), any()});
    }
    Profile profile{.default_action = {ActionKind::kErrno, EPERM}, .abis = {Abi::kX86_64, Abi::kI386}};
    profile.rules = {{.names = {"read"}, .action = {ActionKind::kAllow, 0}, .conditions = conditions}};
    const RuleEvaluator decider(profile);
    for (const bool low_half : {false, true}) {
      const SyscallId id = *FindSyscall(low_half ? Abi::kI386 : Abi::kX86_64, "read");
      const ArgumentSets::Set set = sets.FromConditions(conditions, low_half);
      for (const uint64_t a : values) {
        for (const uint64_t b : values) {
          ArgumentSets::Set point = ArgumentSets::kAll;
          const ArgumentCondition here[] = {{0, CompareOp::kEqual, a}, {1, CompareOp::kEqual, b}};
          point = sets.FromConditions(here, false);
          EXPECT_EQ(sets.And(set, point) != ArgumentSets::kNone, decider.Decide(id, {a, b}).kind == ActionKind::kAllow);
        }
      }
    }
  }
}

TEST(NarrowArgumentsTest, NamesAreKnownAndTheUsualOnesAreThere) {
  const absl::StatusOr<const NarrowArguments*> narrow = ShippedNarrowArguments();
  ASSERT_TRUE(narrow.ok()) << narrow.status();
  for (const auto& [name, arguments] : **narrow) {
    EXPECT_TRUE(FindSyscall(Abi::kX86_64, name).has_value()) << name;
    EXPECT_FALSE(arguments.empty()) << name;
  }
  for (const std::string name : {"socket", "prctl", "ioctl", "fcntl", "setns", "personality", "keyctl", "clone"}) {
    EXPECT_TRUE((*narrow)->contains(name)) << name;
  }
  EXPECT_FALSE((*narrow)->at("lseek").contains(1));
  EXPECT_FALSE((*narrow)->contains("mprotect"));
}

}  // namespace
}  // namespace syscarve
