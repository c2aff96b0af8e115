// SPDX-License-Identifier: Apache-2.0
// Facts from /proc about a task that waits for the supervisor's response: the program that it executes, and the effect
// that a SIGSYS would have.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <tuple>

#include "userspace/model/recording.h"

struct stat;

namespace syscarve {

// A program and facts about its file.
struct KnownProgram {
  Program program;
  bool privileged = false;  // Set-user-ID to another user, set-group-ID to another group, or file capabilities.
};

// Identifies programs by the target of /proc/TID/exe, read anew each time: nothing is cached per task, so neither exec
// nor a reused tid can produce a wrong result.
class ProgramLookup {
 public:
  // `uid` and `gid` are the recorded command's: whether a file grants other privileges depends on them. Without
  // `proc_is_ours` (ProcIsOurs()) every task's program is unknown.
  ProgramLookup(uid_t uid, gid_t gid, bool proc_is_ours) : uid_(uid), gid_(gid), proc_is_ours_(proc_is_ours) {}

  // The program that `task` executes; empty if /proc does not show it. The result is valid only if the task was waiting
  // for a response and still is when this returns. The reference is valid as long as this object.
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

// The signal state in /proc/TID/status of a task that is to receive SIGSYS.
struct SignalState {
  pid_t process = 0;
  bool alone = false;           // The only thread of its process.
  bool namespace_init = false;  // The first process of a pid namespace, which ignores signals without a handler.
  bool blocked = false;
  bool handled = false;
  bool ignored = false;
};

// nullopt if there is no such task.
std::optional<SignalState> ReadSignalState(pid_t task);

}  // namespace syscarve
