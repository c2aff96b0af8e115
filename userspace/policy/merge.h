// SPDX-License-Identifier: Apache-2.0
// The union of recordings, in a canonical order.
//
//   RecordingMerger merger;
//   for (const Recording& recording : recordings) SYSCARVE_RETURN_IF_ERROR(merger.Add(recording));
//   SYSCARVE_ASSIGN_OR_RETURN(const Recording merged, merger.Result());
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/model/recording_json.h"
#include "userspace/policy/join.h"

namespace syscarve {

struct MergeOptions {
  // All runs become one run of this name, whose counts are their sums. Everything that distinguishes one start of a
  // program from the next is dropped: cgroups, ids and names of containers, their labels except Compose's, devices and
  // inodes of programs, timelines, ends of commands. The result then grows with the variety of the activity, and not
  // with the number of runs.
  std::optional<std::string> squash;
  // The limit for the runs of the result, measured by RunList::text_bytes.
  size_t max_bytes = kMaxRecordingBytes;
};

// Takes one recording at a time and keeps only the union.
//
// Without `squash` this is a join: the bytes of the result depend neither on the order of the recordings, nor on how
// they are grouped into merges of merges, nor on repetition. join.h defines what is the same in two recordings.
//
// With `squash` order does not matter, either, but a run that is added twice is counted twice, because recognising it
// would take memory for each run. The run's id is computed from those of all runs.
//
// docs/merge.md has the rules for hosts, methods and losses.
class RecordingMerger {
 public:
  explicit RecordingMerger(MergeOptions options = {}) : options_(std::move(options)) {}

  // kInvalidArgument if the architecture differs from the others'; the merger is unchanged. kResourceExhausted if the
  // result is too large for a recording file; the merger is unusable.
  absl::Status Add(const Recording& recording);

  // kInvalidArgument if nothing was added, or a sum of counts does not fit in 64 bits.
  absl::StatusOr<Recording> Result() const;

  // What the result cannot express, as sentences; untrusted.
  std::vector<std::string> warnings() const;

 private:
  CountJoin how() const;
  void AddHostAndMethod(const Recording& recording);
  void AddLoss(const Loss& loss);
  void AddRun(const Run& run, const JoinedIds& ids);

  MergeOptions options_;
  std::optional<Host> host_;
  Method method_;
  bool kernels_differ_ = false;
  bool libseccomps_differ_ = false;
  bool methods_differ_ = false;
  // Ids in the order of arrival; Result replaces them by the canonical ones.
  Interner<Program> programs_;
  Interner<Subject> subjects_;  // Without their evidence, which the members below hold by their ids.
  std::map<SubjectId, Life> lives_;
  std::map<SubjectId, HardeningEvidence> hardening_;
  std::set<SubjectId> without_hardening_;  // Without hardening evidence in at least one recording.
  RunList runs_;
  std::unordered_map<std::string, size_t> places_;  // Indices in `runs_`, by the runs' ids.
  std::optional<Run> squashed_;                     // With `squash`, the one run.
  std::set<Loss> losses_;
  Proofs proofs_;
  uint64_t squashed_id_[2] = {0, 0};  // A sum over the runs, so that their order does not matter.
};

// The union of two recordings. Commutative, associative and idempotent.
absl::StatusOr<Recording> Merge(const Recording& a, const Recording& b);

}  // namespace syscarve
