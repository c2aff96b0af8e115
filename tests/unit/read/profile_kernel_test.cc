// SPDX-License-Identifier: Apache-2.0
// What is read of conditional profiles against the kernel: children load the filter, with "allow" turned into an errno
// of its own so that nothing is ever executed, and ask about every number of both ABIs.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/seccomp/kernel_calls.h"
#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/profile_reader.h"
#include "userspace/seccomp/algebra.h"
#include "userspace/seccomp/decompile.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"

#if defined(__x86_64__)

namespace syscarve {
namespace {

// What containers/common installs (golang-github-containers-common): read where it is, and not copied.
constexpr char kContainersCommon[] = "/usr/share/containers/seccomp.json";

constexpr uint32_t kAllowed = 4000;  // Errnos that no profile answers with.
constexpr uint32_t kLogged = 4001;
constexpr int kNumbers = kSyscallTableEnd;

// Of all calls, the first three arguments; the others are 0. Bits and values that profiles ask for, and their
// neighbours.
constexpr uint32_t kArguments[][3] = {{0, 0, 0},       {1, 1, 1},          {16, 16, 16},
                                      {40, 0, 0},      {8, 8, 8},          {0x20000, 0, 0},
                                      {0x20008, 0, 0}, {0x7e020000, 0, 0}, {0x02000000, 0, 0},
                                      {0x11, 3, 0},    {16, 3, 9},         {UINT32_MAX, UINT32_MAX, UINT32_MAX}};
constexpr size_t kRounds = std::size(kArguments);

struct Answers {
  std::atomic<bool> done;
  long x86_64[kRounds][kNumbers];
  long i386[kRounds][kNumbers];
};

using SharedAnswers = Shared<Answers>;

// The same decisions, none of which lets a call through.
FilterProgram WithoutExecution(FilterProgram program) {
  for (sock_filter& instruction : program) {
    if (instruction.code != (BPF_RET | BPF_K)) continue;
    if (instruction.k == SECCOMP_RET_ALLOW) instruction.k = SECCOMP_RET_ERRNO | kAllowed;
    if (instruction.k == SECCOMP_RET_LOG) instruction.k = SECCOMP_RET_ERRNO | kLogged;
  }
  return program;
}

// The child cannot even exit, so it is killed when it has asked everything.
void Ask(const FilterProgram& program, bool ia32, const SharedAnswers& answers) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!Load(program)) Exit(1);
    for (size_t round = 0; round < kRounds; ++round) {
      const auto& arguments = kArguments[round];
      for (int nr = 0; nr < kNumbers; ++nr) {
        if (IsExemptFromSeccomp({Abi::kX86_64, nr})) continue;
        answers->x86_64[round][nr] = Call64(nr, {arguments[0], arguments[1], arguments[2], 0, 0, 0});
      }
      for (int nr = 0; ia32 && nr < kNumbers; ++nr) {
        answers->i386[round][nr] = Call32(nr, {arguments[0], arguments[1], arguments[2], 0, 0, 0});
      }
    }
    answers->done = true;
    for (;;) asm volatile("pause");  // A loop without any effect may be taken for one that is never entered.
  }
  int status = 0;
  while (!answers->done && waitpid(child, &status, WNOHANG) == 0) usleep(1000);
  kill(child, SIGKILL);
  if (answers->done) waitpid(child, &status, 0);
  EXPECT_TRUE(answers->done) << "the child ended: " << status;
}

long ReturnedFor(Action action) {
  switch (action.kind) {
    case ActionKind::kAllow:
      return -static_cast<long>(kAllowed);
    case ActionKind::kLog:
      return -static_cast<long>(kLogged);
    case ActionKind::kErrno:
      return -action.value;
    default:
      return 0;
  }
}

