// SPDX-License-Identifier: Apache-2.0
// Why each call is in a profile, for people (text) and programs (JSON; docs/explain.md has its fields).
#pragma once

#include <span>
#include <string>

#include "userspace/model/profile.h"
#include "userspace/policy/generate.h"

namespace syscarve {

// Every reason for every call that a recording's profile allows, then the calls that a filter refused while recording,
// then the verdicts on capabilities. With `names`, only those calls, in that order, and no capabilities; a name that is
// not allowed is said to be refused, and how. What a filter refused while recording is told of each call that it was.
std::string ExplainText(const GeneratedProfile& made, std::span<const std::string> names);
std::string ExplainJson(const GeneratedProfile& made, std::span<const std::string> names);

// What a profile file itself says of each name: the action, the conditions and the comment of every rule that has it.
std::string ExplainText(const Profile& profile, std::span<const std::string> names);
std::string ExplainJson(const Profile& profile, std::span<const std::string> names);

}  // namespace syscarve
