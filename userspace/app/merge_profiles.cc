// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/merge_profiles.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/emit/emit.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/algebra.h"
#include "userspace/seccomp/decompile.h"

namespace syscarve {
namespace {

absl::StatusOr<ProfileInput> ReadInput(const std::string& word, const ProfileTarget& target,
                                       const std::optional<std::string>& engine_socket) {
  absl::StatusOr<ProfileInput> input = ReadProfileInput(word, target, engine_socket);
  if (!absl::IsInvalidArgument(input.status()) || word == "-" || !ReadRecordingInput(word).ok()) return input;
  return absl::InvalidArgumentError(
      Concat(EscapeForTerminal(word), " is a recording; recordings are merged without --union and --intersect"));
}

// The flags that all inputs have, with a warning about the others. Flags affect only how a filter is loaded, so
// meanings do not determine which ones the result needs.
std::vector<std::string> CommonFlags(const std::vector<ProfileInput>& inputs, Notes& notes) {
  std::set<std::string> common(inputs.front().profile.flags.begin(), inputs.front().profile.flags.end());
  std::set<std::string> all;
  for (const ProfileInput& input : inputs) {
    const std::set<std::string> own(input.profile.flags.begin(), input.profile.flags.end());
    all.insert(own.begin(), own.end());
    std::erase_if(common, [&](const std::string& flag) { return !own.contains(flag); });
  }
  std::set<std::string> dropped = all;
  for (const std::string& flag : common) dropped.erase(flag);
  if (!dropped.empty())
    notes.Warn(Concat("flags left out, because not every profile has them: ", absl::StrJoin(dropped, ", ")));
  return {common.begin(), common.end()};
}

// Warns of an input's ABIs that the result lacks: it covers only those of one kernel.
void WarnOfOtherAbis(const ProfileInput& input, Abi native, Notes& notes) {
  const std::span<const Abi> served = AbisServedBeside(native);
  std::vector<std::string> others;
  for (const Abi abi : input.profile.abis) {
    if (std::find(served.begin(), served.end(), abi) == served.end()) others.emplace_back(AbiName(abi));
  }
  if (others.empty()) return;
  notes.Warn(Concat(input.name, ": architectures left out, because no kernel serves them beside ", AbiName(native),
                    ": ", absl::StrJoin(others, ", ")));
}

// Warns of rules for exempt calls, which meanings, and so the result, do not contain.
void WarnOfExemptCalls(const std::vector<ProfileInput>& inputs, Abi native, Notes& notes) {
  std::set<std::string> names;
  for (const ProfileInput& input : inputs) {
    if (!input.live.empty()) continue;
    for (const Rule& rule : input.profile.rules) {
      for (const std::string& name : rule.names) {
        const std::optional<SyscallId> id = FindSyscall(native, name);
        if (id.has_value() && IsExemptFromSeccomp(*id)) names.insert(name);
      }
    }
  }
  if (names.empty()) return;
  notes.Warn(
      Concat("calls left out, because the kernel applies no filter to them (to uretprobe Linux 6.11 to 6.13 does): ",
             absl::StrJoin(names, ", ")));
}

absl::StatusOr<Meaning> Combined(const std::vector<ProfileInput>& inputs, ProfileMerge how, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(Meaning combined, MeaningOf(inputs.front(), {.native = native}));
  for (size_t i = 1; i < inputs.size(); ++i) {
    SYSCARVE_ASSIGN_OR_RETURN(const Meaning next, MeaningOf(inputs[i], {.native = native}));
    SYSCARVE_ASSIGN_OR_RETURN(combined,
                              how == ProfileMerge::kUnion ? Union(combined, next) : Intersection(combined, next));
  }
  return combined;
}

}  // namespace

absl::Status MergeProfiles(const MergeProfilesRequest& request, Notes& notes) {
  SYSCARVE_RETURN_IF_ERROR(CheckStandardInput(request.inputs));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(request.target));
  std::vector<ProfileInput> inputs;
  for (const std::string& word : request.inputs) {
    SYSCARVE_ASSIGN_OR_RETURN(ProfileInput input, ReadInput(word, target, request.engine_socket));
    inputs.push_back(std::move(input));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning combined, Combined(inputs, request.how, target.native));
  const bool is_union = request.how == ProfileMerge::kUnion;
  const std::string_view what = is_union ? "the union" : "the intersection";
  const Bound bound = request.exact ? Bound::kExact : is_union ? Bound::kAtLeast : Bound::kAtMost;
  absl::StatusOr<DecompiledProfile> decompiled = Decompile(combined, bound, what);
  if (absl::IsUnimplemented(decompiled.status())) return absl::AbortedError(WithoutHint(decompiled.status()));
  SYSCARVE_RETURN_IF_ERROR(decompiled.status());
  if (request.exact && !decompiled->warnings.empty()) {
    return absl::AbortedError(
        Concat(what, " cannot be written exactly as a profile: ", absl::StrJoin(decompiled->warnings, "; ")));
  }
  for (const ProfileInput& input : inputs) {
    // Warnings of live filters are about the profile decompiled from them, which is not used here.
    if (input.live.empty()) PassWarningsOn(input, notes);
    if (input.live.empty()) WarnOfOtherAbis(input, target.native, notes);
  }
  WarnOfExemptCalls(inputs, target.native, notes);
  decompiled->profile.flags = CommonFlags(inputs, notes);
  SYSCARVE_ASSIGN_OR_RETURN(const Emitted emitted, EmitDocker(decompiled->profile));
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(request.output, emitted.text));
  for (const std::string& warning : decompiled->warnings) notes.Warn(warning);
  notes.Note(
      Concat(inputs.size(), " profile(s) merged: ", what, " has ", decompiled->profile.rules.size(), " rule(s)"));
  return absl::OkStatus();
}

}  // namespace syscarve
