// SPDX-License-Identifier: Apache-2.0
// What the algebra says, confirmed by the kernel: counterexamples are made as calls under both filters, and filters are
// asked with generated arguments. Needs no privilege.
#include <gtest/gtest.h>

#if defined(__x86_64__)

#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <optional>
#include <ostream>
#include <set>

#include "tests/unit/effort.h"
#include "tests/unit/seccomp/filter_stack.h"
#include "tests/unit/seccomp/kernel_calls.h"
#include "tests/unit/seccomp/narrow_profiles.h"
#include "userspace/seccomp/algebra.h"

// Asked by the leak sanitizer, where there is one: libseccomp 2.5.4 loses some memory of its own in
// seccomp_rule_add_array where several rules of a call overlap.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libseccomp.so";
}

namespace syscarve {
namespace {

// Answers that no call of the pool gives by itself.
constexpr long kSupervised = 3999;

// How a call ended.
struct Observed {
  enum Kind { kNothing, kReturned, kTrapped, kThreadKilled, kProcessKilled };
  int kind = kNothing;
  long value = 0;  // What was returned.
  bool operator==(const Observed&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Observed& observed) {
  return out << "kind " << observed.kind << ", value " << observed.value;
}

// In memory that the child shares with us, so that it is still there when the child was killed.
struct Question {
  SyscallId id;
  Arguments arguments{};
  const FilterProgram* program = nullptr;
  std::atomic<int> listener{-1};
  std::atomic<pid_t> thread{0};
  std::atomic<bool> ended{false};
  Observed observed;
};

Question* asked_now = nullptr;  // In a child, which asks one.

// The thread stays here: the filter may refuse rt_sigreturn, and what a sanitizer does for a longjmp, too.
void Trapped(int, siginfo_t*, void*) {
  asked_now->observed = {Observed::kTrapped, 0};
  asked_now->ended = true;
  for (;;) asm volatile("pause");
}

long MakeCall(SyscallId id, const Arguments& arguments) {
  uint64_t raw[6];
  std::copy(arguments.begin(), arguments.end(), raw);
  const long number = SeccompDataNumber(id);
  return id.abi == Abi::kI386 ? Call32(number, raw) : Call64(number, raw);
}

// The thread that lives under the filter. After the call it makes no other.
void* Caller(void* argument) {
  auto& question = *static_cast<Question*>(argument);
  question.thread = static_cast<pid_t>(syscall(SYS_gettid));
  const sock_fprog description{static_cast<unsigned short>(question.program->size()),
                               const_cast<sock_filter*>(question.program->data())};
  const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &description);
  if (listener < 0) Exit(1);
  question.listener = static_cast<int>(listener);
  question.observed = {Observed::kReturned, MakeCall(question.id, question.arguments)};
  question.ended = true;
  for (;;) asm volatile("pause");
}

// Answers what a supervisor is asked, until the thread has made its call or is gone.
void Supervise(Question& question) {
  while (!question.ended) {
    const pid_t thread = question.thread;
    if (thread != 0 && syscall(SYS_tgkill, getpid(), thread, 0) != 0) {
      question.observed = {Observed::kThreadKilled, 0};
      return;
    }
    pollfd waiting{.fd = question.listener, .events = POLLIN, .revents = 0};
    if (waiting.fd < 0 || poll(&waiting, 1, 1) != 1 || (waiting.revents & POLLIN) == 0) continue;
    seccomp_notif request{};
    if (ioctl(waiting.fd, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) continue;
    seccomp_notif_resp response{.id = request.id, .val = 0, .error = -kSupervised, .flags = 0};
    ioctl(waiting.fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
  }
}

Observed Ask(const FilterProgram& program, SyscallId id, const Arguments& arguments) {
  void* const memory = mmap(nullptr, sizeof(Question), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* const question = new (memory) Question{.id = id, .arguments = arguments, .program = &program};
  const int status = InChild([question] {
    asked_now = question;
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    struct sigaction action {};
    action.sa_sigaction = Trapped;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSYS, &action, nullptr);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) Exit(1);
    pthread_t thread;
    if (pthread_create(&thread, nullptr, Caller, question) != 0) Exit(1);
    Supervise(*question);
  });
  Observed observed = question->observed;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) observed = {Observed::kProcessKilled, 0};
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) observed = {Observed::kNothing, WEXITSTATUS(status)};
  munmap(memory, sizeof(Question));
  return observed;
}

// Whether `observed` is what `action` does to a call of the pool, all of which succeed but those of x32, which the
// kernel may not have, and those without a meaning.
bool Fits(Action action, SyscallId id, const Observed& observed) {
  const bool returned = observed.kind == Observed::kReturned;
  switch (action.kind) {
    case ActionKind::kKillProcess:
      return observed.kind == Observed::kProcessKilled;
    case ActionKind::kKillThread:
      return observed.kind == Observed::kThreadKilled;
    case ActionKind::kTrap:
      return observed.kind == Observed::kTrapped;
    case ActionKind::kErrno:
      return returned && observed.value == -long{std::min(action.value, kMaxErrno)};
    case ActionKind::kNotify:
      return returned && observed.value == -kSupervised;
    case ActionKind::kTrace:
      return returned && observed.value == -ENOSYS;  // There is no tracer.
    case ActionKind::kLog:
    case ActionKind::kAllow: {
      const bool exists = id.nr != 999 && id.abi != Abi::kX32;
      return returned && (exists ? observed.value >= 0 : observed.value >= 0 || observed.value == -ENOSYS);
    }
  }
  return false;
}

Action Interpreted(const FilterProgram& program, SyscallId id, const Arguments& arguments) {
  return ActionFromReturn(EvaluateStack({&program, 1}, id, arguments));
}

// Names of which every number takes no arguments and does nothing that matters.
Profile Harmless(Profile profile) {
  for (Rule& rule : profile.rules) {
    for (std::string& name : rule.names) {
      if (name == "socket") name = "getuid";
      if (name == "fcntl64") name = "geteuid32";
    }
  }
  return profile;
}

void ExpectConfirmed(const FilterProgram& program, SyscallId id, const Arguments& arguments, Action claimed) {
  EXPECT_EQ(Interpreted(program, id, arguments), claimed) << DisplayName(id);
  const Observed observed = Ask(program, id, arguments);
  EXPECT_TRUE(Fits(claimed, id, observed)) << DisplayName(id) << ": claimed " << ScmpActionName(claimed.kind) << " "
                                           << claimed.value << ", observed " << observed;
}

Arguments WithDirtyUpperHalves(Arguments arguments) {
  for (uint64_t& argument : arguments) argument |= 0xdead0000'00000000;
  return arguments;
}

TEST(AlgebraKernelTest, EveryCounterexampleIsConfirmed) {
  const bool ia32 = HasIa32Emulation();
  std::set<Abi> abis;
  std::set<ActionKind> kinds;
  size_t confirmed = 0;
  // A few pairs, or as many as were asked for (CMakeLists.txt).
  const char* const wanted = std::getenv("SYSCARVE_PAIRS");
  const char* const from = std::getenv("SYSCARVE_FIRST_PAIR");
  const auto first = static_cast<uint32_t>(from == nullptr ? 0 : std::atoi(from));
  const auto end = first + static_cast<uint32_t>(wanted == nullptr ? 60 : std::atoi(wanted));
  for (uint32_t seed = first; seed < end && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    NarrowProfiles profiles(seed);
    const Profile a = Harmless(profiles.Next());
    const Profile b = Harmless(profiles.Next());
    const absl::StatusOr<FilterProgram> filter_a = Compile(a);
    const absl::StatusOr<FilterProgram> filter_b = Compile(b);
    if (!filter_a.ok() || !filter_b.ok()) continue;
    const Meaning left = MeaningOf(a, Abi::kX86_64).value();
    const Meaning right = MeaningOf(b, Abi::kX86_64).value();
    // One of each ABI: the others' calls are taken out of sight.
    for (const Abi abi : AbisServedBeside(Abi::kX86_64)) {
      if (abi == Abi::kI386 && !ia32) continue;
      Meaning only = left;
      std::erase_if(only.decisions, [&](const auto& call) { return call.first.abi != abi; });
      const std::optional<Counterexample> example = FindCounterexample(only, right).value();
      if (!example.has_value() || SyscallName(example->id).value_or("get").substr(0, 3) != "get") continue;
      ExpectConfirmed(*filter_a, example->id, example->arguments, example->left);
      ExpectConfirmed(*filter_b, example->id, example->arguments, example->right);
      if (abi == Abi::kI386) {
        // libseccomp's filters do not look at the upper halves there.
        const Arguments dirty = WithDirtyUpperHalves(example->arguments);
        ExpectConfirmed(*filter_a, example->id, dirty, example->left);
        ExpectConfirmed(*filter_b, example->id, dirty, example->right);
      }
      abis.insert(abi);
      kinds.insert({example->left.kind, example->right.kind});
      ++confirmed;
    }
  }
  std::printf("%zu counterexamples confirmed\n", confirmed);
  EXPECT_GT(confirmed, ia32 ? 30U : 20U);
  EXPECT_EQ(kinds.size(), 8U);
  EXPECT_EQ(abis.size(), ia32 ? 3U : 2U);
}

// Upper halves that a filter does look at, also under int $0x80.
TEST(AlgebraKernelTest, UpperHalvesAreSeen) {
  const FilterProgram program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 20), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xdead0000, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 700), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const bool ia32 = HasIa32Emulation();
  const Meaning meaning = MeaningOf({&program, 1}, Abi::kX86_64).value();
  for (const SyscallId id : {SyscallId{Abi::kX86_64, 39}, SyscallId{Abi::kI386, 20}, SyscallId{Abi::kX32, 39}}) {
    if (id.abi == Abi::kI386 && !ia32) continue;
    for (const Arguments& arguments : {Arguments{}, WithDirtyUpperHalves({})}) {
      ExpectConfirmed(program, id, arguments, ActionFor(meaning, id, arguments).value());
    }
  }
}

