// SPDX-License-Identifier: Apache-2.0
// Warnings for the user of a generated profile. Last step of Generate.
#pragma once

#include <string>
#include <vector>

#include "userspace/policy/evidence.h"
#include "userspace/policy/profile_draft.h"

namespace syscarve {

// Sentences; untrusted. Those of draft.warnings come first.
std::vector<std::string> GenerateWarnings(const ProfileDraft& draft, const Evidence& evidence);

}  // namespace syscarve
