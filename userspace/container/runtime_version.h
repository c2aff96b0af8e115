// SPDX-License-Identifier: Apache-2.0
// Which OCI runtime a program is, according to its --version.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// Parses the output of `runc --version`: "runc version 1.1.5+ds1" is {"runc", "1.1.5"}, without a distribution's
// suffix. nullopt for a text that does not begin like that.
std::optional<ContainerRuntime> ParseRuntimeVersion(std::string_view text);

// Executes `path --version`, which must be trusted, with no input, an empty environment and a limit of a few seconds.
// kFailedPrecondition if its output has no version.
absl::StatusOr<ContainerRuntime> AskRuntimeVersion(const std::string& path);

}  // namespace syscarve
