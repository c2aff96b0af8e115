// SPDX-License-Identifier: Apache-2.0
// The fields of a profile's JSON under the names of the OCI runtime spec and Moby, and the treatment of other fields by
// Go's decoder, which reads profiles for Docker, Podman, CRI-O and containerd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/strict_json.h"
#include "userspace/model/profile_note.h"

namespace syscarve {

// `key` in the form in which Go's decoder compares keys: keys that are equal when folded are the same field.
std::string FoldedKey(std::string_view key);

enum class UnknownFields { kDrop, kKeep };

// `root`, a profile that may have been parsed with repeated keys, reduced to known fields: a key in another letter case
// is renamed to the known one, the last of several equal keys is kept (encoding/json, "Unmarshal"), and unknown fields
// are dropped. Elements of arrays keep their places. Changes are added to `notes` in the order of the text.
JsonValue WithKnownFields(JsonValue root, UnknownFields unknown, std::vector<ProfileNote>& notes);

}  // namespace syscarve
