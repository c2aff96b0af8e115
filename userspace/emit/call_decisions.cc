// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/call_decisions.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {

AbiDecisions DecisionsOf(const Meaning& meaning, Abi abi) {
  AbiDecisions decisions;
  decisions.unknown = Strictest(meaning.decisions.at({abi, kBeyondAllTables}));
  for (const SyscallEntry& entry : SyscallTable(abi)) {
    const auto decision = meaning.decisions.find({abi, entry.nr});
    // Exempt calls have no decision.
    if (decision == meaning.decisions.end()) continue;
    decisions.calls.push_back({{abi, entry.nr}, entry.name, decision->second});
  }
  return decisions;
}

void NoteOtherAbis(const Meaning& meaning, Abi native, const std::set<Abi>& covered, Losses& losses) {
  for (const Abi abi : AbisServedBeside(native)) {
    if (abi == native || covered.contains(abi)) continue;
    const auto allowed = std::ranges::any_of(
        meaning.decisions, [&](const auto& entry) { return entry.first.abi == abi && LetsThrough(entry.second); });
    if (!allowed) continue;
    losses.Note(Concat("this format is for one architecture: calls of ", AbiName(abi),
                       ", some of which the profile allows, are refused"));
  }
}

absl::Status CheckCovers(const Profile& profile, Abi native, std::string_view format) {
  if (std::ranges::find(profile.abis, native) != profile.abis.end()) return absl::OkStatus();
  std::vector<std::string> spoken;
  for (const Abi abi : profile.abis) spoken.emplace_back(AbiName(abi));
  return WithHint(
      absl::InvalidArgumentError(Concat("the profile does not cover ", AbiName(native), ", for which ", format,
                                        " is written here; it covers ", absl::StrJoin(spoken, ", "))),
      "Choose another one with --arch.");
}

}  // namespace syscarve
