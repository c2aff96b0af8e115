// SPDX-License-Identifier: Apache-2.0
// A process that outlives the recorder. When the recorder is killed, the command that it recorded would run on, seen by
// nobody: the guardian ends it, removes what the recorder can no longer remove, and says so.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"
#include "userspace/process/cgroup.h"

namespace syscarve {

class Guardian {
 public:
  // What is to be done once the recorder is dead.
  struct Duties {
    CgroupLeaf* leaf = nullptr;  // Whose tasks are killed, and which is removed; nullptr: only `command` is ended.
    pid_t command = 0;           // A child of ours that has not been reaped; told to end by SIGTERM.
    std::string mark_folder;     // Of the mark socket; removed. "": none.
    std::string checkpoint;      // Named to the user if it is there by then. "": none.
    std::string left;            // What else runs on, and is named. "": nothing.
  };

  // Forks. Before privileges are given up: the guardian keeps no more of them than ending the command takes.
  static absl::StatusOr<Guardian> Start(const Duties& duties);

  Guardian(Guardian&& other) noexcept : pid_(std::exchange(other.pid_, 0)), alive_(std::move(other.alive_)) {}
  Guardian& operator=(Guardian&&) = delete;
  // All is in order: the guardian ends and does nothing.
  ~Guardian();

 private:
  Guardian(pid_t pid, UniqueFd alive) : pid_(pid), alive_(std::move(alive)) {}

  pid_t pid_;
  UniqueFd alive_;  // Closed by our death; a byte before that dismisses the guardian.
};

}  // namespace syscarve
