// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/recording_output.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

TEST(TotalsOfTest, CountsProgramsThatMadeACall) {
  Recording recording;
  // The first is of a process of which only its handlers are known.
  recording.programs = {{}, {.path = "/bin/a"}, {.path = "/bin/b"}};
  recording.subjects.emplace_back();
  const SyscallId read = *FindSyscall(NativeAbi(), "read");
  const SyscallId write = *FindSyscall(NativeAbi(), "write");
  for (const uint64_t times : {uint64_t{2}, uint64_t{3}}) {
    SubjectTrace trace;
    trace.calls[read].count = times;
    trace.calls[read].programs = {{1, times}};
    trace.denials[write] = {{.errno_value = EPERM, .count = times, .programs = {{1, times}}}};
    if (times == 3) {
      trace.calls[write].count = 1;
      trace.calls[write].programs = {{2, 1}};
    }
    syscarve::Run run;
    run.subjects[0] = trace;
    recording.runs.push_back(run);
  }
  EXPECT_EQ(TotalsOf(recording), (RecordedTotals{.kinds = 2, .calls = 6, .refused = 5, .programs = 2}));
}

}  // namespace
}  // namespace syscarve
