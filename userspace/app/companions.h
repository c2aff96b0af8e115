// SPDX-License-Identifier: Apache-2.0
// The companions of `generate --with`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/policy/generate_options.h"

namespace syscarve {

// Each of `words` is a kind of companion, for all shipped companions of the kind, or KIND=RECORDING, for the calls in a
// recording or log. kInvalidArgument for an unknown kind (the message lists all) or a recording of an ABI other than
// `native`; kDataLoss for an incomplete recording. Errors name the file.
absl::StatusOr<std::vector<CompanionCalls>> LoadCompanions(std::span<const std::string> words, Abi native);

}  // namespace syscarve
