// SPDX-License-Identifier: Apache-2.0
// A process that outlives the recorder. If the recorder is killed, its command would continue unobserved: the guardian
// ends it, removes what the recorder can no longer remove, and reports that.
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
  // To be done once the recorder is dead.
  struct Duties {
    CgroupLeaf* leaf = nullptr;  // Its tasks are killed, and it is removed; nullptr: only `command` is ended.
    pid_t command = 0;           // A child of the recorder that has not been reaped; ended by SIGTERM.
    std::string mark_folder;     // Of the mark socket; removed. "": none.
    std::string checkpoint;      // Reported to the user if it exists by then. "": none.
    std::string left;            // What else continues to run, to be reported. "": nothing.
  };

  // Forks. Call before privileges are given up: the guardian keeps only those that it needs to end the command.
  static absl::StatusOr<Guardian> Start(const Duties& duties);

  Guardian(Guardian&& other) noexcept : pid_(std::exchange(other.pid_, 0)), alive_(std::move(other.alive_)) {}
  Guardian& operator=(Guardian&&) = delete;
  // Dismisses the guardian: it ends without doing anything.
  ~Guardian();

 private:
  Guardian(pid_t pid, UniqueFd alive) : pid_(pid), alive_(std::move(alive)) {}

  pid_t pid_;
  UniqueFd alive_;  // Closed by the recorder's death; a byte before that dismisses the guardian.
};

}  // namespace syscarve
