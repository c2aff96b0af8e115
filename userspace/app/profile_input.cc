// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/profile_input.h"

#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "userspace/app/live_target.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/model/capability.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/host.h"
#include "userspace/process/live_filter.h"
#include "userspace/read/profile_reader.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/decompile.h"
#include "userspace/seccomp/symbolic.h"

namespace syscarve {
namespace {

std::optional<Abi> AbiFromAnyName(std::string_view name) {
  const std::optional<Abi> abi = AbiFromName(name);
  return abi.has_value() ? abi : AbiFromEngineArchName(name);
}

absl::StatusOr<std::set<int>> CapabilitiesFromText(std::string_view text) {
  std::set<int> capabilities;
  if (text == "none") return capabilities;
  for (const std::string_view word : SplitNonEmpty(text, ',')) {
    if (word == "all") {
      for (int capability = 0; capability < kCapabilityCount; ++capability) capabilities.insert(capability);
    } else if (word == "default") {
      capabilities.insert(DefaultEngineCapabilities().begin(), DefaultEngineCapabilities().end());
    } else if (const std::optional<int> capability = CapabilityFromName(word)) {
      capabilities.insert(*capability);
    } else {
      return WithHint(absl::InvalidArgumentError(Concat("--caps: unknown capability \"", word, "\"")),
                      "Give none, all, or a list such as default,SYS_PTRACE.");
    }
  }
  if (capabilities.empty()) {
    return WithHint(absl::InvalidArgumentError("--caps: no capability is named"), "For no capability: --caps none.");
  }
  return capabilities;
}

absl::StatusOr<ProfileInput> ReadLive(const std::string& word, const ProfileTarget& target,
                                      const std::optional<std::string>& engine_socket) {
  if (target.native != NativeAbi()) {
    return absl::InvalidArgumentError(Concat("live filters are for this host's architecture, ", AbiName(NativeAbi()),
                                             ", not for ", AbiName(target.native)));
  }
  ProfileInput input{.name = word};
  SYSCARVE_ASSIGN_OR_RETURN(const pid_t pid, ResolveLiveTarget(word, engine_socket));
  absl::StatusOr<std::vector<FilterProgram>> filters = ReadLiveFilters(pid);
  // That there is no filter is a result for `inspect` (kAborted), but an error for a job that needs a profile.
  if (absl::IsAborted(filters.status())) return absl::FailedPreconditionError(filters.status().message());
  SYSCARVE_RETURN_IF_ERROR(filters.status());
  SYSCARVE_ASSIGN_OR_RETURN(DecompiledProfile decompiled, DecompileFilters(*filters, NativeAbi(), Bound::kAtMost));
  input.live = *std::move(filters);
  input.profile = std::move(decompiled.profile);
  input.warnings = std::move(decompiled.warnings);
  return input;
}

ProfileInput FromReading(const std::string& name, ProfileReading reading, const ProfileTarget& target) {
  ProfileInput input{.name = name,
                     .profile = reading.source.profile,
                     .live = {},
                     .source = std::move(reading.source),
                     .is_whole_text = reading.is_whole_text,
                     .warnings = std::move(reading.warnings)};
  if (reading.used.capabilities && !target.capabilities.has_value()) {
    input.warnings.push_back(
        "it depends on the container's capabilities and is read for Docker's default ones; give others with --caps");
  }
  return input;
}

}  // namespace

bool IsLive(std::string_view word) {
  return word.starts_with(kLive);
}

absl::StatusOr<ProfileTarget> ProfileTargetOf(const ProfileTargetArguments& arguments) {
  ProfileTarget target;
  if (!arguments.native.empty()) {
    const std::optional<Abi> native = AbiFromAnyName(arguments.native);
    if (!native.has_value()) {
      return absl::InvalidArgumentError(Concat("--arch: unknown architecture \"", arguments.native, "\""));
    }
    target.native = *native;
  }
  if (arguments.capabilities.has_value()) {
    SYSCARVE_ASSIGN_OR_RETURN(target.capabilities, CapabilitiesFromText(*arguments.capabilities));
  }
  if (arguments.kernel.has_value()) {
    target.kernel = KernelVersionFromText(*arguments.kernel);
    if (!target.kernel.has_value()) {
      return absl::InvalidArgumentError(
          Concat("--kernel: \"", *arguments.kernel, "\" is no kernel version, such as 6.1"));
    }
  }
  return target;
}

ProfileTarget CompleteTarget(const ProfileTarget& target) {
  ProfileTarget complete = target;
  if (!complete.capabilities.has_value()) complete.capabilities = DefaultEngineCapabilities();
  if (!complete.kernel.has_value()) complete.kernel = KernelVersionFromRelease(DescribeHost().kernel);
  return complete;
}

absl::StatusOr<ProfileInput> ReadProfileInput(const std::string& word, const ProfileTarget& target,
                                              const std::optional<std::string>& engine_socket) {
  if (IsLive(word)) {
    absl::StatusOr<ProfileInput> input = ReadLive(word, target, engine_socket);
    if (!input.ok()) return Annotate(input.status(), EscapeForTerminal(word));
    return input;
  }
  const ProfileWord split = SplitProfileWord(word);
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(split.file, kMaxProfileBytes));
  return ParseProfileInput(InputName(split.file), text, target, split.name);
}

