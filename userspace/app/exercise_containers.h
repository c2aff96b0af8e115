// SPDX-License-Identifier: Apache-2.0
// `record --docker --exercise`: at the end of a recording, drives through the engine what the containers' lives lack,
// so that it is recorded, too: a shell, the health check, a reload, a restart, a stop.
#pragma once

#include <atomic>
#include <optional>
#include <set>
#include <string_view>

#include "userspace/app/notes.h"
#include "userspace/container/census.h"
#include "userspace/container/engine_watchers.h"

namespace syscarve {

// In the order in which they are driven.
enum class Exercise { kHealth, kExec, kReload, kRestart, kStop };

// "health", "exec", "reload", "restart", "stop".
std::optional<Exercise> ExerciseFromName(std::string_view name);

// Drives what is `wanted` and was not seen, one container after the other, for each that is chosen and whose engine
// knows it. Nothing that a container does not have: what cannot be driven is noted, and what goes wrong is a warning.
// Returns when all is done, or soon after `stop`. Takes some time, and is meant for a thread of its own.
void ExerciseContainers(const SeenContainers& seen, EngineWatchers& engines, const ContainerChoice& choice,
                        const std::set<Exercise>& wanted, const std::atomic<bool>& stop, Notes& notes);

}  // namespace syscarve
