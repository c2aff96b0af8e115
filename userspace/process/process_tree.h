// SPDX-License-Identifier: Apache-2.0
// The processes below us. A command's daemons and orphans lose their parent but not their recorder: once we are their
// subreaper (prctl(2), PR_SET_CHILD_SUBREAPER), every process that descends from us stays findable, endable and
// reapable, without a cgroup and without privilege.
//
//   SubreaperScope subreaper;
//   …start the command, wait for it…
//   const KillResult end = EndDescendants(std::chrono::seconds(10));
//   if (end.ended > 0) Note(…);
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace syscarve {

// Whether /proc is there and speaks of our own pid namespace. Otherwise its numbers are other processes' than ours, and
// nothing that it says of one may be believed.
bool ProcIsOurs();

// One process as /proc/PID/stat tells.
struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  uint64_t start_time = 0;  // With `pid`, an identity: a reused pid has another.
  bool dead = false;        // Every thread has ended; only the entry is left, for its parent to reap.
};

// nullopt when there is no such process.
std::optional<ProcessInfo> ReadProcess(pid_t pid);

// Kills `process` and no other that may have taken its pid: a descriptor pins the process, then its identity is
// checked.
void KillProcess(const ProcessInfo& process);

// Whether `pid` is a process below `ancestor` now. False when it has gone.
bool IsDescendant(pid_t pid, pid_t ancestor);

// Every process below `ancestor`, none when ProcIsOurs() is not true, parents before their children. A tree that is
// growing meanwhile may have more.
std::vector<ProcessInfo> FindDescendants(pid_t ancestor);

// While it lives, orphans among our descendants become our children instead of init's.
class SubreaperScope {
 public:
  SubreaperScope();
  ~SubreaperScope();
  SubreaperScope(const SubreaperScope&) = delete;
  SubreaperScope& operator=(const SubreaperScope&) = delete;

 private:
  int previous_ = 0;
};

// Ends this process's descendants with SIGKILL, as the kernel does to a container whose first process dies. Nothing is
// waited for: Sweep as often as it takes, and reap in between, because a process can fork faster than it is found.
class DescendantKiller {
 public:
  // Kills every living descendant there is now; returns how many were found alive.
  size_t Sweep();
  // How many processes were killed so far, each counted once.
  uint64_t ended() const { return ended_.size(); }

 private:
  std::set<std::pair<pid_t, uint64_t>> ended_;  // (pid, start time)
};

struct KillResult {
  uint64_t ended = 0;  // Processes killed.
  uint64_t left = 0;   // Processes still there when the time was up: they are stuck in the kernel.
};

// Ends all descendants of this process and reaps all its children, within `limit`. REQUIRES: whoever wants a child's
// status has waited for it.
KillResult EndDescendants(std::chrono::milliseconds limit);

}  // namespace syscarve
