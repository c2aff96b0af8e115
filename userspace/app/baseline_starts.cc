// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/baseline_starts.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {

std::set<std::string> NamesSeen(const SeenInStarts& seen, const std::set<bool>& no_new_privs) {
  std::set<std::string> names;
  for (const auto& [setting, starts] : seen) {
    if (!no_new_privs.contains(setting.no_new_privs)) continue;
    for (const auto& [name, count] : starts) names.insert(name);
  }
  return names;
}

std::string RemarksOnStarts(const SeenInStarts& seen, bool no_new_privs, unsigned runs) {
  std::set<std::string> now_and_then;
  std::map<uint32_t, std::set<std::string>> of_user;
  for (const auto& [setting, names] : seen) {
    if (setting.no_new_privs != no_new_privs) continue;
    for (const auto& [name, starts] : names) {
      of_user[setting.user].insert(name);
      if (starts < runs) now_and_then.insert(name);
    }
  }
  const auto list = [](const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += Concat(text.empty() ? "" : " ", name);
    return text;
  };
  std::string text;
  if (!now_and_then.empty()) text += Concat("; not in every start: ", list(now_and_then));
  for (const auto& [user, other, words] :
       {std::tuple(uint32_t{0}, kOtherUser, "as root"), std::tuple(kOtherUser, uint32_t{0}, "as another user")}) {
    std::set<std::string> only;
    for (const std::string& name : of_user[user]) {
      if (!of_user[other].contains(name) && !now_and_then.contains(name)) only.insert(name);
    }
    if (!only.empty()) text += Concat("; only ", words, ": ", list(only));
  }
  return text;
}

absl::StatusOr<std::set<std::string>> CallsOfStart(const Recording& recording, const std::string& id, bool no_new_privs,
                                                   const std::string& runtime, std::vector<SyscallId>& nameless) {
  for (const Loss& loss : recording.losses) {
    if (loss.missed_calls) return absl::DataLossError(Concat("the recording is incomplete: ", loss.what));
  }
  // Other containers may start on the host meanwhile.
  const auto subject = std::ranges::find(recording.subjects, id, &Subject::name);
  if (subject == recording.subjects.end() || !subject->start.has_value()) {
    return absl::DataLossError("the container's start was not seen");
  }
  if (!subject->start->filtered || subject->start->no_new_privs != no_new_privs) {
    return absl::FailedPreconditionError(Concat(EscapeForTerminal(runtime),
                                                " started the container without the filter, or with another "
                                                "no_new_privs than requested, so there is nothing to measure"));
  }
  std::set<std::string> names;
  const auto index = static_cast<SubjectId>(subject - recording.subjects.begin());
  for (const Run& run : recording.runs) {
    const auto trace = run.subjects.find(index);
    if (trace == run.subjects.end()) continue;
    for (const auto& [call, observation] : trace->second.baseline_calls) {
      if (IsExemptFromSeccomp(call)) continue;
      const std::optional<std::string> name = SyscallName(call);
      if (!name.has_value() || call.abi != recording.host.native_abi) {
        nameless.push_back(call);
        continue;
      }
      names.insert(*name);
    }
  }
  if (names.empty()) return absl::DataLossError("no call of the runtime under the filter was seen");
  return names;
}

std::string DistributionFromText(std::string_view os_release) {
  for (std::string_view line : SplitNonEmpty(os_release, '\n')) {
    constexpr std::string_view kKey = "PRETTY_NAME=\"";
    if (line.starts_with(kKey) && ConsumeSuffix(line, "\"")) return EncodePercent(line.substr(kKey.size()));
  }
  return "an unknown distribution";
}

std::string ProvenanceOf(const MeasuredOn& where, std::string_view privileges) {
  // Without what its packager put behind the version.
  const std::string_view release = where.release;
  return Concat("Measured by syscarve " SYSCARVE_VERSION " on ", where.distribution, ", Linux ",
                release.substr(0, release.find('-')), where.unified ? ", with cgroup v2 alone" : "", ": ", where.runs,
                " starts each as root and as another user", privileges,
                " of a container whose filter lets every call of the runtime by.");
}

}  // namespace syscarve
