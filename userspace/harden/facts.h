// SPDX-License-Identifier: Apache-2.0
// The facts about a service in recordings besides its calls, over all subjects and runs.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// What the evidence lacks to decide a setting.
struct EvidenceGap {
  std::string sentence;        // "" if nothing is missing.
  bool only_io_uring = false;  // Only what no recording contains: what is done through io_uring.

  bool empty() const { return sentence.empty(); }
};

struct HardeningFacts {
  std::vector<Program> programs;
  std::optional<HardeningEvidence> evidence;  // Ids refer to `programs`; nullopt if no subject has any.
  std::vector<Container> containers;          // The containers that an engine reported.
  size_t subjects = 0;
  size_t containers_in_all = 0;  // Including those that no engine reported.
  size_t with_no_new_privs = 0;  // Containers, from their start.
  size_t unfiltered = 0;         // Containers that were observed to start without a filter.
  std::set<std::string> calls;   // By name.
  // The recorded families and types of socket(2), with the paths of their programs; nullopt if some are unknown.
  std::optional<std::map<std::pair<uint64_t, uint64_t>, std::set<std::string>>> sockets;

  // What is missing of `words`, of HardeningEvidence::missing; kMissingRecordings and a lack of all evidence always
  // count.
  EvidenceGap Missing(std::initializer_list<std::string_view> words) const;
  // "nginx (/usr/sbin/nginx)": the program and its path, for a sentence.
  std::string ProgramWords(ProgramId program) const;
  std::string ProgramWords(const std::set<ProgramId>& of_programs) const;
};

absl::StatusOr<HardeningFacts> GatherFacts(std::span<const Recording> recordings);

// The sentences for each word of HardeningEvidence::missing, and for no evidence at all.
std::vector<std::string> MissingSentences(const HardeningFacts& facts);

// "a, b and 3 more": paths or other words, at most `most` of them.
std::string SomeOf(const std::set<std::string>& words, size_t most = 4);

}  // namespace syscarve
