// SPDX-License-Identifier: Apache-2.0
// What the user should know of a generated profile. Last step of Generate.
#pragma once

#include <string>
#include <vector>

#include "userspace/policy/evidence.h"
#include "userspace/policy/profile_draft.h"

namespace syscarve {

// Sentences; may hold an adversary's bytes. Those of draft.warnings are the first.
std::vector<std::string> GenerateWarnings(const ProfileDraft& draft, const Evidence& evidence);

}  // namespace syscarve
