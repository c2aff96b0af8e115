// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/refusals.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/policy/recordings.h"
#include "userspace/model/recording_words.h"
#include "userspace/policy/generate.h"

namespace syscarve {
namespace {

std::vector<RefusedCall> Refused(const RecordingBuilder& builder) {
  return Generate(std::vector{builder.Build()}, {.closure = ClosureMode::kNone}).value().refused;
}

TEST(RefusalsTest, WhatIsProbedAndAnsweredEnosysIsNoWarning) {
  RecordingBuilder builder;
  builder.Call("read").Denied("clone3", ENOSYS, 7).Denied("rseq", ENOSYS).Denied("vfork", EPERM, 3);
  const std::vector<RefusedCall> refused = Refused(builder);
  EXPECT_EQ(HarmlessRefusals(refused, 8), "clone3 (7 times), rseq (1 time)");
  EXPECT_EQ(HarmlessRefusals(refused, 1), "clone3 (7 times) and 1 more");
  EXPECT_EQ(RefusalWarnings(refused),
            std::vector<std::string>{"refused by a filter already in force while recording, and so not allowed: vfork "
                                     "(EPERM 3 times, by /usr/bin/program)"});
}

TEST(RefusalsTest, OnlyWhatIsKnownToBeProbedIsHarmlessAndOnlyByThatAnswer) {
  RecordingBuilder builder;
  builder.Call("read").Denied("clone3", EPERM).Denied("clone3", ENOSYS).Denied("mount", ENOSYS).Denied("bpf", 0);
  builder.Denied("ptrace", kDenialTrapped);
  const std::vector<RefusedCall> refused = Refused(builder);
  EXPECT_EQ(HarmlessRefusals(refused, 8), "clone3 (1 time)");
  const std::vector<std::string> warnings = RefusalWarnings(refused);
  ASSERT_EQ(warnings.size(), 4U);
  EXPECT_TRUE(warnings[0].ends_with("bpf (killed 1 time, by /usr/bin/program)")) << "those that killed are first";
  EXPECT_TRUE(warnings[1].ends_with("clone3 (EPERM 1 time, by /usr/bin/program)"));
  EXPECT_TRUE(warnings[2].ends_with("mount (ENOSYS 1 time, by /usr/bin/program)"));
  EXPECT_TRUE(warnings[3].ends_with("ptrace (trapped 1 time, by /usr/bin/program)"));
}

TEST(RefusalsTest, WhatTheProfileAllowsIsNoWarning) {
  RecordingBuilder builder;
  builder.Calls({"read", "clone3", "vfork"}).Denied("clone3", ENOSYS).Denied("vfork", EPERM);
  const std::vector<RefusedCall> refused = Refused(builder);
  EXPECT_EQ(refused.size(), 2U);
  EXPECT_EQ(HarmlessRefusals(refused, 8), "");
  EXPECT_TRUE(RefusalWarnings(refused).empty());
}

TEST(RefusalsTest, ManyAreCounted) {
  RecordingBuilder builder;
  for (ProgramId id = 1; id < 20; ++id) {
    builder.recording().programs.push_back({.path = "/bin/" + std::to_string(id), .device = 1, .inode = 100 + id});
  }
  builder.Call("read");
  for (const SyscallEntry& entry : SyscallTable(Abi::kX86_64).subspan(1, 60)) {
    builder.Denied(entry.name, EPERM, 23);
    for (ProgramId id = 1; id < 20; ++id) {
      Denial& denial = builder.trace().denials[{Abi::kX86_64, entry.nr}].front();
      denial.programs[id] = 1;
      ++denial.count;
    }
  }
  const std::vector<std::string> warnings = RefusalWarnings(Refused(builder));
  ASSERT_EQ(warnings.size(), 8U);
  EXPECT_TRUE(warnings.back().ends_with("not allowed: 53 more; `syscarve explain` names all of them"));
  EXPECT_TRUE(warnings.front().ends_with("(EPERM 42 times, by /usr/bin/program, /bin/1, /bin/10 and 17 more programs)"))
      << warnings.front();
}

}  // namespace
}  // namespace syscarve