// What the kernel is expected to return, by the profile's own rules and not by libseccomp's filter.
long Expected(const RuleEvaluator& decider, SyscallId id, const uint32_t (&arguments)[3]) {
  return ReturnedFor(decider.Decide(id, {arguments[0], arguments[1], arguments[2], 0, 0, 0}));
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A profile in Moby's manner, with every kind of condition.
constexpr char kMobyStyle[] = R"({
  "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
  "archMap": [
    {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
    {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
  "syscalls": [
    {"names": ["read", "write", "getpid", "socketcall", "exit_group"], "action": "SCMP_ACT_ALLOW"},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}]},
    {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]},
    {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]},
    {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
    {"names": ["sync_file_range2"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["ppc64le"]}},
    {"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32"]}},
    {"names": ["modify_ldt"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32", "x86"]}},
    {"names": ["bpf", "clone", "mount", "setns", "unshare"], "action": "SCMP_ACT_ALLOW",
     "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390", "s390x"]},
     "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["clone3"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["reboot"], "action": "SCMP_ACT_LOG", "includes": {"caps": ["CAP_SYS_BOOT", "CAP_SYS_ADMIN"]}},
    {"names": ["chroot"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_CHROOT"]}}
  ]})";

enum class Granted { kNone, kDefault, kDefaultAndAdmin, kAll };

std::set<int> CapabilitiesOf(Granted granted) {
  std::set<int> capabilities;
  if (granted == Granted::kDefault || granted == Granted::kDefaultAndAdmin) capabilities = DefaultEngineCapabilities();
  if (granted == Granted::kDefaultAndAdmin) capabilities.insert(CapabilityFromName("SYS_ADMIN").value());
  for (int i = 0; granted == Granted::kAll && i < kCapabilityCount; ++i) capabilities.insert(i);
  return capabilities;
}

class ProfileKernelTest : public testing::TestWithParam<std::tuple<bool, Granted>> {
 protected:
  // The text, or "" when it is not installed.
  std::string Text() const { return std::get<0>(GetParam()) ? TextOf(kContainersCommon) : kMobyStyle; }
  ProfileTarget Target() const {
    return {.native = Abi::kX86_64,
            .capabilities = CapabilitiesOf(std::get<1>(GetParam())),
            .kernel = KernelVersion{.major = 6, .minor = 1}};
  }
};

TEST_P(ProfileKernelTest, EveryNumberIsDecidedAsRead) {
  if (Text().empty()) GTEST_SKIP() << kContainersCommon << " is not installed (golang-github-containers-common)";
  const auto reading = ReadProfileText(Text(), Target());
  ASSERT_TRUE(reading.ok()) << reading.status();
  const RuleEvaluator decider(reading->source.profile);
  const bool ia32 = HasIa32Emulation();
  const SharedAnswers answers;
  Ask(WithoutExecution(Compile(reading->source.profile).value()), ia32, answers);
  if (!answers->done) return;
  size_t allowed = 0;
  for (size_t round = 0; round < kRounds; ++round) {
    for (int nr = 0; nr < kNumbers; ++nr) {
      const SyscallId native{Abi::kX86_64, nr};
      if (!IsExemptFromSeccomp(native)) {
        EXPECT_EQ(answers->x86_64[round][nr], Expected(decider, native, kArguments[round]))
            << DisplayName(native) << " " << round;
      }
      allowed += answers->x86_64[round][nr] == -static_cast<long>(kAllowed);
      const SyscallId other{Abi::kI386, nr};
      if (!ia32) continue;
      EXPECT_EQ(answers->i386[round][nr], Expected(decider, other, kArguments[round]))
          << DisplayName(other) << " " << round;
    }
  }
  EXPECT_GT(allowed, 0u);
  if (!ia32) GTEST_SKIP() << "this kernel makes no 32-bit calls: the i386 half was not compared";
}

TEST_P(ProfileKernelTest, WhatIsWrittenMeansWhatWasRead) {
  if (Text().empty()) GTEST_SKIP() << kContainersCommon << " is not installed (golang-github-containers-common)";
  const auto read = ReadProfileText(Text(), Target());
  ASSERT_TRUE(read.ok()) << read.status();
  // Plain OCI depends on nothing.
  const auto again = ReadProfileText(FormatProfile(read->source.profile), {.native = Abi::kX86_64});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(Equal(MeaningOf(read->source.profile, Abi::kX86_64).value(),
                    MeaningOf(again->source.profile, Abi::kX86_64).value())
                  .value());
}

