// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/hook_profile.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "userspace/model/syscall_table.h"
#include "userspace/policy/generate.h"

namespace syscarve {
namespace {

void AddNames(const std::map<SyscallId, Observation>& calls, Abi abi, std::set<std::string>& names) {
  for (const auto& [id, observation] : calls) {
    if (id.abi != abi || IsExemptFromSeccomp(id)) continue;
    if (std::optional<std::string> name = SyscallName(id)) names.insert(*std::move(name));
  }
}

// All calls of the runtime, in place of those that it makes under a filter.
std::vector<BaselineCalls> EverythingOfTheRuntime(const Recording& recording,
                                                  std::span<const OccasionalCalls> occasional) {
  std::set<std::string> names;
  std::string runtime;
  for (const Run& run : recording.runs) {
    for (const auto& [subject, trace] : run.subjects) {
      AddNames(trace.runtime_calls, recording.host.native_abi, names);
      AddNames(trace.baseline_calls, recording.host.native_abi, names);
    }
  }
  for (const Subject& subject : recording.subjects) {
    if (subject.container.has_value()) runtime = subject.container->runtime.name;
  }
  std::vector<BaselineCalls> calls = GivenBaseline(
      {.runtime = runtime, .abi = recording.host.native_abi, .names = {names.begin(), names.end()}}, occasional);
  calls.front().source = "all that the runtime did from the hook on, as no filter was in force and none was measured";
  return calls;
}

}  // namespace

absl::StatusOr<HookProfile> DecideHookProfile(const Recording& recording, std::span<const KnownBaseline> known,
                                              std::span<const OccasionalCalls> occasional) {
  HookProfile result;
  bool started = false;
  std::set<Abi> abis;
  for (const Run& run : recording.runs) {
    for (const auto& [subject, trace] : run.subjects) {
      started |= !trace.calls.empty();
      for (const auto& [id, observation] : trace.calls) abis.insert(id.abi);
      for (const auto& [id, denials] : trace.denials) {
        if (std::ranges::any_of(denials, [](const Denial& denial) { return denial.errno_value == ENOSYS; })) {
          result.default_errno = ENOSYS;
        }
      }
    }
  }
  if (!started) {
    return absl::DataLossError("the container's program was never started, so there is nothing to make a profile from");
  }

  BaselineChoice choice = ChooseBaselines({&recording, 1}, known, occasional, NoNewPrivsMode::kAny);
  if (choice.baselines.empty()) {
    // The warning of ChooseBaselines that the container may not start does not apply then.
    choice = {.baselines = EverythingOfTheRuntime(recording, occasional), .warnings = {}};
  }
  GenerateOptions options;
  options.baselines = std::move(choice.baselines);
  SYSCARVE_ASSIGN_OR_RETURN(const GeneratedProfile made, Generate({&recording, 1}, options));
  for (const AllowedCall& call : made.calls) result.names.insert(call.name);
  result.abis.push_back(made.native_abi);
  abis.erase(made.native_abi);
  result.abis.insert(result.abis.end(), abis.begin(), abis.end());
  result.sources = made.baselines;
  result.warnings = std::move(choice.warnings);
  result.warnings.insert(result.warnings.end(), made.warnings.begin(), made.warnings.end());
  for (std::string& warning : RefusalWarnings(made.refused)) result.warnings.push_back(std::move(warning));
  return result;
}

}  // namespace syscarve
