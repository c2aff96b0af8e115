// SPDX-License-Identifier: Apache-2.0
// YAML that carries what JSON could: Kubernetes objects and their like, as the tree that JSON readers read. The text
// may be anybody's.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"

namespace syscarve {

// The documents of `text`, empty ones left out. Plain scalars are null, true, false or decimal or hexadecimal integers
// of 64 bits where they are spelt so, and texts otherwise, also what only YAML 1.1 takes for something else (yes, 010).
// Limits count over all documents. kInvalidArgument, with the line, for what is not YAML, a key that is not a scalar or
// is there twice, anchors, aliases and merge keys, tags other than !!str, and what is beyond the limits.
absl::StatusOr<std::vector<JsonValue>> ParseYaml(std::string_view text, const JsonLimits& limits);

}  // namespace syscarve
