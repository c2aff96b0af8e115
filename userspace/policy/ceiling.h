// SPDX-License-Identifier: Apache-2.0
// A ceiling: a profile that another one may not exceed, such as an engine's default.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {

// The result of applying a ceiling to a set of names. A name in neither map is allowed by the ceiling whatever its
// arguments.
struct CeilingResult {
  std::vector<Abi> abis;                          // The ABIs that the ceiling serves.
  std::map<std::string, Action> cut;              // Never allowed, with the ceiling's action.
  std::map<std::string, ArgumentRules> narrowed;  // Allowed for some arguments, with the rules to write.
  std::vector<std::string> warnings;              // Sentences.
};

// Determines which of `names` the ceiling allows. `refusing` is the profile in the making without any allowed call: its
// ABIs, its default, and its rules for refused calls. The rules of a narrowed name refuse as `refusing` does if that
// can be expressed beside the conditions, and with its default otherwise. Calls that the ceiling lets through with a
// log count as allowed. The ceiling's meaning is that of libseccomp's filter for it.
//
// Rules are by name for all ABIs of a profile: if the ceiling's decisions differ by ABI, what it allows on every one
// remains. kInvalidArgument if the ceiling cannot be compiled, or does not serve `native`.
absl::StatusOr<CeilingResult> ApplyCeiling(const std::set<std::string>& names, Abi native, const Profile& refusing,
                                           const Profile& ceiling);

// OK if the filter made of `profile` lets nothing through that the one made of `ceiling` refuses, for every number of
// every ABI that a kernel beside `native` may serve, over all arguments. Otherwise kInternal, with the first such call.
absl::Status VerifyUnderCeiling(const Profile& profile, Abi native, const Profile& ceiling);

}  // namespace syscarve
