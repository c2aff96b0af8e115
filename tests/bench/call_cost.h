// SPDX-License-Identifier: Apache-2.0
// What the benchmarks of single calls share.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace syscarve {

inline void Call(long calls, long number = SYS_getppid, long argument = 0) {
  for (long i = 0; i < calls; ++i) syscall(number, argument, 0L);
}

// Of each of `count` times `call`. CPU time, so that whatever else runs on the machine is not counted.
template <typename Calls>
double NanosPerTime(long count, Calls call) {
  timespec begin;
  timespec end;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
  for (long i = 0; i < count; ++i) call();
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
  return (static_cast<double>(end.tv_sec - begin.tv_sec) * 1e9 + static_cast<double>(end.tv_nsec - begin.tv_nsec)) /
         static_cast<double>(count);
}

inline double NanosPerCall(long calls, long number = SYS_getppid, long argument = 0) {
  return NanosPerTime(calls, [=] { syscall(number, argument); });
}

inline double NanosPerOpen(long calls) {
  return NanosPerTime(calls, [] { close(open("/etc/passwd", O_RDONLY | O_CLOEXEC)); });
}

inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace syscarve