// Every return replaced by an errno that tells which it was, so that nothing is executed and nobody killed, and one
// child can ask thousands of times.
FilterProgram WithMarks(FilterProgram program, std::vector<uint32_t>& returns) {
  for (sock_filter& insn : program) {
    if (insn.code != (BPF_RET | BPF_K)) continue;
    const auto known = std::find(returns.begin(), returns.end(), insn.k);
    const auto mark = static_cast<uint32_t>(known - returns.begin());
    if (known == returns.end()) returns.push_back(insn.k);
    insn.k = SECCOMP_RET_ERRNO | (2000 + mark);
  }
  return program;
}

TEST(AlgebraKernelTest, FiltersDecideAsToldForGeneratedArguments) {
  const bool ia32 = HasIa32Emulation();
  size_t asked = 0;
  const uint32_t profiles_tried = InputsToTry(60, 12);
  for (uint32_t seed = 1000; seed < 1000 + profiles_tried; ++seed) {
    NarrowProfiles profiles(seed);
    const Profile profile = profiles.Next();
    const absl::StatusOr<FilterProgram> program = Compile(profile);
    if (!program.ok()) continue;
    std::vector<uint32_t> returns;
    const FilterProgram marked = WithMarks(*program, returns);
    const std::vector<Arguments> questions = profiles.Questions();
    std::vector<SyscallId> calls = NarrowProfiles::Calls();
    if (!ia32) std::erase_if(calls, [](SyscallId id) { return id.abi == Abi::kI386; });
    const size_t size = calls.size() * questions.size() * sizeof(long);
    auto* const answers =
        static_cast<long*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    // A thread asks, because the child must still be able to end.
    struct Work {
      const FilterProgram& marked;
      const std::vector<SyscallId>& calls;
      const std::vector<Arguments>& questions;
      long* answers;
      std::atomic<bool> ended{false};
    } work{marked, calls, questions, answers};
    const int status = InChild([&work] {
      pthread_t thread;
      const auto ask = [](void* argument) -> void* {
        auto& own = *static_cast<Work*>(argument);
        if (!Load(own.marked)) Exit(1);
        size_t at = 0;
        for (const SyscallId id : own.calls) {
          for (const Arguments& arguments : own.questions) own.answers[at++] = MakeCall(id, arguments);
        }
        own.ended = true;
        for (;;) asm volatile("pause");
      };
      if (pthread_create(&thread, nullptr, ask, &work) != 0) Exit(1);
      while (!work.ended) usleep(100);
    });
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "seed " << seed << ", " << status;
    const Meaning meaning = MeaningOf(profile, Abi::kX86_64).value();
    size_t at = 0;
    for (const SyscallId id : calls) {
      for (const Arguments& arguments : questions) {
        const auto mark = static_cast<size_t>(-answers[at++] - 2000);
        ASSERT_LT(mark, returns.size()) << "seed " << seed << ", " << DisplayName(id);
        Action expected = ActionFromReturn(returns[mark]);
        EXPECT_EQ(Interpreted(*program, id, arguments), expected) << "seed " << seed << ", " << DisplayName(id);
        if (expected.kind == ActionKind::kErrno) expected.value = std::min(expected.value, kMaxErrno);
        EXPECT_EQ(ActionFor(meaning, id, arguments), expected) << "seed " << seed << ", " << DisplayName(id);
        ++asked;
      }
    }
    munmap(answers, size);
  }
  std::printf("the kernel was asked %zu times\n", asked);
  EXPECT_GT(asked, profiles_tried * 1600U);
}

}  // namespace
}  // namespace syscarve

#else

TEST(AlgebraKernelTest, OnlyOnX86_64) {
  GTEST_SKIP() << "the raw calls of this test are written for x86_64";
}

#endif
