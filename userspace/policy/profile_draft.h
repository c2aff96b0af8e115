// SPDX-License-Identifier: Apache-2.0
// A profile in the making: what the steps of Generate hand on.
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
  std::vector<Abi> abis;          // That the profile lists, ascending.
  std::set<std::string> blocked;  // GenerateOptions::block: never among `calls`.
  // Proven not to be needed, with GenerateOptions::only_needed: not among `calls` for having been seen or by closure.
  std::set<std::string> not_needed;
  std::set<std::string> not_needed_though_seen;
  // Refused by an engine's own profile as this one refuses them: not among `calls` by closure.
  std::set<std::string> stays_refused;
  std::set<CallWithValues> not_needed_arguments;  // Likewise: not allowed for having been seen.
  std::map<std::string, AllowedCall> calls;       // By name.
  SeenCalls wanted;                               // What closure starts from.
  std::vector<CutCall> cut;                       // By the ceiling; ascending by name, as is the next.
  std::vector<NarrowedCall> narrowed;
  std::map<std::string, std::string> left_out;  // As GeneratedProfile::left_out.
  std::map<std::string, std::string> replaced;  // As GeneratedProfile::replaced.

  // For the warnings.
  std::set<std::string> blocked_though_seen;
  std::set<std::string> blocked_of_runtime;
  std::set<std::string> contradicted;                    // Asked for and blocked.
  std::set<std::string> nowhere;                         // Asked for, and no ABI has such a call.
  std::map<std::string, std::set<std::string>> widened;  // Names by what they were widened from and to.
  std::vector<std::string> warnings;                     // Sentences.

  // The call of that name, which is allowed from now on.
  AllowedCall& Allow(const std::string& name);
  std::set<std::string> names() const;                // Of `calls`.
  std::set<std::string> conditional() const;          // Of `narrowed`.
  bool ExistsSomewhere(std::string_view name) const;  // Whether a rule for it would do anything.
};

}  // namespace syscarve
