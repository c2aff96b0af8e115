// SPDX-License-Identifier: Apache-2.0
// What a profile decides, call by call, for the formats that speak of calls and not of rules.
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
  Action unknown;                   // For numbers beyond the tables; the profile's default in effect.
  std::vector<CallDecision> calls;  // All with a name, ascending by number.
};

// Of `meaning`, which is a profile's.
AbiDecisions DecisionsOf(const Meaning& meaning, Abi abi);

// Whether the kernel makes the call with some arguments.
inline bool LetsThrough(const Decision& decision) {
  for (const auto& [action, on] : decision) {
    if (LetsThrough(action)) return true;
  }
  return false;
}

// Notes in `losses` the ABIs beside `native` of which the profile lets some calls through, for a format for one
// architecture, under which all their calls are refused. Not of those in `spoken_of`.
void NoteOtherAbis(const Meaning& meaning, Abi native, const std::set<Abi>& spoken_of, Losses& losses);

// kInvalidArgument unless `profile` speaks of `native`; the error says of which it does.
absl::Status CheckSpeaksOf(const Profile& profile, Abi native, std::string_view format);

}  // namespace syscarve
