// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/argument_rules.h"

#include <asm/ioctls.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tests/unit/policy/argument_recordings.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/program.h"

namespace syscarve {
namespace {

constexpr uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr uint64_t kForkFlags = CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | 17;
constexpr uint64_t kDirt[] = {0, 1ULL << 32, 0xffffffffULL << 32, 0x8000000000000000ULL};

// What a profile's filter answers.
class Filter {
 public:
  explicit Filter(const Profile& profile) {
    auto compiled = Compile(profile);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    if (compiled.ok()) program_ = *std::move(compiled);
  }

  Action operator()(std::string_view name, const std::array<uint64_t, 6>& arguments, Abi abi = Abi::kX86_64) const {
    const SyscallId id = FindSyscall(abi, name).value();
    seccomp_data data = {.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(abi)};
    std::copy(arguments.begin(), arguments.end(), data.args);
    return ActionFromReturn(Evaluate(program_, data));
  }

  bool Allows(std::string_view name, const std::array<uint64_t, 6>& arguments, Abi abi = Abi::kX86_64) const {
    return LetsThrough((*this)(name, arguments, abi));
  }

 private:
  FilterProgram program_;
};

TEST(ArgumentRulesTest, NothingIsNarrowedUnlessAskedFor) {
  RecordingBuilder builder;
  CallWith(builder, "socket", {{AF_INET, SOCK_STREAM, 0}});
  EXPECT_TRUE(NarrowedByArguments(MadeOf(builder, ArgumentMode::kOff)).empty());
  GenerateOptions options;
  options.conditions = false;
  EXPECT_TRUE(NarrowedByArguments(MadeOf(builder, ArgumentMode::kSafe, options)).empty());
}

// Every family and type, with clean and dirty upper halves, by the native calls and by those of x32 and i386.
TEST(ArgumentRulesTest, NoSocketButThoseThatWereSeenAndTheirLike) {
  RecordingBuilder builder;
  CallWith(builder, "socket", {{AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0}});
  CallWith(builder, "socket", {{AF_INET, SOCK_STREAM, 0}}, Abi::kX32);
  CallWith(builder, "socket", {{AF_INET, SOCK_STREAM, 0}}, Abi::kI386);
  const GeneratedProfile made = MadeOf(builder, ArgumentMode::kSafe);
  ASSERT_TRUE(NarrowedByArguments(made).contains("socket"));
  const Filter filter(made.profile);
  const std::set<uint64_t> families = {AF_UNIX, AF_INET, AF_INET6};
  const std::set<uint64_t> types = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
  for (const Abi abi : {Abi::kX86_64, Abi::kX32, Abi::kI386}) {
    for (uint64_t family = 0; family < 64; ++family) {
      for (uint64_t type = 0; type < 16; ++type) {
        for (uint64_t protocol = 0; protocol < 24; ++protocol) {
          for (const uint64_t dirt : kDirt) {
            const bool ordinary = families.contains(family) && types.contains(type);
            const bool route = family == AF_NETLINK && protocol == NETLINK_ROUTE;
            const bool allowed =
                filter.Allows("socket", {family | dirt, type | SOCK_NONBLOCK | dirt, protocol | dirt, dirt}, abi);
            ASSERT_EQ(allowed, ordinary || route) << AbiName(abi) << " " << family << " " << type << " " << protocol;
          }
        }
      }
    }
  }
}

TEST(ArgumentRulesTest, WhatWasSeenIsAllowedHoweverRare) {
  RecordingBuilder builder;
  CallWith(builder, "socket", {{AF_PACKET, SOCK_RAW, 0x300}, {AF_ALG, SOCK_SEQPACKET, 0}});
  const Filter filter(MadeOf(builder, ArgumentMode::kSafe).profile);
  EXPECT_TRUE(filter.Allows("socket", {AF_PACKET, SOCK_RAW, 0x300}));
  EXPECT_TRUE(filter.Allows("socket", {AF_ALG, SOCK_SEQPACKET, 0}));
  EXPECT_FALSE(filter.Allows("socket", {AF_PACKET, SOCK_DGRAM, 0x300}));
  EXPECT_FALSE(filter.Allows("socket", {AF_INET, SOCK_STREAM, 0}));
  EXPECT_FALSE(filter.Allows("socket", {AF_VSOCK, SOCK_STREAM, 0}));
}

TEST(ArgumentRulesTest, NoNewNamespacesButThoseThatWereSeen) {
  RecordingBuilder builder;
  CallWith(builder, "clone", {{kForkFlags}, {kForkFlags | CLONE_NEWPID}});
  const Filter filter(MadeOf(builder, ArgumentMode::kSafe).profile);
  for (const uint64_t dirt : kDirt) {
    EXPECT_TRUE(filter.Allows("clone", {kForkFlags | dirt}));
    EXPECT_TRUE(filter.Allows("clone", {(CLONE_VM | CLONE_THREAD | CLONE_NEWPID) | dirt}));
    for (uint64_t bit = 1; bit <= 0x80000000; bit <<= 1) {
      EXPECT_EQ(filter.Allows("clone", {kForkFlags | bit | dirt}), (bit & kNamespaces & ~uint64_t{CLONE_NEWPID}) == 0)
          << bit;
    }
  }
}

// No filter sees clone3's flags: it is answered as by a kernel that does not have it, and libcs fall back on clone.
TEST(ArgumentRulesTest, AnArgumentInMemoryIsNoWayAround) {
  RecordingBuilder builder;
  CallWith(builder, "clone3", {{CLONE_VM | CLONE_THREAD}});
  const GeneratedProfile made = MadeOf(builder, ArgumentMode::kSafe);
  EXPECT_EQ(made.replaced, (std::map<std::string, std::string>{{"clone3", "clone"}}));
  const Filter filter(made.profile);
  EXPECT_EQ(filter("clone3", {}), (Action{ActionKind::kErrno, ENOSYS}));
  EXPECT_TRUE(filter.Allows("clone", {kForkFlags}));
  EXPECT_FALSE(filter.Allows("clone", {kForkFlags | CLONE_NEWUSER}));
}

TEST(ArgumentRulesTest, WhereItIsNeededInMemoryNothingIsNarrowed) {
  for (const bool open : {false, true}) {
    RecordingBuilder builder;
    CallWith(builder, "clone", {{kForkFlags}});
    CallWith(builder, "clone3", {{open ? uint64_t{CLONE_VM} : uint64_t{CLONE_VM | CLONE_NEWNS}}});
    builder.trace().calls[FindSyscall(Abi::kX86_64, "clone3").value()].arguments->open = open;
    const GeneratedProfile made = MadeOf(builder, ArgumentMode::kSafe);
    EXPECT_FALSE(NarrowedByArguments(made).contains("clone"));
    EXPECT_TRUE(made.replaced.empty());
    EXPECT_TRUE(Filter(made.profile).Allows("clone3", {}));
  }
}

TEST(ArgumentRulesTest, OptionsOfOtherPowerHaveToBeSeen) {
  RecordingBuilder builder;
  CallWith(builder, "prctl", {{PR_SET_NAME, 0}});
  CallWith(builder, "ioctl", {{TCGETS}, {0xc0185879}});
  CallWith(builder, "personality", {{PER_LINUX}});
  CallWith(builder, "ptrace", {{PTRACE_TRACEME}});
  const Filter filter(MadeOf(builder, ArgumentMode::kSafe).profile);
  for (const uint64_t dirt : {uint64_t{0}, uint64_t{1} << 40}) {
    EXPECT_TRUE(filter.Allows("prctl", {PR_SET_NAME | dirt, 0x7ffff000}));
    EXPECT_TRUE(filter.Allows("prctl", {PR_SET_NO_NEW_PRIVS | dirt, 1}));
    EXPECT_TRUE(filter.Allows("prctl", {PR_CAPBSET_DROP | dirt, 21}));
    EXPECT_FALSE(filter.Allows("prctl", {PR_SET_PTRACER | dirt, 1}));
    EXPECT_FALSE(filter.Allows("prctl", {PR_SET_MM | dirt, 1}));
    EXPECT_TRUE(filter.Allows("ioctl", {0, TCGETS | dirt}));
    EXPECT_TRUE(filter.Allows("ioctl", {0, 0xc0185879 | dirt}));
    EXPECT_TRUE(filter.Allows("ioctl", {0, FIONBIO | dirt}));
    EXPECT_FALSE(filter.Allows("ioctl", {0, TIOCSTI | dirt}));
    EXPECT_FALSE(filter.Allows("ioctl", {0, TIOCLINUX | dirt}));
    EXPECT_TRUE(filter.Allows("personality", {0xffffffff | dirt}));
    EXPECT_FALSE(filter.Allows("personality", {ADDR_NO_RANDOMIZE | dirt}));
  }
  EXPECT_TRUE(filter.Allows("ptrace", {PTRACE_TRACEME}));
  EXPECT_FALSE(filter.Allows("ptrace", {PTRACE_ATTACH}));
}

// Also where the numbers beside it were seen, and whatever they were seen on.
TEST(ArgumentRulesTest, NothingButItselfAllowsTypingIntoATerminal) {
  for (const uint64_t risky : {TIOCSTI, TIOCLINUX}) {
    RecordingBuilder builder;
    std::vector<std::vector<uint64_t>> values;
    for (uint64_t bit = 1; bit <= 0x80000000; bit <<= 1) values.push_back({risky ^ bit});
    std::erase(values, std::vector<uint64_t>{TIOCSTI});
    std::erase(values, std::vector<uint64_t>{TIOCLINUX});
    CallWith(builder, "ioctl", values);
    SeenArguments& seen = *builder.trace().calls[FindSyscall(Abi::kX86_64, "ioctl").value()].arguments;
    for (const auto& [one, programs] : seen.values) seen.files[one] = {"tty"};
    const GeneratedProfile made = MadeOf(builder, ArgumentMode::kSafe);
    ASSERT_TRUE(NarrowedByArguments(made).contains("ioctl"));
    const Filter filter(made.profile);
    for (const uint64_t dirt : kDirt) {
      EXPECT_FALSE(filter.Allows("ioctl", {0, TIOCSTI | dirt}));
      EXPECT_FALSE(filter.Allows("ioctl", {0, TIOCLINUX | dirt}));
    }
  }
}

TEST(ArgumentRulesTest, ItIsToldOnWhatANumberWasSeenAndWhatItRisks) {
  RecordingBuilder builder;
  CallWith(builder, "ioctl", {{TCGETS}, {TIOCSTI}});
  SeenArguments& seen = *builder.trace().calls[FindSyscall(Abi::kX86_64, "ioctl").value()].arguments;
  seen.files[{TIOCSTI}] = {"tty"};
  const GeneratedProfile made = MadeOf(builder, ArgumentMode::kSafe);
  const auto call = std::ranges::find(made.narrowed, "ioctl", &NarrowedCall::name);
  ASSERT_NE(call, made.narrowed.end());
  ASSERT_EQ(call->seen.size(), 2U);
  EXPECT_EQ(call->seen[0].call + call->seen[0].on, "ioctl(…, TCGETS)");
  EXPECT_FALSE(call->seen[0].high_risk);
  EXPECT_EQ(call->seen[1].call + call->seen[1].on, "ioctl(…, TIOCSTI) on a tty");
  EXPECT_EQ(call->seen[1].files, FileKinds{"tty"});
  EXPECT_TRUE(call->seen[1].high_risk);
}

TEST(ArgumentRulesTest, MemoryDoesNotBecomeCodeUnlessThatWasSeen) {
  RecordingBuilder builder;
  CallWith(builder, "mprotect", {{PROT_READ}, {PROT_READ | PROT_WRITE}});
  const Filter without(MadeOf(builder, ArgumentMode::kSafe).profile);
  EXPECT_TRUE(without.Allows("mprotect", {0, 4096, PROT_NONE}));
  for (const uint64_t dirt : kDirt) EXPECT_FALSE(without.Allows("mprotect", {0, 4096, PROT_READ | PROT_EXEC | dirt}));
  CallWith(builder, "mprotect", {{PROT_READ}, {PROT_READ | PROT_EXEC}});
  EXPECT_TRUE(Filter(MadeOf(builder, ArgumentMode::kSafe).profile).Allows("mprotect", {0, 4096, PROT_EXEC}));
}

TEST(ArgumentRulesTest, AllIsExactlyWhatWasSeen) {
  RecordingBuilder builder;
  CallWith(builder, "socket", {{AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0}, {AF_UNIX, SOCK_DGRAM, 0}});
  CallWith(builder, "mmap",
           {{PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS}, {PROT_READ | PROT_EXEC, MAP_PRIVATE}});
  CallWith(builder, "madvise", {{MADV_DONTNEED}, {MADV_FREE}});
  CallWith(builder, "prctl", {{PR_SET_NAME, 0}, {PR_SET_DUMPABLE, 0}});
  const Filter filter(MadeOf(builder, ArgumentMode::kAll).profile);
  EXPECT_TRUE(filter.Allows("socket", {AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0}));
  EXPECT_FALSE(filter.Allows("socket", {AF_INET, SOCK_STREAM, 0}));
  EXPECT_FALSE(filter.Allows("socket", {AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0}));
  EXPECT_FALSE(filter.Allows("socket", {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0}));
  EXPECT_FALSE(filter.Allows("mmap", {0, 1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE}));
  EXPECT_TRUE(filter.Allows("mmap", {0, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE}));
  EXPECT_TRUE(filter.Allows("madvise", {0, 1, MADV_FREE}));
  EXPECT_FALSE(filter.Allows("madvise", {0, 1, MADV_HUGEPAGE}));
  EXPECT_TRUE(filter.Allows("prctl", {PR_SET_NAME, 0x7fff0000}));
  EXPECT_TRUE(filter.Allows("prctl", {PR_SET_DUMPABLE, 0}));
  EXPECT_FALSE(filter.Allows("prctl", {PR_SET_DUMPABLE, 1}));
}

TEST(ArgumentRulesTest, WhatIsNotKnownIsNotNarrowed) {
  RecordingBuilder builder;
  CallWith(builder, "socket", {{AF_INET, SOCK_STREAM, 0}});
  std::optional<SeenArguments>& seen = builder.trace().calls[FindSyscall(Abi::kX86_64, "socket").value()].arguments;
  const auto narrowed = [&](GenerateOptions options = {}) {
    return NarrowedByArguments(MadeOf(builder, ArgumentMode::kSafe, std::move(options))).contains("socket");
  };
  EXPECT_TRUE(narrowed());
  seen->open = true;
  EXPECT_FALSE(narrowed()) << "more than are kept";
  seen->open = false;
  GenerateOptions asked;
  asked.allow = {"socket"};
  EXPECT_FALSE(narrowed(asked)) << "asked for as it is";
  seen->values[{250, SOCK_STREAM, 0}] = {0};
  EXPECT_FALSE(narrowed()) << "a family without a name";
  seen = SeenArguments{.indexes = {0}, .values = {{{AF_INET}, {0}}}};
  EXPECT_FALSE(narrowed()) << "other arguments than are recorded today";
  seen = SeenArguments{.indexes = {0}, .pointed_to = true, .values = {{{AF_INET}, {0}}}};
  EXPECT_FALSE(narrowed()) << "what one of them points to";
  seen.reset();
  EXPECT_FALSE(narrowed()) << "not recorded";
}

// mmap of i386 takes one pointer to all arguments.
TEST(ArgumentRulesTest, WhereAnAbiHasOtherArgumentsTheCallIsNotNarrowed) {
  RecordingBuilder builder;
  CallWith(builder, "mmap", {{PROT_READ, MAP_PRIVATE}});
  EXPECT_TRUE(NarrowedByArguments(MadeOf(builder, ArgumentMode::kAll)).contains("mmap"));
  builder.Call("getpid", 1, Abi::kI386);
  EXPECT_FALSE(NarrowedByArguments(MadeOf(builder, ArgumentMode::kAll)).contains("mmap"));
}

TEST(ArgumentRulesTest, WhoSawWhatStandsInTheResult) {
  RecordingBuilder builder;
  CallWith(builder, "socket", {{AF_INET, SOCK_STREAM, 0}});
  const GeneratedProfile made = MadeOf(builder, ArgumentMode::kSafe);
  const auto call = std::ranges::find(made.narrowed, "socket", &NarrowedCall::name);
  ASSERT_NE(call, made.narrowed.end());
  ASSERT_EQ(call->seen.size(), 1U);
  EXPECT_EQ(call->seen[0].values, (std::vector<uint64_t>{AF_INET, SOCK_STREAM, 0}));
  EXPECT_EQ(call->seen[0].runs, 1U);
  ASSERT_EQ(call->seen[0].programs.size(), 1U);
  EXPECT_EQ(call->seen[0].programs.begin()->path, "/usr/bin/program");
  ASSERT_EQ(call->words.size(), call->rules.size());
  EXPECT_EQ(call->words[0], "AF_INET, AF_INET6; SOCK_STREAM, SOCK_SEQPACKET");
}

TEST(ArgumentRulesTest, ACeilingStaysInForce) {
  RecordingBuilder builder;
  CallWith(builder, "socket", {{AF_INET, SOCK_STREAM, 0}});
  GenerateOptions options;
  options.ceiling = Profile{.default_action = {ActionKind::kErrno, EPERM},
                            .abis = {Abi::kX86_64},
                            .rules = {{.names = {"socket"},
                                       .action = {ActionKind::kAllow, 0},
                                       .conditions = {{.index = 0, .op = CompareOp::kNotEqual, .value = AF_VSOCK}}}}};
  const Filter filter(MadeOf(builder, ArgumentMode::kSafe, options).profile);
  EXPECT_TRUE(filter.Allows("socket", {AF_INET, SOCK_STREAM, 0}));
  EXPECT_FALSE(filter.Allows("socket", {AF_VSOCK, SOCK_STREAM, 0}));
}

}  // namespace
}  // namespace syscarve
