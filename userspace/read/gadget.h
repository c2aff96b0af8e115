// SPDX-License-Identifier: Apache-2.0
// The output of Inspektor Gadget's advise_seccomp: a line "// NAME" with the container's name, and a profile in JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"

namespace syscarve {

struct GadgetProfile {
  JsonValue oci;  // profile_json.h reads it.
  // Sentences: names invented by the gadget for unknown numbers, which are left out.
  std::vector<std::string> warnings;
};

// Whether the text begins like such an output.
bool LooksLikeGadgetOutput(std::string_view text);

// kInvalidArgument if there is no profile in it, or several (the error lists the containers' names); and for malformed
// JSON.
absl::StatusOr<GadgetProfile> ReadGadgetOutput(std::string_view text, const JsonLimits& limits);

}  // namespace syscarve
