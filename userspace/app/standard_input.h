// SPDX-License-Identifier: Apache-2.0
// "-" among the inputs of a job: standard input.
#pragma once

#include <string>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// kInvalidArgument if more than one of `inputs` is standard input.
absl::Status CheckStandardInput(const std::vector<std::string>& inputs);

// The name of `input` in messages: "standard input", or the unchanged path.
std::string InputName(const std::string& input);

}  // namespace syscarve
