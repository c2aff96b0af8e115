// SPDX-License-Identifier: Apache-2.0
// YAML with the data model of JSON: Kubernetes objects and the like, as the tree that JSON readers read. The text is
// untrusted.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"

namespace syscarve {

// The documents of `text`, without empty ones. Plain scalars are null, true, false or decimal or hexadecimal 64-bit
// integers if they are spelled like one, and otherwise texts, including those that only YAML 1.1 interprets differently
// (yes, 010). Limits apply to all documents together. kInvalidArgument, with the line, if the text is not YAML, a key
// is not a scalar or is repeated, there are anchors, aliases, merge keys or tags other than !!str, or a limit is
// exceeded.
absl::StatusOr<std::vector<JsonValue>> ParseYaml(std::string_view text, const JsonLimits& limits);

}  // namespace syscarve
