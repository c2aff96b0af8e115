// SPDX-License-Identifier: Apache-2.0
// Privileges and listening ports of a process, read from /proc.
#pragma once

#include <sys/types.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/process/task_status.h"

namespace syscarve {

struct ProcessState {
  std::array<uint32_t, 4> users = {};   // Real, effective, saved, and for file systems; proc(5), Uid.
  std::array<uint32_t, 4> groups = {};  // Likewise; Gid.
  std::vector<uint32_t> more_groups;    // In the kernel's order, which is ascending; Groups.
  uint64_t permitted = 0;               // Capability n is bit n; CapPrm.
  uint64_t effective = 0;               // CapEff.
  bool no_new_privs = false;            // NoNewPrivs.
  std::string root;                     // Root directory, in the reader's mount namespace; untrusted bytes.
  std::set<uint16_t> listens;           // TCP ports; 0 stands for any port chosen by the kernel.
  auto operator<=>(const ProcessState&) const = default;
};

// The state of `task`; nullopt if /proc does not show it. REQUIRES: the task is blocked, such as by a user
// notification, until this returns.
std::optional<ProcessState> ReadProcessState(pid_t task);

// The bounding set of `task`, capability n as bit n; nullopt if /proc does not show it.
std::optional<uint64_t> BoundingSetOf(pid_t task);

// The seccomp mode of `task`, 2 under a filter (proc(5), Seccomp); nullopt if /proc does not show it.
std::optional<unsigned> SeccompModeOf(pid_t task);

// The TCP ports on which any process in the network namespace of `process` listens; empty if /proc does not show them.
std::set<uint16_t> ListeningPortsBeside(pid_t process);

// The target of /proc/TASK/exe, untrusted bytes; "" if it cannot be read. REQUIRES: as for ReadProcessState.
std::string ExecutableOf(pid_t task);

// The fields of a task's status, without root and ports; nullopt if a field is missing or malformed.
std::optional<ProcessState> StateFrom(const TaskStatus& status);
// Parses a table like /proc/net/tcp: socket inode and port of each listening socket. Malformed lines are skipped.
std::vector<std::pair<uint64_t, uint16_t>> ParseListening(std::string_view table);

}  // namespace syscarve
