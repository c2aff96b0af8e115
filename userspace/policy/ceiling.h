// SPDX-License-Identifier: Apache-2.0
// A ceiling: a profile that another one may not exceed, such as the one that an engine enforces by default.
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

// What is left of a set of names. A name in neither map is allowed by the ceiling whatever its arguments.
struct CeilingResult {
  std::vector<Abi> abis;                          // Those that the ceiling serves at all.
  std::map<std::string, Action> cut;              // Never allowed, and the ceiling's action.
  std::map<std::string, ArgumentRules> narrowed;  // Allowed for some arguments: the rules to write.
  std::vector<std::string> warnings;              // Sentences.
};

// Which of `names` the ceiling allows. `refusing` is the profile to come as it would be if it allowed nothing: its
// ABIs, its default, and its rules for refused calls. The rules of a narrowed name refuse as `refusing` does where that
// can be written beside the conditions, and with its default otherwise. Calls that the ceiling lets through with a log
// count as allowed. The ceiling is taken at what libseccomp's filter for it decides.
//
// Rules are by name for all ABIs of a profile: where the ceiling's decisions differ by ABI, what is left is what it
// allows on every one. kInvalidArgument: the ceiling cannot be compiled, or does not serve `native`.
absl::StatusOr<CeilingResult> ApplyCeiling(const std::set<std::string>& names, Abi native, const Profile& refusing,
                                           const Profile& ceiling);

// OK when the filter made of `profile` lets nothing through that the one made of `ceiling` refuses, for every number of
// every ABI that a kernel beside `native` may serve, over all arguments. Otherwise kInternal, naming the first such
// call.
absl::Status VerifyUnderCeiling(const Profile& profile, Abi native, const Profile& ceiling);

}  // namespace syscarve
