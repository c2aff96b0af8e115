// SPDX-License-Identifier: Apache-2.0
// A profile in the making, passed on by the steps of Generate.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/proofs.h"
#include "userspace/policy/closure.h"
#include "userspace/policy/generated_profile.h"

namespace syscarve {

struct ProfileDraft {
  Abi native_abi = Abi::kX86_64;
  std::vector<Abi> abis;          // The ABIs that the profile lists, ascending.
  std::set<std::string> blocked;  // GenerateOptions::block: never among `calls`.
  // With GenerateOptions::only_needed, calls proven not to be needed: not among `calls` for having been seen or by
  // closure.
  std::set<std::string> not_needed;
  std::set<std::string> not_needed_though_seen;
  // Refused by an engine's own profile in the same way as by this one: not among `calls` by closure.
  std::set<std::string> stays_refused;
  std::set<CallWithValues> not_needed_arguments;  // Likewise: not allowed for having been seen.
  std::map<std::string, AllowedCall> calls;       // By name.
  SeenCalls wanted;                               // The input of closure.
  std::vector<CutCall> cut;                       // By the ceiling; ascending by name, like the next.
  std::vector<NarrowedCall> narrowed;
  std::map<std::string, std::string> left_out;  // As GeneratedProfile::left_out.
  std::map<std::string, std::string> replaced;  // As GeneratedProfile::replaced.

  // For the warnings.
  std::set<std::string> blocked_though_seen;
  std::set<std::string> blocked_of_runtime;
  std::set<std::string> contradicted;                    // Requested and blocked.
  std::set<std::string> nowhere;                         // Requested, but no ABI has such a call.
  std::map<std::string, std::set<std::string>> widened;  // Names, by the ABIs that they were widened from and to.
  std::vector<std::string> warnings;                     // Sentences.

  // Allows the call, and returns its entry.
  AllowedCall& Allow(const std::string& name);
  std::set<std::string> names() const;                // The names of `calls`.
  std::set<std::string> conditional() const;          // The names of `narrowed`.
  bool ExistsSomewhere(std::string_view name) const;  // Whether any ABI of the profile has the call.
};

}  // namespace syscarve
