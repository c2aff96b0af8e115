// SPDX-License-Identifier: Apache-2.0
// What the benchmarks of single calls share.
#pragma once

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace syscarve {

inline void Call(long calls, long number = SYS_getppid, long argument = 0) {
  for (long i = 0; i < calls; ++i) syscall(number, argument, 0L);
}

// CPU time, so that whatever else runs on the machine is not counted.
inline double NanosPerCall(long calls, long number = SYS_getppid, long argument = 0) {
  timespec begin;
  timespec end;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
  Call(calls, number, argument);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
  return (static_cast<double>(end.tv_sec - begin.tv_sec) * 1e9 + static_cast<double>(end.tv_nsec - begin.tv_nsec)) /
         static_cast<double>(calls);
}

inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace syscarve
