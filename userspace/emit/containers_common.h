// SPDX-License-Identifier: Apache-2.0
// Profiles in the shape that oci-seccomp-bpf-hook writes them, with containers-common's types: one line, every entry
// with all of its fields; and its way of adding what was recorded to a profile that is there already.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/abi.h"

namespace syscarve {

// A profile to start from: the text's members in containers-common's order, with those that an entry must have filled
// in. Members that containers-common does not know are kept, behind the others.
struct ContainersCommonProfile {
  JsonValue::Object members;
};

// kInvalidArgument, naming the place, for what is no JSON object or has a member of the wrong type. What the members
// mean is not judged here: as in the original, the profile is taken as it is.
absl::StatusOr<ContainersCommonProfile> ParseContainersCommonProfile(std::string_view text);

struct ContainersCommonAddition {
  std::set<std::string> names;  // To allow.
  std::span<const Abi> abis;    // The host's first. Each is named by the result.
  // The errno of unlisted calls, unless the input says one; nullopt leaves the runtime's, which is EPERM.
  std::optional<int> default_errno;
};

struct ContainersCommonMerge {
  std::string text;
  // Names to allow that the input speaks of already, with the action it gives them first: what it says stands.
  std::map<std::string, std::string> decided_by_input;
};

// The input's entries first and as they were, then one entry that allows the `names` of which the input says nothing
// under any action (none when there are no such), over the default SCMP_ACT_ERRNO. Same input, same bytes.
ContainersCommonMerge MergeContainersCommon(const ContainersCommonProfile& input,
                                            const ContainersCommonAddition& addition);

}  // namespace syscarve
