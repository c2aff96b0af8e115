// SPDX-License-Identifier: Apache-2.0
// Profiles in the form that oci-seccomp-bpf-hook writes, which uses containers-common's types: one line, every entry
// with all of its fields; and its way of adding recorded calls to an existing profile.
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

// A profile to extend: the text's members in containers-common's order, with missing required members filled in.
// Members unknown to containers-common are kept, behind the others.
struct ContainersCommonProfile {
  JsonValue::Object members;
};

// kInvalidArgument, with the place, if `text` is not a JSON object or a member has the wrong type. As in the original,
// the values of the members are not validated.
absl::StatusOr<ContainersCommonProfile> ParseContainersCommonProfile(std::string_view text);

struct ContainersCommonAddition {
  std::set<std::string> names;  // To allow.
  std::span<const Abi> abis;    // The host's first. The result lists all of them.
  // The errno of unlisted calls, unless the input has one; nullopt for the runtime's default, EPERM.
  std::optional<int> default_errno;
};

struct ContainersCommonMerge {
  std::string text;
  // Names to allow that have an entry in the input already, with the action of the first: the input takes precedence.
  std::map<std::string, std::string> decided_by_input;
};

// The input's entries, unchanged, followed by one entry that allows those of `names` that no entry of the input has (no
// such entry if there are none); the default action is SCMP_ACT_ERRNO. Deterministic.
ContainersCommonMerge MergeContainersCommon(const ContainersCommonProfile& input,
                                            const ContainersCommonAddition& addition);

}  // namespace syscarve
