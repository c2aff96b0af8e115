// SPDX-License-Identifier: Apache-2.0
// Who the containers of a recording were: which subjects belong to which container, which containers are wanted, which
// were missed. Made of what the kernel side saw and the engines know, after everything was recorded.
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

// What the recorder saw.
struct SeenContainers {
  const Recording* recording = nullptr;    // All containers of the host, a subject each. Outlives the census.
  std::vector<std::string> refused;        // Cgroups for which there was no room.
  std::vector<SubjectId> ran_before;       // Lack their first calls.
  std::set<std::string> running_at_start;  // Ids of the containers that ran before the recording began.
};

// Which containers are wanted, and what they are called.
struct ContainerChoice {
  ContainerFilter filter;
  By by = By::kService;
  // Containers of engines that do not answer are left out: the user chose the engine, or asked for names and labels.
  // Otherwise they are named by their ids.
  bool known_only = false;
  uint32_t max_containers = 0;  // As it was given to the recorder, for the loss.
};

struct Census {
  std::map<SubjectId, Container> containers;
  std::set<SubjectId> unknown;               // Only the id is known.
  std::map<std::string, Container> refused;  // By cgroup: there was no room for them.
  std::vector<Container> unseen;             // Started according to an engine, but no cgroup was recognised as theirs.
  std::vector<Container> idle;               // Ran before, were recorded, and made no call.
  size_t foreign = 0;                        // Left out: no engine that answers knows them.
  std::vector<std::string> warnings;         // Sentences for people; not escaped.
};

// Asks the engines, until `deadline` at the latest.
Census TakeCensus(const SeenContainers& seen, EngineWatchers& engines, const ContainerChoice& choice,
                  std::chrono::steady_clock::time_point deadline);

// One recording for each name that is wanted, with what was lost of each.
std::map<std::string, Recording> DivideByName(const SeenContainers& seen, const Census& census,
                                              const ContainerChoice& choice);

// Why DivideByName gave nothing, in a sentence with a hint.
absl::Status NothingRecorded(const SeenContainers& seen, const Census& census);

}  // namespace syscarve
