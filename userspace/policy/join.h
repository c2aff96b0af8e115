// SPDX-License-Identifier: Apache-2.0
// The join of recordings: what a run is that several recordings hold. RecordingMerger keeps what comes of it, and
// evidence.h looks at it run by run.
//
// A run is the same in two recordings when its id is. Programs and subjects are the same when all their fields are, but
// for a subject's life and hardening evidence: those are joined, and what one of them exercised is exercised. Of a part
// that is there twice (a call of a subject by a program) the larger count is the later one and is kept; a part that one
// recording holds twice, for two subjects with the same fields, is one part.
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

// Gives equal things one id: programs, subjects.
template <typename Thing>
class Interner {
 public:
  // Ids are given in the order of arrival, from 0.
  uint32_t Id(Thing thing) {
    return ids_.try_emplace(std::move(thing), static_cast<uint32_t>(ids_.size())).first->second;
  }

  size_t size() const { return ids_.size(); }

  struct Sorted {
    std::vector<Thing> things;       // Ascending.
    std::vector<uint32_t> place_of;  // In `things`, by id.
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

// What the ids of one recording are in the recording that it becomes part of.
struct JoinedIds {
  std::vector<ProgramId> programs;
  std::vector<SubjectId> subjects;
};

// What identifies a subject: without its life and its hardening evidence.
Subject WithoutEvidence(const Subject& subject);

// How two counts of one part become one.
enum class CountJoin {
  kLarger,  // They are states of one run.
  kSum,     // They are of different runs that become one: of these names, ends of commands and timelines are dropped.
};

// The one of two counts; a sum stays at UINT64_MAX where it would overflow.
void JoinCount(CountJoin how, uint64_t more, uint64_t& kept);

// Adds `more` to `kept`, of which nothing is known but its id and a start at first. Ids that `ids` does not have are
// left out. Calls and denials in `kept` have their counts by program only, until SumCounts.
void JoinRun(const Run& more, const JoinedIds& ids, CountJoin how, Run& kept);

// Adds `more` to `kept`. Programs that `ids` does not have are left out.
void JoinLife(const Life& more, const JoinedIds& ids, CountJoin how, Life& kept);

// Likewise.
void JoinHardening(const HardeningEvidence& more, const JoinedIds& ids, HardeningEvidence& kept);

// Gives the calls and denials of `run` the sums over their programs as counts. kInvalidArgument: one does not fit in 64
// bits; the message has the run's id.
absl::Status SumCounts(Run& run);

// Calls `visit` for each run that any of `recordings` has, joined, by their starts and then ids. `whole` has the
// programs and subjects, ascending and without their evidence, that the ids in `run` are of, and nothing else. One run
// is in memory at a time. Ends at the first error, of SumCounts or of `visit`.
absl::Status ForEachJoinedRun(std::span<const Recording> recordings,
                              absl::FunctionRef<absl::Status(const Recording& whole, const Run& run)> visit);

}  // namespace syscarve
