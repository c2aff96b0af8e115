// SPDX-License-Identifier: Apache-2.0
// The containers of a recording: which subjects belong to which container, which containers are wanted, and which were
// missed. Determined from the kernel side's observations and the engines' data, after the recording.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "userspace/container/engine_watchers.h"
#include "userspace/container/naming.h"
#include "userspace/model/recording.h"

namespace syscarve {

// The recorder's observations.
struct SeenContainers {
  const Recording* recording = nullptr;    // All containers of the host, a subject each. Outlives the census.
  std::vector<std::string> refused;        // Cgroups for which there was no room.
  std::vector<SubjectId> ran_before;       // Subjects without their first calls.
  std::set<std::string> running_at_start;  // Ids of the containers that ran before the recording began.
};

// Which containers are wanted, and how they are named.
struct ContainerChoice {
  ContainerFilter filter;
  By by = By::kService;
  // Leave out containers of engines that do not respond: the user chose the engine, or filters by names and labels.
  // Otherwise they are named by their ids.
  bool known_only = false;
  uint32_t max_containers = 0;  // The recorder's limit, for the loss.
};

struct Census {
  std::map<SubjectId, Container> containers;
  std::set<SubjectId> unknown;               // Only the id is known.
  std::map<std::string, Container> refused;  // By cgroup: there was no room for them.
  std::vector<Container> unseen;             // Started according to an engine, but no cgroup was recognised as theirs.
  std::vector<Container> idle;               // Ran before, were recorded, and made no call.
  size_t foreign = 0;                        // Left out: unknown to every engine that responds.
  std::vector<std::string> warnings;         // Sentences for people; not escaped.
};

// Queries the engines, until `deadline` at the latest.
Census TakeCensus(const SeenContainers& seen, EngineWatchers& engines, const ContainerChoice& choice,
                  std::chrono::steady_clock::time_point deadline);

// One recording for each wanted name, with its losses.
std::map<std::string, Recording> DivideByName(const SeenContainers& seen, const Census& census,
                                              const ContainerChoice& choice);

// The reason for an empty result of DivideByName, as a sentence with a hint.
absl::Status NothingRecorded(const SeenContainers& seen, const Census& census);

}  // namespace syscarve
