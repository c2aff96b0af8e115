// SPDX-License-Identifier: Apache-2.0
// Recordings put together: what was seen in any of them, in a canonical order.
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
  // All runs become one run of this name, whose counts are their sums. What distinguishes one start of a program from
  // the next is dropped: cgroups, ids and names of containers, their labels but for Compose's, devices and inodes of
  // programs, timelines, how commands ended. The result then grows with what was done, and not with how often.
  std::optional<std::string> squash;
  // That the runs of the result may take, as RunList::text_bytes counts them.
  size_t max_bytes = kMaxRecordingBytes;
};

// Takes one recording at a time and keeps the union only.
//
// Without `squash` this is a join: the order of the recordings, how they are grouped into merges of merges, and
// repetition do not matter to the bytes of the result. join.h defines what is the same in two recordings.
//
// With `squash` order does not matter, either, but a run that is given twice is counted twice: to know it again would
// take memory for each run. The run's id is made of those of all runs that went in.
//
// docs/merge.md has the rules for hosts, methods and losses.
class RecordingMerger {
 public:
  explicit RecordingMerger(MergeOptions options = {}) : options_(std::move(options)) {}

  // kInvalidArgument: another architecture than the others', and nothing has changed. kResourceExhausted: no recording
  // file can hold so much, and the merger is of no further use.
  absl::Status Add(const Recording& recording);

  // kInvalidArgument: nothing was added, or a sum of counts does not fit in 64 bits.
  absl::StatusOr<Recording> Result() const;

  // What the result cannot express, as sentences; may hold an adversary's bytes.
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
  // Ids in the order of arrival; Result gives out the canonical ones.
  Interner<Program> programs_;
  Interner<Subject> subjects_;  // Without their evidence, which is kept beside, by their ids.
  std::map<SubjectId, Life> lives_;
  std::map<SubjectId, HardeningEvidence> hardening_;
  std::set<SubjectId> without_hardening_;  // In one of the recordings at least.
  RunList runs_;
  std::unordered_map<std::string, size_t> places_;  // Of runs in `runs_`, by id.
  std::optional<Run> squashed_;                     // With `squash` the one run.
  std::set<Loss> losses_;
  Proofs proofs_;
  uint64_t squashed_id_[2] = {0, 0};  // A sum over the runs, so that their order does not matter.
};

// Two recordings put together. Commutative, associative and idempotent.
absl::StatusOr<Recording> Merge(const Recording& a, const Recording& b);

}  // namespace syscarve