// Filters of live processes, as `inspect --format raw` writes them. The end-to-end tests name the files.
std::vector<std::string> FilterFiles() {
  const char* const files = std::getenv("SYSCARVE_FILTER_FILES");
  std::vector<std::string> paths;
  for (const std::string_view path : SplitNonEmpty(files == nullptr ? "" : files, ':')) paths.emplace_back(path);
  return paths;
}

class LiveFilterKernelTest : public testing::TestWithParam<std::string> {};

TEST_P(LiveFilterKernelTest, EveryNumberIsDecidedAsRead) {
  const std::string bytes = TextOf(GetParam());
  ASSERT_EQ(bytes.size() % sizeof(sock_filter), 0u);
  FilterProgram program(bytes.size() / sizeof(sock_filter));
  std::memcpy(program.data(), bytes.data(), bytes.size());
  ASSERT_FALSE(program.empty());
  const auto meaning = MeaningOf({&program, 1}, Abi::kX86_64);
  ASSERT_TRUE(meaning.ok()) << meaning.status();
  EXPECT_TRUE(meaning->unclear.empty());
  const auto folded = DecompileFilters({&program, 1}, Abi::kX86_64, Bound::kAtMost);
  ASSERT_TRUE(folded.ok()) << folded.status();
  const bool ia32 = HasIa32Emulation();
  const SharedAnswers answers;
  Ask(WithoutExecution(program), ia32, answers);
  if (!answers->done) return;
  size_t compared = 0;
  size_t otherwise = 0;  // Numbers without a name, which a profile has one answer for.
  const RuleEvaluator decider(folded->profile);
  for (size_t round = 0; round < kRounds; ++round) {
    const auto& low = kArguments[round];
    const Arguments arguments = {low[0], low[1], low[2], 0, 0, 0};
    for (const Abi abi : {Abi::kX86_64, Abi::kI386}) {
      if (abi == Abi::kI386 && !ia32) continue;
      for (int nr = 0; nr < kNumbers; ++nr) {
        const SyscallId id{abi, nr};
        if (IsExemptFromSeccomp(id)) continue;
        const long kernel = abi == Abi::kI386 ? answers->i386[round][nr] : answers->x86_64[round][nr];
        const std::optional<Action> action = ActionFor(*meaning, id, arguments);
        ASSERT_TRUE(action.has_value()) << DisplayName(id);
        EXPECT_EQ(kernel, ReturnedFor(*action)) << DisplayName(id) << " " << round;
        ++compared;
        if (SyscallName(id).has_value()) {
          EXPECT_EQ(kernel, Expected(decider, id, low)) << DisplayName(id) << " " << round << ", by the profile";
        } else {
          otherwise += kernel != Expected(decider, id, low);
        }
      }
    }
  }
  EXPECT_EQ(otherwise > 0, !folded->warnings.empty());
  // What is written and read again decides the same.
  const auto again = ReadProfileText(FormatProfile(folded->profile), {.native = Abi::kX86_64});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(
      Equal(MeaningOf(folded->profile, Abi::kX86_64).value(), MeaningOf(again->source.profile, Abi::kX86_64).value())
          .value());
  std::printf("%zu answers of the kernel compared\n", compared);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LiveFilterKernelTest);
INSTANTIATE_TEST_SUITE_P(Given, LiveFilterKernelTest, testing::ValuesIn(FilterFiles()));

INSTANTIATE_TEST_SUITE_P(All, ProfileKernelTest,
                         testing::Combine(testing::Bool(), testing::Values(Granted::kNone, Granted::kDefault,
                                                                           Granted::kDefaultAndAdmin, Granted::kAll)));

}  // namespace
}  // namespace syscarve

#endif