ProfileWord SplitProfileWord(const std::string& word) {
  const size_t hash = word.rfind('#');
  if (hash == std::string::npos || hash == 0 || hash + 1 == word.size()) return {.file = word, .name = {}};
  std::error_code error;
  if (std::filesystem::exists(word, error)) return {.file = word, .name = {}};
  return {.file = word.substr(0, hash), .name = word.substr(hash + 1)};
}

absl::StatusOr<ProfileInput> ParseProfileInput(const std::string& name, std::string_view text,
                                               const ProfileTarget& target, std::string_view which) {
  absl::StatusOr<ProfileReading> read = ReadProfileText(text, CompleteTarget(target), which);
  if (!read.ok()) return Annotate(read.status(), EscapeForTerminal(name));
  return FromReading(which.empty() ? name : Concat(name, "#", which), *std::move(read), target);
}

absl::StatusOr<std::vector<FoundInput>> ParseProfileInputs(const std::string& name, std::string_view text,
                                                           const ProfileTarget& target, std::string_view which) {
  std::vector<FoundInput> inputs;
  if (!which.empty()) {
    inputs.push_back({Concat(name, "#", which), ParseProfileInput(name, text, target, which)});
    return inputs;
  }
  absl::StatusOr<std::vector<NamedProfile>> profiles = ReadProfiles(text, CompleteTarget(target));
  if (!profiles.ok()) return Annotate(profiles.status(), EscapeForTerminal(name));
  for (NamedProfile& profile : *profiles) {
    const std::string full = profile.name.empty() ? name : Concat(name, "#", profile.name);
    if (profile.reading.ok()) {
      inputs.push_back({full, FromReading(full, *std::move(profile.reading), target)});
    } else {
      inputs.push_back({full, Annotate(profile.reading.status(), EscapeForTerminal(full))});
    }
  }
  return inputs;
}

void PassWarningsOn(const ProfileInput& input, Notes& notes) {
  for (const std::string& warning : input.warnings) notes.Warn(Concat(input.name, ": ", warning));
}

absl::StatusOr<Meaning> MeaningOf(const ProfileInput& input, const ProfileTarget& target) {
  std::vector<FilterProgram> stack = input.live;
  if (stack.empty()) {
    absl::StatusOr<FilterProgram> compiled = Compile(input.profile);
    if (!compiled.ok()) return Annotate(compiled.status(), input.name);
    stack.push_back(*std::move(compiled));
  }
  SYSCARVE_ASSIGN_OR_RETURN(Meaning meaning, MeaningOf(stack, target.native));
  const std::optional<SyscallId> uretprobe = FindSyscall(target.native, "uretprobe");
  if (uretprobe.has_value() && target.kernel.has_value() && FiltersUretprobe(*target.kernel)) {
    SYSCARVE_ASSIGN_OR_RETURN(meaning.decisions[*uretprobe], DecisionOf(stack, *uretprobe, *meaning.sets));
  }
  return meaning;
}

}  // namespace syscarve
