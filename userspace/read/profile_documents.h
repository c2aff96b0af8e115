// SPDX-License-Identifier: Apache-2.0
// The profiles in a text: one, or several in YAML documents, a Kubernetes List or a ConfigMap.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/profile_note.h"

namespace syscarve {

struct FoundProfile {
  // Its name in the text: an object's name, "node-profiles/importer.json" in a ConfigMap, "document-2" for a document
  // without a name, "" if the text is only this profile. Unique in the text; untrusted.
  std::string name;
  std::string format;                 // For people: "Docker or OCI JSON", "SeccompProfile", "Inspektor Gadget".
  std::string context;                // Prefix of errors: "SeccompProfile a"; "" for none.
  absl::StatusOr<JsonValue> oci;      // In the terms of Docker and OCI; or the reading error.
  std::vector<std::string> warnings;  // Sentences.
  std::vector<ProfileNote> notes;
  // The text is this profile's JSON, so it can be edited in place.
  bool is_whole_text = false;
};

// All profiles, in the order of the text, at least one. `native_arch` replaces SCMP_ARCH_NATIVE. kInvalidArgument, with
// the place, if the text as a whole cannot be read, or there is none.
absl::StatusOr<std::vector<FoundProfile>> FindProfiles(std::string_view text, std::string_view native_arch);

// Whether `text` begins, after an optional byte order mark, like a profile in JSON.
bool IsJsonObject(std::string_view text);

}  // namespace syscarve
