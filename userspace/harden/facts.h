// SPDX-License-Identifier: Apache-2.0
// What recordings show of a service beside its calls, over all subjects and runs.
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

// What the evidence lacks that would answer a question.
struct EvidenceGap {
  std::string sentence;        // "" if nothing is missing.
  bool only_io_uring = false;  // No recording shows what is done through io_uring.

  bool empty() const { return sentence.empty(); }
};

struct HardeningFacts {
  std::vector<Program> programs;
  std::optional<HardeningEvidence> evidence;  // Of `programs`; nullopt when no subject has any.
  std::vector<Container> containers;          // Of which an engine told.
  size_t subjects = 0;
  size_t containers_in_all = 0;  // With those that no engine told of.
  size_t with_no_new_privs = 0;  // Containers, from their start.
  size_t unfiltered = 0;         // Containers whose start was seen without a filter.
  std::set<std::string> calls;   // By name.
  // The families and types of socket(2), as recorded; nullopt when some are not known.
  std::optional<std::map<std::pair<uint64_t, uint64_t>, std::set<std::string>>> sockets;  // With their programs' paths.

  // Which of `words` of HardeningEvidence::missing the evidence has; kMissingRecordings and no evidence at all count for
  // every question.
  EvidenceGap Missing(std::initializer_list<std::string_view> words) const;
  // "nginx (/usr/sbin/nginx)"; what its path was, for a sentence.
  std::string ProgramWords(ProgramId program) const;
  std::string ProgramWords(const std::set<ProgramId>& of_programs) const;
};

absl::StatusOr<HardeningFacts> GatherFacts(std::span<const Recording> recordings);

// The sentences for each word of HardeningEvidence::missing, and for no evidence at all.
std::vector<std::string> MissingSentences(const HardeningFacts& facts);

// "a, b and 3 more" of paths or other words; at most `most` are named.
std::string SomeOf(const std::set<std::string>& words, size_t most = 4);

}  // namespace syscarve
