// SPDX-License-Identifier: Apache-2.0
// Linux capabilities by number (linux/capability.h) and name, and what a recording says of their use.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"

namespace syscarve {

// CAP_CHECKPOINT_RESTORE, 40, is the last as of Linux 6.18.
inline constexpr int kCapabilityCount = 41;

// As the kernel writes a set: bit N for the capability N.
uint64_t CapabilityBits(const std::set<int>& capabilities);
// "CAP_CHOWN" for 0 and so on; "CAP_<n>" for a number newer than this build.
std::string CapabilityName(int capability);
// Takes "CAP_CHOWN", "cap_chown" or "chown".
std::optional<int> CapabilityFromName(std::string_view name);

// What came of a call in which a capability was granted or denied.
struct CallResult {
  bool granted = false;
  int errno_value = 0;  // What the call ended with; 0: it succeeded.
  auto operator<=>(const CallResult&) const = default;
};

struct ResultCount {
  uint64_t count = 0;  // Checks.
  // Of those denied in calls that failed with EPERM or EACCES: how often it was the last thing that the process was
  // refused, and the process ended with an error (a status, or a signal of its own making) within a second.
  uint64_t ended = 0;
  auto operator<=>(const ResultCount&) const = default;
};

// How often one capability was asked for while one system call was in progress.
struct CapabilityChecks {
  uint64_t granted = 0;
  uint64_t denied = 0;
  // Of those whose calls' ends were seen: each count is at least 1 and at most `granted` or `denied`, each `ended` at
  // most its count.
  std::map<CallResult, ResultCount> results = {};
  auto operator<=>(const CapabilityChecks&) const = default;
};

// Sums stay at UINT64_MAX where they would overflow.
void AddChecks(const CapabilityChecks& more, CapabilityChecks& sum);
// What is in `whole` beyond `part`; where `part` has more, 0. Results that there are not are not in it.
CapabilityChecks ChecksBeyond(const CapabilityChecks& whole, const CapabilityChecks& part);

// Where in the kernel a capability was asked for, and what was known there.
struct CapabilitySite {
  // The kernel's functions that had called each other, from the one that asked for the capability (`ns_capable` and its
  // like are among them) to the call's own, which is "sys_" and its name. Without what compilers append (".isra.0").
  // Empty when not known.
  std::vector<std::string> functions;
  // The call comes out the same without the capability, by its arguments and the task's ids and capabilities.
  bool in_vain = false;
  auto operator<=>(const CapabilitySite&) const = default;
};
using ChecksBySite = std::map<CapabilitySite, CapabilityChecks>;

// What a subject's tasks were asked for. The kernel's question is "has it?", which is not "does it need it?": verdicts
// are drawn from these facts by policy/capabilities.h.
struct CapabilityUse {
  // Checks made with the task's own credentials against its own user namespace. The key is the call in progress;
  // nullopt is a check outside any call (a page fault).
  std::map<std::optional<SyscallId>, CapabilityChecks> during;
  // Those of `during` of which it is known where they were made; never more than there.
  std::map<std::optional<SyscallId>, ChecksBySite> sites;
  // Checks with overridden credentials (overlayfs copy-up, access(2)) or against another user namespace: kept as
  // evidence, but not the subject's own need.
  CapabilityChecks foreign;
  bool operator==(const CapabilityUse&) const = default;
};

}  // namespace syscarve
