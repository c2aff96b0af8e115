// SPDX-License-Identifier: Apache-2.0
// The fields of a profile's JSON, by the names that the OCI runtime spec and Moby have for them, and what Go's decoder,
// which reads profiles for Docker, Podman, CRI-O and containerd, makes of others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/strict_json.h"
#include "userspace/model/profile_note.h"

namespace syscarve {

// `key` as Go's decoder compares keys: two that are equal when folded are the same field.
std::string FoldedKey(std::string_view key);

enum class UnknownFields { kDrop, kKeep };

// `root`, a profile that may have been parsed with repeated keys, with its fields as they are known: a key in another
// letter case becomes the known one, of one that is there twice the last is kept (encoding/json, "Unmarshal"), and
// unknown fields go. Elements of arrays stay where they were. `notes` gets what was changed, in the order of the text.
JsonValue WithKnownFields(JsonValue root, UnknownFields unknown, std::vector<ProfileNote>& notes);

}  // namespace syscarve
