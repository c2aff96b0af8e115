// SPDX-License-Identifier: Apache-2.0
// Evaluate against the kernel itself: children load a filter and make the calls. Needs no privilege: seccomp(2) takes a
// filter from anyone with no_new_privs.
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <functional>
#include <random>

#include "tests/unit/seccomp/kernel_calls.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/decompile.h"

#if defined(__x86_64__)

namespace syscarve {
namespace {

// No call of the kernel fails with it.
constexpr uint16_t kMark = 1234;
constexpr int kNumbers = kSyscallTableEnd;

// Memory that a child leaves its answers in.
struct Answers {
  long x86_64[kNumbers];
  long i386[kNumbers];
};

using SharedAnswers = Shared<Answers>;

Profile MarkedProfile(std::vector<std::string> allowed, std::vector<Abi> abis) {
  Profile profile{.default_action = {ActionKind::kErrno, kMark}, .abis = std::move(abis)};
  profile.rules = {{.names = std::move(allowed), .action = {ActionKind::kAllow, 0}}};
  return profile;
}

// What the filter is expected to make of a call: the mark, or something else because the call was made.
bool Marked(const FilterProgram& program, Abi abi, int nr) {
  const seccomp_data data{.nr = nr, .arch = AuditArch(abi)};
  return ActionFromReturn(Evaluate(program, data)) == Action{ActionKind::kErrno, kMark};
}

// The way out, and the exempt calls, which raise a signal when they are not the kernel's own.
bool IsLeftOut(SyscallId id) {
  constexpr int kExitGroupI386 = 252;
  return id.nr == (id.abi == Abi::kI386 ? kExitGroupI386 : SYS_exit_group) ||
         (id.abi == Abi::kX86_64 && IsExemptFromSeccomp(id));
}

// The kernel's answers to every number of both ABIs, with 0 for arguments.
bool Answer(const std::vector<FilterProgram>& oldest_first, bool ia32, const SharedAnswers& answers) {
  // Decided before the filter is in force: the child must not need more memory.
  std::array<bool, kNumbers> skip64{};
  std::array<bool, kNumbers> skip32{};
  for (int nr = 0; nr < kNumbers; ++nr) {
    skip64[nr] = IsLeftOut({Abi::kX86_64, nr});
    skip32[nr] = IsLeftOut({Abi::kI386, nr});
  }
  const int status = InChild([&] {
    for (const FilterProgram& program : oldest_first) {
      if (!Load(program)) Exit(1);
    }
    for (int nr = 0; nr < kNumbers; ++nr) {
      if (!skip64[nr]) answers->x86_64[nr] = Call64(nr, {});
    }
    for (int nr = 0; ia32 && nr < kNumbers; ++nr) {
      if (!skip32[nr]) answers->i386[nr] = Call32(nr, {});
    }
  });
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(FilterKernelTest, EveryNumberOfBothAbisIsDecidedAsEvaluated) {
  const bool ia32 = HasIa32Emulation();
  // Harmless with zeros for arguments, the way out, and what AddressSanitizer needs on the way out.
  const std::vector<std::string> allowed = {"exit_group", "sigaltstack", "getpid", "gettid", "getuid", "geteuid",
                                            "getppid",    "sched_yield", "close",  "fchmod", "umask",  "getpgrp"};
  const FilterProgram program = Compile(MarkedProfile(allowed, {Abi::kX86_64, Abi::kI386})).value();
  const SharedAnswers answers;
  ASSERT_TRUE(Answer({program}, ia32, answers));
  for (int nr = 0; nr < kNumbers; ++nr) {
    if (!IsLeftOut({Abi::kX86_64, nr})) {
      EXPECT_EQ(answers->x86_64[nr] == -kMark, Marked(program, Abi::kX86_64, nr)) << DisplayName({Abi::kX86_64, nr});
    }
    if (ia32 && !IsLeftOut({Abi::kI386, nr})) {
      EXPECT_EQ(answers->i386[nr] == -kMark, Marked(program, Abi::kI386, nr)) << DisplayName({Abi::kI386, nr});
    }
  }
  if (!ia32) GTEST_SKIP() << "this kernel makes no 32-bit calls: the i386 half was not compared";
}

TEST(FilterKernelTest, AFoldedStackIsAnsweredAsTheFiltersWere) {
  const bool ia32 = HasIa32Emulation();
  const std::vector<std::string> harmless = {"exit_group", "sigaltstack", "getpid", "gettid", "getuid", "geteuid",
                                             "getppid",    "sched_yield", "close",  "fchmod", "umask",  "getpgrp"};
  Profile profile = MarkedProfile(harmless, {Abi::kX86_64, Abi::kI386});
  const auto when = [&](const char* name, ArgumentCondition condition) {
    profile.rules.push_back({.names = {name}, .action = {ActionKind::kAllow, 0}, .conditions = {condition}});
  };
  // What installs the newer filter, and fails with zeros.
  profile.rules.push_back({.names = {"prctl", "seccomp"}, .action = {ActionKind::kAllow, 0}});
  when("getsid", {0, CompareOp::kEqual, 0});
  when("getpgid", {0, CompareOp::kNotEqual, 0});
  when("getpriority", {0, CompareOp::kMaskedEqual, 0xf0, 0});
  when("sched_getscheduler", {0, CompareOp::kGreater, 0});
  // A newer filter that refuses some more, in its own way.
  Profile second{.default_action = {ActionKind::kAllow, 0}, .abis = {Abi::kX86_64, Abi::kI386}};
  second.rules = {{.names = {"umask", "getuid"}, .action = {ActionKind::kErrno, 77}}};
  const std::vector<FilterProgram> stack = {Compile(second).value(), Compile(profile).value()};
  const absl::StatusOr<DecompiledProfile> folded = DecompileFilters(stack, Abi::kX86_64, Bound::kExact);
  ASSERT_TRUE(folded.ok()) << folded.status();
  const FilterProgram together = Compile(folded->profile).value();
  const SharedAnswers of_stack;
  const SharedAnswers of_folded;
  ASSERT_TRUE(Answer({together}, ia32, of_folded));
  ASSERT_TRUE(Answer({stack[1], stack[0]}, ia32, of_stack));
  const auto mark = [](long answer) { return answer == -kMark || answer == -77 ? answer : 0; };
  size_t refused = 0;
  for (int nr = 0; nr < kNumbers; ++nr) {
    EXPECT_EQ(mark(of_folded->x86_64[nr]), mark(of_stack->x86_64[nr])) << DisplayName({Abi::kX86_64, nr});
    EXPECT_EQ(mark(of_folded->i386[nr]), mark(of_stack->i386[nr])) << DisplayName({Abi::kI386, nr});
    if (mark(of_folded->x86_64[nr]) != 0) ++refused;
  }
  EXPECT_GT(refused, 500U);
  EXPECT_EQ(of_stack->x86_64[SYS_getuid], -77);
}

TEST(FilterKernelTest, AnAbiThatIsNotListedKills) {
  if (!HasIa32Emulation()) GTEST_SKIP() << "this kernel makes no 32-bit calls";
  const FilterProgram program = Compile(MarkedProfile({"exit_group", "getpid"}, {Abi::kX86_64})).value();
  EXPECT_EQ(ActionFromReturn(Evaluate(program, {.nr = 20, .arch = AUDIT_ARCH_I386})).kind, ActionKind::kKillThread);
  const int status = InChild([&] {
    if (!Load(program)) Exit(1);
    Call32(20, {});
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
}

// A filter that computes something of the arguments of getppid and returns 12 bits of it as the errno.
FilterProgram RandomComputation(std::mt19937& random) {
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  FilterProgram program = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
                           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  for (uint32_t word = 0; word < BPF_MEMWORDS; ++word) program.push_back(BPF_STMT(BPF_ST, word));
  constexpr uint16_t kOperations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH};
  constexpr uint16_t kJumps[] = {BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET};
  for (int step = 0; step < 60; ++step) {
    const uint16_t operation = kOperations[below(9)];
    const uint16_t source = below(2) == 0 ? BPF_K : BPF_X;
    uint32_t constant = below(3) == 0 ? random() : 1 + below(40);
    if (operation == BPF_LSH || operation == BPF_RSH) constant %= 32;
    if (constant == 0) constant = 1;
    switch (below(8)) {
      case 0:
      case 1:
        program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16 + 4 * below(12)));
        break;
      case 2:
        program.push_back(BPF_STMT(below(2) == 0 ? BPF_LD | BPF_MEM : BPF_LDX | BPF_MEM, below(BPF_MEMWORDS)));
        break;
      case 3:
        program.push_back(BPF_STMT(below(2) == 0 ? BPF_ST : BPF_STX, below(BPF_MEMWORDS)));
        break;
      case 4: {
        constexpr uint16_t kPlain[] = {BPF_MISC | BPF_TAX,       BPF_MISC | BPF_TXA,        BPF_ALU | BPF_NEG,
                                       BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN, BPF_LD | BPF_IMM,
                                       BPF_LDX | BPF_IMM};
        program.push_back(BPF_STMT(kPlain[below(7)], constant));
        break;
      }
      case 5:
        program.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | kJumps[below(4)] | source), constant,
                                   static_cast<uint8_t>(below(3)), static_cast<uint8_t>(below(3))));
        break;
      default:
        program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_ALU | operation | source), constant));
    }
  }
  // Two more, so that the last jumps stay inside, and a result that is always an errno.
  program.push_back(BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0));
  program.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x7ff));
  program.push_back(BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO));
  program.push_back(BPF_STMT(BPF_RET | BPF_A, 0));
  return program;
}

