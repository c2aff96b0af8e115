// SPDX-License-Identifier: Apache-2.0
// The facts about a service in recordings besides its calls: its names, and how its containers were run.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "userspace/model/recording.h"

namespace syscarve {

// All texts are untrusted.
struct ServiceFacts {
  std::set<std::string> names;  // The subjects' names; one, unless recordings of several services were merged.
  std::set<std::string> compose_services;  // From the containers' labels.
  std::set<std::string> container_names;   // From their engine.
  std::set<std::string> images;
  std::set<std::string> runs;  // The names of the runs.
  size_t containers = 0;       // Subjects of all recordings that are containers.
  size_t others = 0;           // Subjects that are not containers.
  size_t privileged = 0;       // Privileged containers.
  size_t unconfined = 0;       // Containers that were observed to start without a filter.
  // Every container had no_new_privs from its start, according to the kernel or else to its engine.
  bool no_new_privs = false;
  bool operator==(const ServiceFacts&) const = default;
};

ServiceFacts DescribeService(std::span<const Recording> recordings);

// Warnings for the user of a profile that was made of these recordings, under a ceiling or not.
std::vector<std::string> ServiceWarnings(const ServiceFacts& facts, bool has_ceiling);

}  // namespace syscarve
