// SPDX-License-Identifier: Apache-2.0
// How the containers of a run started and ended, from their engine's events.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/app/verification.h"
#include "userspace/container/engine_json.h"

namespace syscarve {

// Adds to `found` each container that was started and belongs to a service, or completes the entry with its id.
// `label` is present on containers that were created with their service's profile. `service_of` returns nullopt for a
// container that is not verified.
void AddContainerEnds(std::span<const EngineEvent> events, std::string_view label,
                      absl::FunctionRef<std::optional<std::string>(const Container&)> service_of,
                      std::vector<VerifiedContainer>& found);

}  // namespace syscarve
