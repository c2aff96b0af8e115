// SPDX-License-Identifier: Apache-2.0
// Turns what a backend observed into a Recording. No I/O, no clock, no threads: everything, time included, is handed
// in, so a test can feed it by hand. Both backends (BPF, notification) and the importers end here.
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

// Of a recording that was written in passing.
Loss CheckpointLoss();

class Aggregator {
 public:
  // Runs are kept up to `max_run_bytes`, as RunList::text_bytes counts them; those behind that are the loss runs_full.
  Aggregator(Host host, Method method, size_t max_run_bytes = kMaxRunBytes);

  SubjectId AddSubject(Subject subject);
  // Says anew what a subject is, for what is told late: an engine answers after the container has started. REQUIRES:
  // `id` is from AddSubject().
  void SetSubject(SubjectId id, Subject subject);
  // How the subject lived, so far. REQUIRES: `id` is from AddSubject().
  void SetLife(SubjectId id, Life life);
  // Likewise what hardening evidence there is of it.
  void SetHardening(SubjectId id, HardeningEvidence hardening);
  // The id of this program; equal programs get one id.
  ProgramId AddProgram(const Program& program);

  // Starts the run that everything below is counted to. REQUIRES: no run begun, or it has been ended.
  void BeginRun(std::string id, std::string name, UnixNanos start);
  // Ends the run so that another may begin.
  void EndRun(UnixNanos end);

  // `count` more calls. Calls exempt from seccomp are dropped here, for every backend alike.
  void AddCalls(SubjectId subject, ProgramId program, Phase phase, SyscallId id, uint64_t count);
  // What the arguments of calls that are added, or that one more of them was, were. Without calls it is forgotten.
  void AddArguments(SubjectId subject, Phase phase, SyscallId id, const SeenArguments& seen);
  // The call was first seen at `when`; the earliest of all reports is kept. A sighting without calls is no observation
  // and is forgotten.
  void AddFirstSeen(SubjectId subject, Phase phase, SyscallId id, UnixNanos when);
  void AddDenials(SubjectId subject, ProgramId program, SyscallId id, int errno_value, uint64_t count);
  // `site` is where they were made, as far as it is known. That of foreign ones is not kept.
  void AddCapabilityChecks(SubjectId subject, int capability, std::optional<SyscallId> during,
                           const CapabilityChecks& checks, bool foreign, const CapabilitySite& site = {});
  // `count` calls at about `when`, for the timeline. Buckets start at one millisecond wide and double so that there are
  // never more than kMaxTimelineBuckets.
  void AddToTimeline(SubjectId subject, UnixNanos when, uint64_t count);
  void AddLoss(Loss loss);
  void SetCommandEnd(CommandEnd end);

  // Calls of this subject, phase and id counted so far.
  uint64_t CallCount(SubjectId subject, Phase phase, SyscallId id) const;

  // Shows `use` the Recording that Finish(end) would give after `count`, which may count to the open run and add
  // losses. All of that is forgotten again: a recording is the same whether it was looked at meanwhile or not.
  void Preview(UnixNanos end, absl::FunctionRef<void()> count, absl::FunctionRef<void(const Recording&)> use);

  // Ends the run and gives the Recording away; the aggregator is spent.
  Recording Finish(UnixNanos end);

  static constexpr size_t kMaxTimelineBuckets = 1024;
  // The rest of a file is for what is not runs.
  static constexpr size_t kMaxRunBytes = kMaxRecordingBytes / 8 * 7;

 private:
  SubjectTrace& Trace(SubjectId subject);

  size_t max_run_bytes_;
  Recording recording_;
  Run run_;
  std::map<Program, ProgramId> program_ids_;
};

}  // namespace syscarve
