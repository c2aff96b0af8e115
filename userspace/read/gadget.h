// SPDX-License-Identifier: Apache-2.0
// What Inspektor Gadget's advise_seccomp prints: a line "// NAME" with the container's name, and a profile in JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"

namespace syscarve {

struct GadgetProfile {
  JsonValue oci;                      // profile_json.h reads it.
  std::vector<std::string> warnings;  // Sentences: the names it made up for numbers it knew none for, left out.
};

// Whether the text begins as such an output does.
bool LooksLikeGadgetOutput(std::string_view text);

// kInvalidArgument when there is no profile in it or, with the containers' names, when there are several; and for
// malformed JSON.
absl::StatusOr<GadgetProfile> ReadGadgetOutput(std::string_view text, const JsonLimits& limits);

}  // namespace syscarve
