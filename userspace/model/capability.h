// SPDX-License-Identifier: Apache-2.0
// Linux capabilities by number (linux/capability.h) and name, and the recorded checks of them.
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

// The kernel's representation of a set: bit N for capability N.
uint64_t CapabilityBits(const std::set<int>& capabilities);
// "CAP_CHOWN" for 0 and so on; "CAP_<n>" for a number newer than this build.
std::string CapabilityName(int capability);
// Accepts "CAP_CHOWN", "cap_chown" and "chown".
std::optional<int> CapabilityFromName(std::string_view name);

// The result of a call during which a capability was granted or denied.
struct CallResult {
  bool granted = false;
  int errno_value = 0;  // The call's errno; 0 if it succeeded.
  auto operator<=>(const CallResult&) const = default;
};

struct ResultCount {
  uint64_t count = 0;  // Checks.
  // Of the checks denied in calls that failed with EPERM or EACCES: the number that were a process's last refusal
  // before the process ended with an error (a status, or a signal of its own making) within a second.
  uint64_t ended = 0;
  auto operator<=>(const ResultCount&) const = default;
};

// How often one capability was checked while one system call was in progress.
struct CapabilityChecks {
  uint64_t granted = 0;
  uint64_t denied = 0;
  // The results of those calls whose end was recorded. Each count is at least 1 and at most `granted` or `denied`; each
  // `ended` is at most its count.
  std::map<CallResult, ResultCount> results = {};
  auto operator<=>(const CapabilityChecks&) const = default;
};

// Adds `more` to `sum`. Sums saturate at UINT64_MAX.
void AddChecks(const CapabilityChecks& more, CapabilityChecks& sum);
// `whole` minus `part`, count by count, and 0 where `part` is larger. Results whose count becomes 0 are left out.
CapabilityChecks ChecksBeyond(const CapabilityChecks& whole, const CapabilityChecks& part);

// Where in the kernel a capability was checked, and what was known there.
struct CapabilitySite {
  // The kernel's call stack at the check, innermost first: from the function that checks the capability (such as
  // `ns_capable`) to the system call's own, which is "sys_" and its name. Without suffixes that compilers append
  // (".isra.0"). Empty if unknown.
  std::vector<std::string> functions;
  // The call has the same result without the capability, according to its arguments and the task's ids and
  // capabilities.
  bool in_vain = false;
  auto operator<=>(const CapabilitySite&) const = default;
};
using ChecksBySite = std::map<CapabilitySite, CapabilityChecks>;

// The capability checks of a subject's tasks. The kernel checks whether a task has a capability, not whether it needs
// one: policy/capabilities.h draws verdicts from these facts.
struct CapabilityUse {
  // Checks with the task's own credentials against its own user namespace. The key is the call in progress; nullopt for
  // a check outside any call (a page fault).
  std::map<std::optional<SyscallId>, CapabilityChecks> during;
  // The part of `during` whose place in the kernel is known; never more than there.
  std::map<std::optional<SyscallId>, ChecksBySite> sites;
  // Checks with overridden credentials (overlayfs copy-up, access(2)) or against another user namespace: kept as
  // evidence, but not needs of the subject.
  CapabilityChecks foreign;
  bool operator==(const CapabilityUse&) const = default;
};

}  // namespace syscarve