TEST(FilterKernelTest, ComputationsGiveTheKernelsResults) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const FilterProgram program = RandomComputation(random);
    ASSERT_TRUE(ValidateFilter(program).ok()) << ValidateFilter(program);
    uint64_t arguments[6];
    for (uint64_t& argument : arguments)
      argument = random() % 4 == 0 ? random() % 50 : uint64_t{random()} << 32 | random();
    seccomp_data data{.nr = SYS_getppid, .arch = AUDIT_ARCH_X86_64};
    std::copy(std::begin(arguments), std::end(arguments), data.args);
    const Action expected = ActionFromReturn(Evaluate(program, data));
    const SharedAnswers answers;
    const int status = InChild([&] {
      if (!Load(program)) Exit(1);
      answers->x86_64[0] = Call64(SYS_getppid, arguments);
    });
    if (expected.kind == ActionKind::kKillThread) {
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << "round " << round << ", " << status;
    } else {
      ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "round " << round << ", " << status;
      EXPECT_EQ(answers->x86_64[0], -long{expected.value}) << "round " << round;
    }
  }
}

// The kernel's verifier and ours, on programs that are nearly right.
TEST(FilterKernelTest, TheKernelLoadsWhatValidateFilterAccepts) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    FilterProgram program = RandomComputation(random);
    sock_filter& victim = program[random() % program.size()];
    switch (random() % 4) {
      case 0:
        victim.code = static_cast<uint16_t>(random() % 0x100);
        break;
      case 1:
        victim.k = static_cast<uint32_t>(random() % 80);
        break;
      case 2:
        victim.jt = static_cast<uint8_t>(random() % 90);
        break;
      default:
        program.pop_back();
    }
    const bool valid = ValidateFilter(program).ok();
    const int status = InChild([&] {
      const sock_fprog description{static_cast<unsigned short>(program.size()), program.data()};
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &description);
      Exit(result == 0 ? 0 : 42);
    });
    // A filter that was loaded may kill the exit itself; only a refusal comes back as 42.
    const bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 42;
    EXPECT_EQ(valid, !refused) << "round " << round << ": " << ValidateFilter(program);
  }
}

