// SPDX-License-Identifier: Apache-2.0
// "-" among the inputs of a job: standard input.
#pragma once

#include <string>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// kInvalidArgument when more than one of `inputs` is standard input.
absl::Status CheckStandardInput(const std::vector<std::string>& inputs);

// What messages call `input`: "standard input", or the path as it is.
std::string InputName(const std::string& input);

}  // namespace syscarve
