// SPDX-License-Identifier: Apache-2.0
// What recordings have of a service beside its calls: what to call it, and how its containers were run.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "userspace/model/recording.h"

namespace syscarve {

// All texts are an adversary's bytes.
struct ServiceFacts {
  std::set<std::string> names;             // Of the subjects; one, unless recordings of several were put together.
  std::set<std::string> compose_services;  // By the containers' labels.
  std::set<std::string> container_names;   // By their engine.
  std::set<std::string> images;
  std::set<std::string> runs;  // The names that runs were given.
  size_t containers = 0;       // Subjects that are containers, of all recordings.
  size_t others = 0;           // Subjects that are not.
  size_t privileged = 0;       // Containers that were run so.
  size_t unconfined = 0;       // Containers whose start was seen without a filter.
  // Every container had no_new_privs from its start, by the kernel's word or else by its engine's.
  bool no_new_privs = false;
  bool operator==(const ServiceFacts&) const = default;
};

ServiceFacts DescribeService(std::span<const Recording> recordings);

// What somebody should know who uses a profile that was made of these recordings, under a ceiling or not.
std::vector<std::string> ServiceWarnings(const ServiceFacts& facts, bool has_ceiling);

}  // namespace syscarve
