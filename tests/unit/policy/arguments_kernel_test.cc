// SPDX-License-Identifier: Apache-2.0
// Rules made of arguments, asked of the kernel: children load the filter and make the calls, with clean and dirty upper
// halves, natively, as x32 and by int $0x80.
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/unit/policy/argument_recordings.h"
#include "tests/unit/seccomp/kernel_calls.h"
#include "userspace/seccomp/compile.h"

#if defined(__x86_64__)

namespace syscarve {
namespace {

// No call of the kernel fails with it.
constexpr uint16_t kMark = 1234;
constexpr long kX32Bit = 0x40000000;
constexpr uint64_t kFamilies = 64;
constexpr uint64_t kTypes = 12;
constexpr uint64_t kDirt[] = {0, 1ULL << 32, 0xffffffffULL << 32, 0x8000000000000000ULL};
constexpr int kWays = 3;  // Native, x32, i386.

// The profile's filter with a mark in place of every errno.
FilterProgram Marked(Profile profile) {
  if (profile.default_action.kind == ActionKind::kErrno) profile.default_action.value = kMark;
  for (Rule& rule : profile.rules) {
    if (rule.action.kind == ActionKind::kErrno) rule.action.value = kMark;
  }
  auto compiled = Compile(profile);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return compiled.ok() ? *std::move(compiled) : FilterProgram();
}

struct Answers {
  bool sockets[kWays][kFamilies][kTypes][std::size(kDirt)];
  bool flags[2][32][std::size(kDirt)];  // clone with each flag, native and i386: whether it was refused.
  bool personality[std::size(kDirt)];
  bool executable[std::size(kDirt)];
  bool ptracer[std::size(kDirt)];
};

TEST(ArgumentsKernelTest, NothingThatWasNotSeenGetsThrough) {
  constexpr long kSocketI386 = 359;
  constexpr long kCloneI386 = 120;
  RecordingBuilder builder;
  for (const Abi abi : {Abi::kX86_64, Abi::kX32, Abi::kI386}) {
    CallWith(builder, "socket", {{AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0}}, abi);
    CallWith(builder, "clone", {{CLONE_VM | SIGCHLD}}, abi);
    for (const char* name : {"close", "exit_group"}) builder.Call(name, 1, abi);
  }
  CallWith(builder, "personality", {{0}});
  CallWith(builder, "mprotect", {{PROT_READ}});
  CallWith(builder, "prctl", {{PR_SET_NAME, 0}});
  const FilterProgram program = Marked(MadeOf(builder, ArgumentMode::kSafe).profile);
  const Shared<Answers> answers;
  const int status = InChild([&] {
    if (!Load(program)) Exit(1);
    const auto refused = [](long result) { return result == -kMark; };
    for (size_t d = 0; d < std::size(kDirt); ++d) {
      const uint64_t dirt = kDirt[d];
      for (uint64_t family = 0; family < kFamilies; ++family) {
        for (uint64_t type = 0; type < kTypes; ++type) {
          // A protocol that no family has: whatever is let through fails in the kernel.
          const uint64_t args[6] = {family | dirt, type | dirt, 0x7ffffff | dirt, dirt, dirt, dirt};
          answers->sockets[0][family][type][d] = !refused(Call64(SYS_socket, args));
          answers->sockets[1][family][type][d] = !refused(Call64(SYS_socket | kX32Bit, args));
          answers->sockets[2][family][type][d] = !refused(Call32(kSocketI386, args));
        }
      }
      for (int bit = 0; bit < 32; ++bit) {
        // CLONE_THREAD without CLONE_SIGHAND is an error, after the filter.
        const uint64_t args[6] = {uint64_t{1} << bit | CLONE_THREAD | dirt, 0, 0, 0, 0, 0};
        const bool sighand = (uint64_t{1} << bit) == CLONE_SIGHAND;
        answers->flags[0][bit][d] = !sighand && refused(Call64(SYS_clone, args));
        answers->flags[1][bit][d] = !sighand && refused(Call32(kCloneI386, args));
      }
      answers->personality[d] = refused(Call64(SYS_personality, {0x0040000 | dirt, 0, 0, 0, 0, 0}));
      answers->executable[d] = refused(Call64(SYS_mprotect, {0, 4096, PROT_EXEC | dirt, 0, 0, 0}));
      answers->ptracer[d] = refused(Call64(SYS_prctl, {PR_SET_PTRACER | dirt, 1, 0, 0, 0, 0}));
    }
  });
  ASSERT_EQ(status, 0);
  const std::set<uint64_t> families = {AF_UNIX, AF_INET, AF_INET6};
  const std::set<uint64_t> types = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
  constexpr uint64_t kNamespaces =
      CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  for (size_t d = 0; d < std::size(kDirt); ++d) {
    for (int way = 0; way < kWays; ++way) {
      for (uint64_t family = 0; family < kFamilies; ++family) {
        for (uint64_t type = 0; type < kTypes; ++type) {
          ASSERT_EQ(answers->sockets[way][family][type][d], families.contains(family) && types.contains(type))
              << way << " " << family << " " << type << " " << kDirt[d];
        }
      }
    }
    for (int bit = 0; bit < 32; ++bit) {
      const bool is_namespace = ((uint64_t{1} << bit) & kNamespaces) != 0;
      EXPECT_EQ(answers->flags[0][bit][d], is_namespace) << bit;
      EXPECT_EQ(answers->flags[1][bit][d], is_namespace) << bit;
    }
    EXPECT_TRUE(answers->personality[d] && answers->executable[d] && answers->ptracer[d]);
  }
}

}  // namespace
}  // namespace syscarve

#endif
