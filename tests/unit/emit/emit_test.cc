// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/emit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "tests/unit/actions.h"
#include "userspace/model/profile_json.h"
#include "userspace/seccomp/compile.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {
namespace {

Profile Example() {
  Profile profile{.default_action = {ActionKind::kErrno, 38}, .abis = {Abi::kX86_64}};
  profile.rules = {{.names = {"write", "read"}, .action = kAllowAction, .comment = "seen"},
                   {.names = {"read"}, .action = kAllowAction},
                   {.names = {"mount"}, .action = {ActionKind::kErrno, 1}, .comment = "refused"},
                   {.names = {"sync"}, .action = {ActionKind::kLog, 0}}};
  return profile;
}

Profile With(Action default_action, std::vector<Rule> rules) {
  return {.default_action = default_action, .abis = {Abi::kX86_64}, .rules = std::move(rules)};
}

EmitOptions Options() {
  return {.native = Abi::kX86_64};
}

Emitted Made(OutputFormat format, const Profile& profile, const EmitOptions& options = Options()) {
  const absl::StatusOr<Emitted> emitted = Emit(format, profile, options);
  EXPECT_TRUE(emitted.ok()) << emitted.status();
  return emitted.value_or(Emitted());
}

std::string RefusalOf(OutputFormat format, const Profile& profile, const EmitOptions& options = Options()) {
  const absl::StatusOr<Emitted> emitted = Emit(format, profile, options);
  EXPECT_FALSE(emitted.ok()) << emitted->text;
  EXPECT_TRUE(absl::IsInvalidArgument(emitted.status())) << emitted.status();
  return std::string(emitted.status().message());
}

bool Has(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

bool Warns(const Emitted& emitted, std::string_view words) {
  return std::ranges::any_of(emitted.warnings, [&](const std::string& warning) { return Has(warning, words); });
}

TEST(EmitTest, DockerReadsBackAsTheSameProfile) {
  const Emitted emitted = Made(OutputFormat::kDocker, Example());
  const absl::StatusOr<Profile> read = ParseProfile(emitted.text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Example());
  EXPECT_TRUE(emitted.warnings.empty());
}

TEST(EmitTest, OciHasNoComments) {
  const std::string text = Made(OutputFormat::kOci, Example()).text;
  EXPECT_FALSE(Has(text, "comment"));
  Profile plain = Example();
  for (Rule& rule : plain.rules) rule.comment.clear();
  const absl::StatusOr<Profile> read = ParseProfile(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, plain);
}

TEST(EmitTest, ARepeatedArgumentIsNotLeftToRunc) {
  const Profile profile = With(kEnosys, {{.names = {"lseek"},
                                          .action = kAllowAction,
                                          .conditions = {{.index = 1, .op = CompareOp::kGreater, .value = 2},
                                                         {.index = 1, .op = CompareOp::kLess, .value = 9}}}});
  for (const OutputFormat format : {OutputFormat::kDocker, OutputFormat::kOci, OutputFormat::kSpo}) {
    EXPECT_TRUE(Has(RefusalOf(format, profile), "lseek"));
  }
}

TEST(EmitTest, NamesAreTheAllowedOnesOncePerLine) {
  EXPECT_EQ(Made(OutputFormat::kNames, Example()).text, "read\nwrite\n");
  EXPECT_EQ(Made(OutputFormat::kNames, Profile{}).text, "");
  const Profile narrow =
      With(kEnosys, {{.names = {"read"}, .action = kAllowAction, .conditions = {{.index = 0, .value = 1}}}});
  EXPECT_TRUE(Warns(Made(OutputFormat::kNames, narrow), "some arguments only: read"));
}

TEST(EmitTest, FormatsHaveNames) {
  for (const OutputFormat format : kAllOutputFormats) {
    EXPECT_EQ(OutputFormatFromName(OutputFormatName(format)), format);
    EXPECT_TRUE(OutputFormatSuffix(format).starts_with('.'));
  }
  EXPECT_EQ(OutputFormatFromName("Docker"), std::nullopt);
}

TEST(EmitTest, BpfIsTheFilter) {
  const FilterProgram program = Compile(Example()).value();
  const std::string bytes = Made(OutputFormat::kBpf, Example()).text;
  ASSERT_EQ(bytes.size(), program.size() * sizeof(sock_filter));
  EXPECT_EQ(std::memcmp(bytes.data(), program.data(), bytes.size()), 0);
}

TEST(EmitTest, WhatIsLeftOutIsSaid) {
  Profile profile = Example();
  profile.flags = {"SECCOMP_FILTER_FLAG_LOG"};
  profile.rules.push_back({.names = {"no_such_call"}, .action = kAllowAction});
  for (const OutputFormat format :
       {OutputFormat::kSystemd, OutputFormat::kKafel, OutputFormat::kBpf, OutputFormat::kC}) {
    const Emitted emitted = Made(format, profile);
    EXPECT_TRUE(Warns(emitted, "SECCOMP_FILTER_FLAG_LOG")) << OutputFormatName(format);
    EXPECT_TRUE(Warns(emitted, "no_such_call")) << OutputFormatName(format);
  }
}

TEST(EmitTest, FormatsForOneArchitectureNeedIt) {
  Profile profile = Example();
  profile.abis = {Abi::kAarch64};
  for (const OutputFormat format : {OutputFormat::kSystemd, OutputFormat::kKafel, OutputFormat::kMinijail}) {
    EXPECT_TRUE(Has(RefusalOf(format, profile), "aarch64")) << OutputFormatName(format);
  }
}

TEST(EmitTest, HostileNamesBecomeHarmless) {
  EmitOptions options = Options();
  options.name = "9; }\n\x1b[2J\"*/ #define x";
  EXPECT_TRUE(Has(Made(OutputFormat::kC, Example(), options).text,
                  "static const struct sock_filter p9______2J_____define_x_filter[] = {"));
  EXPECT_TRUE(Has(Made(OutputFormat::kKafel, Example(), options).text, "POLICY p9______2J_____define_x_policy {"));
  const Emitted spo = Made(OutputFormat::kSpo, Example(), options);
  EXPECT_TRUE(Has(spo.text, "\n  name: \"9------2j-----define-x\"\n")) << spo.text;
  EXPECT_TRUE(Warns(spo, "is no name of a Kubernetes object"));
  options.name = "..--..";
  EXPECT_TRUE(Has(Made(OutputFormat::kSpo, Example(), options).text, "\n  name: profile\n"));
  options.name = "a-.-.b..c-";
  EXPECT_TRUE(Has(Made(OutputFormat::kSpo, Example(), options).text, "\n  name: a.b.c\n"));
  options.name = std::string(1000, 'x');
  EXPECT_TRUE(Has(Made(OutputFormat::kC, Example(), options).text, " " + std::string(64, 'x') + "_filter[]"));
}

TEST(SpoTest, HostileTextsAreQuotedOrRefused) {
  Profile profile = Example();
  profile.rules[0].comment = "seen\n- action: SCMP_ACT_ALLOW";
  profile.rules[0].names = {"read", "x: y", "- z", "null"};
  const std::string text = Made(OutputFormat::kSpo, profile).text;
  EXPECT_TRUE(Has(text, "    # seen\\n- action: SCMP_ACT_ALLOW\n"));
  EXPECT_TRUE(Has(text, "        - \"x: y\"\n        - \"- z\"\n        - \"null\"\n"));
  profile.rules[0].names = {
      "re\x1b"
      "ad"};
  EXPECT_NE(RefusalOf(OutputFormat::kSpo, profile), "");
}

TEST(SpoTest, ADefaultErrnoIsSaidByRules) {
  const Emitted emitted = Made(OutputFormat::kSpo, Example());
  EXPECT_FALSE(Has(emitted.text, "defaultErrnoRet"));
  // EPERM is what a runtime answers by default, so mount needs no rule, and what the profile leaves to its default
  // does.
  EXPECT_FALSE(Has(emitted.text, "- mount\n"));
  EXPECT_TRUE(Has(emitted.text, "errnoRet: 38\n"));
  EXPECT_TRUE(Has(emitted.text, "- clone3\n"));
  EXPECT_TRUE(Warns(emitted, "no errno for its default"));
  Profile eperm = Example();
  eperm.default_action.value = EPERM;
  EXPECT_TRUE(Made(OutputFormat::kSpo, eperm).warnings.empty());
}

TEST(SpoTest, ValuesThatAreNotSignedAreRefused) {
  const auto profile = [](uint64_t value) {
    return With({ActionKind::kErrno, EPERM},
                {{.names = {"read"}, .action = kAllowAction, .conditions = {{.index = 2, .value = value}}}});
  };
  EXPECT_TRUE(Has(Made(OutputFormat::kSpo, profile(INT64_MAX)).text, "value: 9223372036854775807\n"));
  EXPECT_TRUE(Has(RefusalOf(OutputFormat::kSpo, profile(uint64_t{1} << 63)), "read"));
}

TEST(SpoTest, BaseProfilesAreNames) {
  EmitOptions options = Options();
  for (const char* good : {"runc-v1.4.2", "oci://ghcr.io/x/y:1"}) {
    options.base_profile = good;
    EXPECT_TRUE(Has(Made(OutputFormat::kSpo, Example(), options).text, "baseProfileName: ")) << good;
  }
  for (const char* bad : {"oci://", "Runc", "a b", "-x", "x\ny"}) {
    options.base_profile = bad;
    EXPECT_NE(RefusalOf(OutputFormat::kSpo, Example(), options), "");
  }
}

TEST(SystemdTest, TheRefusedOfTheDefaultSetAreTakenOut) {
  const std::string text = Made(OutputFormat::kSystemd, Example()).text;
  EXPECT_TRUE(Has(text, "\nSystemCallFilter=read sync write\n")) << text;
  EXPECT_TRUE(Has(text, "SystemCallFilter=~arch_prctl brk ")) << text;
  EXPECT_TRUE(Has(text, "SystemCallFilter=~mount:EPERM\nSystemCallErrorNumber=ENOSYS\nSystemCallLog=sync\n")) << text;
  EXPECT_TRUE(Has(text, "SystemCallArchitectures=x86-64\n"));
  EXPECT_TRUE(Warns(Made(OutputFormat::kSystemd, Example()), "execve"));
}

TEST(SystemdTest, SetsAreUsedWhereTheyFitExactly) {
  const std::vector<SystemdSet>* const sets = ShippedSystemdSets().value();
  const auto aio = std::ranges::find(*sets, "@aio", &SystemdSet::name);
  Rule rule{.names = {aio->names.begin(), aio->names.end()}, .action = kAllowAction};
  rule.names.emplace_back("execve");
  EmitOptions options = Options();
  options.systemd_sets = true;
  const Emitted whole = Made(OutputFormat::kSystemd, With(kEnosys, {rule}), options);
  EXPECT_TRUE(Has(whole.text, "\nSystemCallFilter=@aio execve\n")) << whole.text;
  // Whatever another version's set holds, known calls are refused.
  EXPECT_TRUE(Has(whole.text, " chmod "));
  EXPECT_TRUE(Warns(whole, "systemd 252"));
  std::erase(rule.names, "io_submit");
  EXPECT_FALSE(Has(Made(OutputFormat::kSystemd, With(kEnosys, {rule}), options).text, "@aio"));
}

TEST(SystemdTest, ADenyListIsOne) {
  const Profile profile = With(kAllowAction, {{.names = {"mount"}, .action = {ActionKind::kErrno, 1}},
                                              {.names = {"swapon"}, .action = {ActionKind::kTrap, 0}},
                                              {.names = {"sync"}, .action = {ActionKind::kLog, 0}}});
  const Emitted emitted = Made(OutputFormat::kSystemd, profile);
  EXPECT_TRUE(Has(emitted.text, "\nSystemCallFilter=~mount:EPERM swapon:kill\nSystemCallLog=sync\n")) << emitted.text;
  EXPECT_TRUE(Warns(emitted, "instead of SIGSYS: swapon"));
  const Profile log = With({ActionKind::kLog, 0}, {{.names = {"read"}, .action = kAllowAction}});
  EXPECT_TRUE(Has(Made(OutputFormat::kSystemd, log).text, "\nSystemCallLog=~read\n"));
}

TEST(SystemdTest, ConditionsAreRefused) {
  const Profile profile =
      With(kEnosys, {{.names = {"personality"}, .action = kAllowAction, .conditions = {{.index = 0, .value = 8}}},
                     {.names = {"read"}, .action = kAllowAction}});
  EXPECT_TRUE(Has(RefusalOf(OutputFormat::kSystemd, profile), "personality"));
  EmitOptions options = Options();
  options.stricter = true;
  const Emitted emitted = Made(OutputFormat::kSystemd, profile, options);
  EXPECT_TRUE(Has(emitted.text, "\nSystemCallFilter=read\n"));
  EXPECT_TRUE(Warns(emitted, "personality"));
}

TEST(SystemdTest, CapabilitiesBecomeTheBoundingSet) {
  EmitOptions options = Options();
  options.capabilities.emplace();
  EXPECT_TRUE(Has(Made(OutputFormat::kSystemd, Example(), options).text, "\nCapabilityBoundingSet=\n"));
  options.capabilities = {"CAP_CHOWN"};
  EXPECT_TRUE(Has(Made(OutputFormat::kSystemd, Example(), options).text,
                  "\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_CHOWN\n"));
  EXPECT_FALSE(Has(Made(OutputFormat::kSystemd, Example()).text, "Capability"));
}

TEST(EmitTest, CallsThatFiltersAreNotAskedAboutAreSaidToBeLeftOut) {
  const Profile profile =
      With({ActionKind::kKillProcess, 0}, {{.names = {"read", "uretprobe"}, .action = kAllowAction}});
  for (const OutputFormat format : {OutputFormat::kMinijail, OutputFormat::kKafel, OutputFormat::kSystemd}) {
    const Emitted emitted = Made(format, profile);
    EXPECT_FALSE(Has(emitted.text, "uretprobe"));
    EXPECT_TRUE(Warns(emitted, "calls left out, because the kernel applies no filter to them"));
  }
}

TEST(MinijailTest, ConditionsAreExact) {
  const auto line = [](const ArgumentCondition& condition) {
    const Profile profile =
        With({ActionKind::kKillProcess, 0}, {{.names = {"ioctl"}, .action = kAllowAction, .conditions = {condition}}});
    const std::string text = Made(OutputFormat::kMinijail, profile).text;
    return text.substr(text.find('\n') + 1);
  };
  EXPECT_EQ(line({1, CompareOp::kEqual, 0x5401}), "ioctl: arg1 == 0x5401\n");
  EXPECT_EQ(line({1, CompareOp::kMaskedEqual, 0xf0, 0}), "ioctl: arg1 in ~0xf0\n");
  EXPECT_EQ(line({1, CompareOp::kMaskedEqual, 0x7, 0x5}), "ioctl: arg1 in ~0x2 && arg1 & 0x1 && arg1 & 0x4\n");
}

// As of prctl's option, of which the kernel reads the low half only: no two of them make one mask.
TEST(MinijailTest, ManyValuesOfALowHalfAreWritten) {
  std::vector<Rule> rules;
  for (uint64_t value = 0; value < 64; ++value) {
    if (std::popcount(value) % 2 != 0) continue;
    rules.push_back(
        {.names = {"prctl"}, .action = kAllowAction, .conditions = {{0, CompareOp::kMaskedEqual, 0xffffffff, value}}});
  }
  const std::string text = Made(OutputFormat::kMinijail, With(kEnosys, rules)).text;
  EXPECT_TRUE(Has(text, " || arg0 in ~0xfffffffc && arg0 & 0x1 && arg0 & 0x2 || ")) << text;
  EXPECT_EQ(std::ranges::count(text, '|'), 2 * 31) << text;
}

TEST(MinijailTest, ADefaultIsAKill) {
  const Emitted emitted = Made(OutputFormat::kMinijail, With(kEnosys, {{.names = {"read"}, .action = kAllowAction}}));
  EXPECT_TRUE(Has(emitted.text, "\nread: 1\nwrite: return ENOSYS\n"));
  EXPECT_TRUE(Warns(emitted, "are killed"));
  EXPECT_NE(RefusalOf(OutputFormat::kMinijail, With(kAllowAction, {})), "");
  EXPECT_NE(RefusalOf(OutputFormat::kMinijail, Example()), "");  // sync is logged.
}

// The two that read such policies take "condition; return ERRNO" in opposite ways.
TEST(MinijailTest, TheCompilerHasItsOwnFormForWhatIsRefusedOtherwise) {
  const Profile profile =
      With({ActionKind::kErrno, 1},
           {{.names = {"clone"}, .action = kAllowAction, .conditions = {{0, CompareOp::kMaskedEqual, 0x7e020000, 0}}}});
  EXPECT_TRUE(Has(Made(OutputFormat::kMinijail, profile).text, "\nclone: arg0 in ~0x7e020000; return EPERM\n"));
  EXPECT_TRUE(
      Has(Made(OutputFormat::kMinijailCompiler, profile).text, "\nclone: { arg0 in ~0x7e020000, return EPERM }\n"));
  const Profile killing =
      With({ActionKind::kKillProcess, 0},
           {{.names = {"ioctl"}, .action = kAllowAction, .conditions = {{1, CompareOp::kEqual, 1}}}});
  EXPECT_TRUE(Has(Made(OutputFormat::kMinijailCompiler, killing).text, "\nioctl: arg1 == 0x1\n"));
}

TEST(MinijailTest, NamesNewerThanTheTargetAreLeftOut) {
  const Profile profile =
      With({ActionKind::kErrno, 1}, {{.names = {"read", "openat2", "cachestat"}, .action = kAllowAction}});
  EXPECT_TRUE(Warns(Made(OutputFormat::kMinijail, profile), "refuses as a whole: cachestat"));
  EmitOptions options = Options();
  options.kernel = KernelVersion{5, 10};
  const Emitted emitted = Made(OutputFormat::kMinijail, profile, options);
  EXPECT_TRUE(Has(emitted.text, "\nopenat2: 1\n"));
  EXPECT_FALSE(Has(emitted.text, "cachestat"));
  EXPECT_FALSE(Has(emitted.text, "landlock_"));
  EXPECT_TRUE(Warns(emitted, "newer than Linux 5.10"));
  EXPECT_FALSE(Warns(emitted, "refuses as a whole"));
}

TEST(KafelTest, DefaultThatLetsThroughNeedsX32) {
  Profile profile = With(kAllowAction, {{.names = {"mount"}, .action = {ActionKind::kErrno, 1}}});
  EXPECT_TRUE(Has(RefusalOf(OutputFormat::kKafel, profile), "x32"));
  profile.abis = {Abi::kX86_64, Abi::kX32};
  // x32 has its own number for it, and what the policy does not number is let through.
  EXPECT_TRUE(Has(Made(OutputFormat::kKafel, profile).text, "ERRNO(1) {\n    mount,\n    SYSCALL[1073741989]\n  }"));
}

TEST(KafelTest, OtherArchitecturesAreSaidToBeRefused) {
  Profile profile = Example();
  profile.abis = {Abi::kX86_64, Abi::kI386};
  EXPECT_TRUE(Warns(Made(OutputFormat::kKafel, profile), "calls of i386"));
}

}  // namespace
}  // namespace syscarve
