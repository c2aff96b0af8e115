// SPDX-License-Identifier: Apache-2.0
// The profiles that are in a text: one, or several in the documents of YAML, a Kubernetes List or ConfigMap.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/profile_note.h"

namespace syscarve {

struct FoundProfile {
  // Its name in the text: an object's, "node-profiles/importer.json" in a ConfigMap, "document-2" for what has
  // no name, "" for a text that is nothing but this profile. Unique in the text; may be an adversary's bytes.
  std::string name;
  std::string format;                 // For people: "Docker or OCI JSON", "SeccompProfile", "Inspektor Gadget".
  std::string context;                // What errors begin with: "SeccompProfile a"; "" for nothing.
  absl::StatusOr<JsonValue> oci;      // In the terms of Docker and OCI; or why it cannot be read.
  std::vector<std::string> warnings;  // Sentences.
  std::vector<ProfileNote> notes;
  // The text is this profile's JSON, so that it can be changed in its place.
  bool is_whole_text = false;
};

// All of them, in the order of the text, at least one. `native_arch` stands for SCMP_ARCH_NATIVE. kInvalidArgument,
// naming the place, when the text as a whole cannot be read, or there is none.
absl::StatusOr<std::vector<FoundProfile>> FindProfiles(std::string_view text, std::string_view native_arch);

// Whether `text`, but for a byte order mark, begins as JSON that a profile is.
bool IsJsonObject(std::string_view text);

}  // namespace syscarve