// What lint's wide-equal is about: the filter sees upper bits that the kernel does not.
TEST(FilterKernelTest, DirtyUpperBitsPassByAComparisonOf64BitsAndNotByAMaskedOne) {
  constexpr uint64_t kUnix = AF_UNIX;
  constexpr uint64_t kDirty = uint64_t{1} << 32;
  const ArgumentCondition wide{0, CompareOp::kEqual, kUnix};
  const ArgumentCondition masked{0, CompareOp::kMaskedEqual, 0xffffffff, kUnix};
  for (const ArgumentCondition& condition : {wide, masked}) {
    Profile profile{.default_action = {ActionKind::kAllow, 0}, .abis = {Abi::kX86_64}};
    profile.rules = {{.names = {"socket"}, .action = {ActionKind::kErrno, kMark}, .conditions = {condition}}};
    const absl::StatusOr<FilterProgram> program = Compile(profile);
    ASSERT_TRUE(program.ok()) << program.status();
    const int status = InChild([&] {
      if (!Load(*program)) Exit(2);
      const bool clean_is_refused = Call64(SYS_socket, {kUnix, SOCK_STREAM}) == -kMark;
      const bool dirty_is_refused = Call64(SYS_socket, {kUnix | kDirty, SOCK_STREAM}) == -kMark;
      Exit(clean_is_refused && dirty_is_refused == (condition.op == CompareOp::kMaskedEqual) ? 0 : 1);
    });
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace syscarve

#else

TEST(FilterKernelTest, OnlyOnX86_64) {
  GTEST_SKIP() << "the raw calls of this test are written for x86_64";
}

#endif
