// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/evidence.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "userspace/model/syscall_table.h"
#include "userspace/policy/capabilities.h"
#include "userspace/policy/join.h"

namespace syscarve {
namespace {

void GatherCalls(const Recording& whole, const Run& run, const std::string& subject, const SubjectTrace& trace,
                 Evidence& evidence) {
  for (const auto& [id, observation] : trace.calls) {
    if (observation.count == 0 || IsExemptFromSeccomp(id)) continue;
    evidence.abis.insert(id.abi);
    if (const std::optional<std::string> name = SyscallName(id)) {
      AddSighting(SightingOf(whole, run, subject, id, observation), evidence.calls[*name]);
    } else {
      uint64_t& most = evidence.unnamed[id];
      most = std::max(most, observation.count);
    }
  }
}

void GatherArguments(const std::map<SyscallId, Observation>& calls, Evidence& evidence) {
  for (const auto& [id, observation] : calls) {
    if (observation.count == 0 || IsExemptFromSeccomp(id)) continue;
    const auto [place, first] = evidence.arguments.try_emplace(id);
    ArgumentEvidence& known = place->second;
    JoinArguments(observation.arguments, first, known.seen);
    if (!observation.arguments.has_value()) continue;
    for (const auto& [values, programs] : observation.arguments->values) ++known.runs[values];
  }
}

void GatherDenials(const Recording& whole, const Run& run, const Subject& subject, const SubjectTrace& trace,
                   Evidence& evidence) {
  const bool by_engine = subject.container.has_value() && subject.container->seccomp == "default";
  for (const auto& [id, denials] : trace.denials) {
    // A call that a filter refused was not exempt, even if it is on newer kernels.
    const std::string name = SyscallName(id).value_or(DisplayName(id));
    for (const Denial& denial : denials) {
      if (denial.count == 0) continue;
      evidence.refused[name].push_back(RefusalOf(whole, run, subject.name, id, denial));
      if (by_engine) evidence.refused_by_engine[name].insert(denial.errno_value);
    }
  }
}

void GatherCapabilities(const Run& run, const SubjectTrace& trace, Evidence& evidence) {
  const bool failed = run.command.has_value() && HasFailed(*run.command);
  std::map<int, CapabilityUse> given;
  AddSetCapabilities(trace.calls, given);
  for (const std::map<int, CapabilityUse>* const uses : {&trace.capabilities, &std::as_const(given)}) {
    for (const auto& [capability, use] : *uses) {
      AddCapabilityUse(use, evidence.capabilities[capability]);
      if (failed) AddCapabilityUse(use, evidence.capabilities_in_failed[capability]);
      AddCapabilityRun(capability, use, evidence.capability_runs);
    }
  }
}

}  // namespace

absl::StatusOr<Evidence> GatherEvidence(std::span<const Recording> recordings) {
  Evidence evidence;
  evidence.abis.insert(recordings.front().host.native_abi);
  for (const Recording& recording : recordings) {
    if (!recording.complete()) evidence.complete = false;
    if (recording.method.capabilities != "none") evidence.capabilities_recorded = true;
  }
  const auto gather = [&evidence](const Recording& whole, const Run& run) {
    // The same in every run.
    if (evidence.programs.empty()) evidence.programs = whole.programs;
    ++evidence.capability_runs.count;
    for (const auto& [id, trace] : run.subjects) {
      const std::string& subject = whole.subjects[id].name;
      GatherCalls(whole, run, subject, trace, evidence);
      GatherArguments(trace.calls, evidence);
      GatherArguments(trace.baseline_calls, evidence);
      GatherDenials(whole, run, whole.subjects[id], trace, evidence);
      GatherCapabilities(run, trace, evidence);
    }
    return absl::OkStatus();
  };
  SYSCARVE_RETURN_IF_ERROR(ForEachJoinedRun(recordings, gather));
  return evidence;
}

}  // namespace syscarve
