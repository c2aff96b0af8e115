// SPDX-License-Identifier: Apache-2.0
// How the containers of a run went, as their engine's events tell.
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

// Adds the containers that were started and are of a service, or completes those of `found` with the same id. `label`
// is what a container that we changed has. nullopt from `service_of`: of none that counts.
void AddContainerEnds(std::span<const EngineEvent> events, std::string_view label,
                      absl::FunctionRef<std::optional<std::string>(const Container&)> service_of,
                      std::vector<VerifiedContainer>& found);

}  // namespace syscarve
