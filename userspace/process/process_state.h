// SPDX-License-Identifier: Apache-2.0
// What a process may do, and what it waits for, at one moment: by what /proc tells of it.
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

namespace syscarve {

struct ProcessState {
  std::array<uint32_t, 4> users = {};   // Real, effective, saved, and for file systems; proc(5), Uid.
  std::array<uint32_t, 4> groups = {};  // Likewise; Gid.
  std::vector<uint32_t> more_groups;    // In the kernel's order, which is ascending; Groups.
  uint64_t permitted = 0;               // Capability n is bit n; CapPrm.
  uint64_t effective = 0;               // CapEff.
  std::string root;                     // Its root directory, as we see it: an adversary's bytes.
  std::set<uint16_t> listens;           // TCP ports. 0 stands for all that the kernel chose itself.
  auto operator<=>(const ProcessState&) const = default;
};

// nullopt when /proc does not tell. The task must wait for an answer, and still do when this returns; otherwise it may
// be of two processes.
std::optional<ProcessState> ReadProcessState(pid_t task);

// What /proc/TASK/exe leads to, as we see it: an adversary's bytes; "" when /proc does not tell. As above.
std::string ExecutableOf(pid_t task);

// The part that reads: of /proc/PID/status; and the ports that a table as /proc/net/tcp has in the state LISTEN, by the
// socket's inode. What is no such text is nullopt, or leaves out the line.
std::optional<ProcessState> ParseStatus(std::string_view status);
std::vector<std::pair<uint64_t, uint16_t>> ParseListening(std::string_view table);

}  // namespace syscarve
