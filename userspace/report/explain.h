// SPDX-License-Identifier: Apache-2.0
// Reports of `explain`: why each call is in a profile, for people (text) and programs (JSON; docs/explain.md has its
// fields).
#pragma once

#include <span>
#include <string>

#include "userspace/model/profile.h"
#include "userspace/policy/generate.h"

namespace syscarve {

// All reasons for every call that a generated profile allows, then the denials of the recording, then the verdicts on
// capabilities. With `names`, only these calls, in this order, and no capabilities; for a name that is not allowed, the
// action that refuses it. A call's denials are reported with the call.
std::string ExplainText(const GeneratedProfile& made, std::span<const std::string> names);
std::string ExplainJson(const GeneratedProfile& made, std::span<const std::string> names);

// For each name, the action, conditions and comment of every rule of a profile's file that contains it.
std::string ExplainText(const Profile& profile, std::span<const std::string> names);
std::string ExplainJson(const Profile& profile, std::span<const std::string> names);

}  // namespace syscarve
