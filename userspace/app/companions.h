// SPDX-License-Identifier: Apache-2.0
// What `generate --with` asks for.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/policy/generate_options.h"

namespace syscarve {

// Each of `words` is a kind of companion, of which the shipped ones are taken, or KIND=RECORDING: what that recording,
// or log, shows. kInvalidArgument for another kind (the message has them all), or for a recording of another
// architecture; kDataLoss for one that is incomplete. An error names the file.
absl::StatusOr<std::vector<CompanionCalls>> LoadCompanions(std::span<const std::string> words, Abi native);

}  // namespace syscarve
