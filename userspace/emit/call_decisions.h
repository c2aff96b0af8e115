// SPDX-License-Identifier: Apache-2.0
// A profile's decisions, call by call, for the formats that consist of calls and not of rules.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/emit/losses.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/symbolic.h"

namespace syscarve {

struct CallDecision {
  SyscallId id;
  std::string name;
  Decision decision;
};

struct AbiDecisions {
  Action unknown;                   // For numbers beyond the tables: the profile's effective default.
  std::vector<CallDecision> calls;  // All calls with a name, ascending by number.
};

// The decisions of `meaning`, which is a profile's, on `abi`.
AbiDecisions DecisionsOf(const Meaning& meaning, Abi abi);

// Whether the kernel executes the call for some arguments.
inline bool LetsThrough(const Decision& decision) {
  for (const auto& [action, on] : decision) {
    if (LetsThrough(action)) return true;
  }
  return false;
}

// For a format for one architecture, which refuses all calls of other ABIs: notes in `losses` each ABI, other than
// `native` and those in `covered`, of which the profile lets some calls through.
void NoteOtherAbis(const Meaning& meaning, Abi native, const std::set<Abi>& covered, Losses& losses);

// kInvalidArgument unless `profile` covers `native`; the error lists the ABIs that it covers.
absl::Status CheckCovers(const Profile& profile, Abi native, std::string_view format);

}  // namespace syscarve
