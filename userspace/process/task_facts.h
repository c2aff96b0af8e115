// SPDX-License-Identifier: Apache-2.0
// What /proc tells of a task that waits for the supervisor's answer: the program it executes, and how it would take a
// SIGSYS.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <tuple>

#include "userspace/model/recording.h"

struct stat;

namespace syscarve {

// What is told of a program's file.
struct KnownProgram {
  Program program;
  bool privileged = false;  // Set-user-ID to another user, set-group-ID to another group, or file capabilities.
};

// Tells programs by what /proc/TID/exe leads to, each time anew: nothing is remembered of a task, so neither exec nor a
// reused tid can confuse it.
class ProgramLookup {
 public:
  // `uid` and `gid` are the recorded command's: whether a file would give other privileges depends on them. Without
  // `proc_is_ours` (ProcIsOurs()) every task's program is unknown.
  ProgramLookup(uid_t uid, gid_t gid, bool proc_is_ours) : uid_(uid), gid_(gid), proc_is_ours_(proc_is_ours) {}

  // What `task` executes; an empty program when /proc does not tell. The task must be waiting for an answer, and still
  // be when this returns; otherwise the result is void. Valid as long as the lookup lives.
  const KnownProgram& OfTask(pid_t task);
  const KnownProgram& OfFile(const char* path) { return OfFile(path, /*follow_link=*/false); }

 private:
  using Key = std::tuple<dev_t, ino_t, time_t, long>;

  const KnownProgram& OfFile(const char* path, bool follow_link);
  KnownProgram Describe(const char* path, bool follow_link, const struct stat& info) const;

  uid_t uid_;
  gid_t gid_;
  bool proc_is_ours_;
  std::map<Key, KnownProgram> known_;
  KnownProgram unknown_;
};

// What /proc/TID/status tells about a task that is to get SIGSYS.
struct SignalState {
  pid_t process = 0;
  bool alone = false;           // The only thread of its process.
  bool namespace_init = false;  // The first process of a pid namespace, which ignores what it does not handle.
  bool blocked = false;
  bool handled = false;
  bool ignored = false;
};

// nullopt when there is no such task.
std::optional<SignalState> ReadSignalState(pid_t task);

}  // namespace syscarve
