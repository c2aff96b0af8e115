// SPDX-License-Identifier: Apache-2.0
// This process's descendants. A command's daemons and orphans lose their parent but not their recorder: once this
// process is a subreaper (prctl(2), PR_SET_CHILD_SUBREAPER), every descendant can still be found, ended and reaped,
// without a cgroup and without privilege.
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

// Whether /proc is mounted and is of this process's pid namespace. Otherwise its pids are those of other processes, and
// its contents must not be used.
bool ProcIsOurs();

// One process as described by /proc/PID/stat.
struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  uint64_t start_time = 0;  // With `pid`, an identity: a process that reuses the pid has a different one.
  bool dead = false;        // Every thread has ended; only a zombie is left for its parent to reap.
};

// nullopt if there is no such process.
std::optional<ProcessInfo> ReadProcess(pid_t pid);

// Kills `process`, but never another one that reused its pid: a descriptor pins the process, then its identity is
// checked.
void KillProcess(const ProcessInfo& process);

// Whether `pid` is a process below `ancestor` now. False if it has gone.
bool IsDescendant(pid_t pid, pid_t ancestor);

// Every process below `ancestor`, parents before their children; empty unless ProcIsOurs(). Not atomic: processes
// forked meanwhile may be missing.
std::vector<ProcessInfo> FindDescendants(pid_t ancestor);

// While it lives, orphans among this process's descendants are reparented to this process instead of init.
class SubreaperScope {
 public:
  SubreaperScope();
  ~SubreaperScope();
  SubreaperScope(const SubreaperScope&) = delete;
  SubreaperScope& operator=(const SubreaperScope&) = delete;

 private:
  int previous_ = 0;
};

// Ends this process's descendants with SIGKILL, as the kernel does to a container whose first process dies. Does not
// wait: repeat Sweep until it finds none, and reap in between, because a process can fork faster than it is found.
class DescendantKiller {
 public:
  // Kills every living descendant; returns the number that was found alive.
  size_t Sweep();
  // The number of processes killed so far, each counted once.
  uint64_t ended() const { return ended_.size(); }

 private:
  std::set<std::pair<pid_t, uint64_t>> ended_;  // (pid, start time)
};

struct KillResult {
  uint64_t ended = 0;  // Processes killed.
  uint64_t left = 0;   // Processes left at the time limit: they are stuck in the kernel.
};

// Ends all descendants of this process and reaps all its children, within `limit`. REQUIRES: the caller has already
// waited for the children whose status it needs.
KillResult EndDescendants(std::chrono::milliseconds limit);

}  // namespace syscarve
