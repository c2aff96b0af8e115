// SPDX-License-Identifier: Apache-2.0
// Turns the observations of a backend into a Recording. No I/O, no clock, no threads: all inputs, time included, are
// parameters, so a test can supply them by hand. Both backends (BPF, notification) and the importers use it.
//
//   Aggregator aggregator(host, method);
//   SubjectId s = aggregator.AddSubject({.kind = SubjectKind::kCommand, .name = "nginx"});
//   aggregator.BeginRun({.id = id, .name = "smoke", .start = now});
//   ProgramId p = aggregator.AddProgram({.path = "/usr/sbin/nginx", .device = 1, .inode = 2});
//   aggregator.AddCalls(s, p, Phase::kMain, {Abi::kX86_64, 257}, 23);
//   Recording r = aggregator.Finish(end);
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "userspace/model/recording.h"
#include "userspace/model/recording_json.h"

namespace syscarve {

// Before a container's own program is exec'd its tasks are the runtime's: kRuntime, and kBaseline while the container's
// filter is already in force.
enum class Phase { kRuntime, kBaseline, kMain };

// The loss of a recording that is a checkpoint.
Loss CheckpointLoss();

class Aggregator {
 public:
  // Runs are kept up to `max_run_bytes`, as RunList::text_bytes counts them; later ones are the loss runs_full.
  Aggregator(Host host, Method method, size_t max_run_bytes = kMaxRunBytes);

  SubjectId AddSubject(Subject subject);
  // Replaces a subject's description, for facts that arrive late: an engine responds after the container has started.
  // REQUIRES: `id` is from AddSubject().
  void SetSubject(SubjectId id, Subject subject);
  // Sets the subject's life so far. REQUIRES: `id` is from AddSubject().
  void SetLife(SubjectId id, Life life);
  // Sets the subject's hardening evidence so far. REQUIRES: `id` is from AddSubject().
  void SetHardening(SubjectId id, HardeningEvidence hardening);
  // The id of this program; equal programs get one id.
  ProgramId AddProgram(const Program& program);

  // Starts the run that all later additions are counted to. REQUIRES: no run is open.
  void BeginRun(std::string id, std::string name, UnixNanos start);
  // Ends the run so that another may begin.
  void EndRun(UnixNanos end);

  // Adds `count` calls. Drops calls exempt from seccomp, for every backend alike.
  void AddCalls(SubjectId subject, ProgramId program, Phase phase, SyscallId id, uint64_t count);
  // Adds arguments of calls; the calls themselves are added by AddCalls(). Dropped if the run has no such calls.
  void AddArguments(SubjectId subject, Phase phase, SyscallId id, const SeenArguments& seen);
  // Reports a first sighting; the earliest of all reports is kept. Dropped if the run has no such calls.
  void AddFirstSeen(SubjectId subject, Phase phase, SyscallId id, UnixNanos when);
  void AddDenials(SubjectId subject, ProgramId program, SyscallId id, int errno_value, uint64_t count);
  // `site` is the place of the checks, if known. The site of foreign checks is not kept.
  void AddCapabilityChecks(SubjectId subject, int capability, std::optional<SyscallId> during,
                           const CapabilityChecks& checks, bool foreign, const CapabilitySite& site = {});
  // `count` calls at about `when`, for the timeline. Buckets start at one millisecond wide and double so that there are
  // never more than kMaxTimelineBuckets.
  void AddToTimeline(SubjectId subject, UnixNanos when, uint64_t count);
  void AddLoss(Loss loss);
  void SetCommandEnd(CommandEnd end);

  // Calls of this subject, phase and id counted so far.
  uint64_t CallCount(SubjectId subject, Phase phase, SyscallId id) const;

  // Calls `use` with the Recording that Finish(end) would return after `count`, which may add to the open run and to
  // the losses. All of that is undone afterwards: the final recording is the same with and without previews.
  void Preview(UnixNanos end, absl::FunctionRef<void()> count, absl::FunctionRef<void(const Recording&)> use);

  // Ends the run and returns the Recording; the aggregator is spent.
  Recording Finish(UnixNanos end);

  static constexpr size_t kMaxTimelineBuckets = 1024;
  // The rest of a file is for everything except runs.
  static constexpr size_t kMaxRunBytes = kMaxRecordingBytes / 8 * 7;

 private:
  SubjectTrace& Trace(SubjectId subject);

  size_t max_run_bytes_;
  Recording recording_;
  Run run_;
  std::map<Program, ProgramId> program_ids_;
};

}  // namespace syscarve
