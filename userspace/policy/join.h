// SPDX-License-Identifier: Apache-2.0
// The join of recordings: how runs that several recordings contain are combined. RecordingMerger keeps the result, and
// evidence.h reads it run by run.
//
// A run is the same in two recordings if its id is. Programs and subjects are the same if all their fields are, except
// for a subject's life and hardening evidence: those are joined, and exercised in one is exercised. If both have a part
// (a call of a subject by a program), the larger count is the later state and is kept; a part that one recording
// contains twice, for two subjects with the same fields, is one part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// Assigns one id to equal programs or subjects.
template <typename Thing>
class Interner {
 public:
  // Ids are assigned in the order of arrival, from 0.
  uint32_t Id(Thing thing) {
    return ids_.try_emplace(std::move(thing), static_cast<uint32_t>(ids_.size())).first->second;
  }

  size_t size() const { return ids_.size(); }

  struct Sorted {
    std::vector<Thing> things;       // Ascending.
    std::vector<uint32_t> place_of;  // Indices in `things`, by id.
  };
  Sorted InOrder() const {
    Sorted sorted;
    sorted.place_of.resize(ids_.size());
    for (const auto& [thing, id] : ids_) {
      sorted.place_of[id] = static_cast<uint32_t>(sorted.things.size());
      sorted.things.push_back(thing);
    }
    return sorted;
  }

 private:
  std::map<Thing, uint32_t> ids_;
};

// The ids of one recording's programs and subjects in the recording that it becomes part of.
struct JoinedIds {
  std::vector<ProgramId> programs;
  std::vector<SubjectId> subjects;
};

// The identity of a subject: `subject` without its life and its hardening evidence.
Subject WithoutEvidence(const Subject& subject);

// How two counts of one part become one.
enum class CountJoin {
  kLarger,  // The counts are states of one run.
  kSum,     // The counts are of different runs that become one, in which ends of commands and timelines are dropped.
};

// Combines two counts into `kept`; sums saturate at UINT64_MAX.
void JoinCount(CountJoin how, uint64_t more, uint64_t& kept);

// Adds `more` to `kept`, which at first has only an id and a start. Ids that are not in `ids` are left out. Calls and
// denials in `kept` have their counts by program only, until SumCounts.
void JoinRun(const Run& more, const JoinedIds& ids, CountJoin how, Run& kept);

// Adds `more` to `kept`. Programs that are not in `ids` are left out.
void JoinLife(const Life& more, const JoinedIds& ids, CountJoin how, Life& kept);

// Likewise.
void JoinHardening(const HardeningEvidence& more, const JoinedIds& ids, HardeningEvidence& kept);

// Sets the counts of the calls and denials of `run` to the sums over their programs. kInvalidArgument if one does not
// fit in 64 bits; the message has the run's id.
absl::Status SumCounts(Run& run);

// Calls `visit` for each run of `recordings`, joined, ordered by start and then id. `whole` contains nothing but the
// programs and subjects that the ids in `run` refer to, ascending and without evidence. Only one run is in memory at a
// time. Returns the first error, of SumCounts or of `visit`.
absl::Status ForEachJoinedRun(std::span<const Recording> recordings,
                              absl::FunctionRef<absl::Status(const Recording& whole, const Run& run)> visit);

}  // namespace syscarve
