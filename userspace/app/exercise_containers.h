// SPDX-License-Identifier: Apache-2.0
// `record --docker --exercise`: at the end of a recording, exercises through the engine what the containers' lives
// lack, so that it is recorded, too: a shell, the health check, a reload, a restart, a stop.
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

// Drives each `wanted` exercise that was not seen, one container after the other, for every container that `choice`
// selects and an engine lists. An exercise that does not apply to a container (no health check, no shell) is a note;
// one that fails is a warning. Returns when all are done, or soon after `stop` becomes true. Blocks for up to minutes
// per container: call it in a thread of its own.
void ExerciseContainers(const SeenContainers& seen, EngineWatchers& engines, const ContainerChoice& choice,
                        const std::set<Exercise>& wanted, const std::atomic<bool>& stop, Notes& notes);

}  // namespace syscarve
