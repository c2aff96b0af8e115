// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/standard_input.h"

#include <algorithm>

namespace syscarve {

absl::Status CheckStandardInput(const std::vector<std::string>& inputs) {
  if (std::ranges::count(inputs, "-") <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError("standard input can be read only once");
}

std::string InputName(const std::string& input) {
  return input == "-" ? "standard input" : input;
}

}  // namespace syscarve
