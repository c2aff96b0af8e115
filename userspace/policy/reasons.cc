// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/reasons.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

// Records the ABIs on which a call is allowed only because rules are by name.
void NoteWidened(const std::string& name, const std::set<Abi>& seen_on, const std::set<Abi>& seen_abis,
                 ProfileDraft& draft) {
  for (const Abi abi : draft.abis) {
    // Not for ABIs of the other architecture, which were not seen: that is the purpose of portable.
    if (seen_on.contains(abi) || !seen_abis.contains(abi) || !FindSyscall(abi, name).has_value()) continue;
    draft.widened[Concat("seen on ", AbiName(*seen_on.begin()), " only and allowed on ", AbiName(abi), " too")].insert(
        name);
  }
}

}  // namespace

ProfileDraft StartDraft(const Evidence& evidence, Abi native, const GenerateOptions& options) {
  std::set<Abi> abis = evidence.abis;
  if (options.closure == ClosureMode::kPortable) {
    if (const std::optional<Abi> other = OtherArchitecture(native)) abis.insert(*other);
  }
  ProfileDraft draft;
  draft.native_abi = native;
  draft.abis.assign(abis.begin(), abis.end());
  draft.blocked.insert(options.block.begin(), options.block.end());
  return draft;
}

void AddSeen(Evidence& evidence, ProfileDraft& draft) {
  // A program is identified by its path: in another container, or at another time, it is another file.
  std::map<std::string, std::set<std::string>> by_program;
  for (auto& [name, sightings] : evidence.calls) {
    if (draft.blocked.contains(name)) {
      draft.blocked_though_seen.insert(name);
      continue;
    }
    if (draft.not_needed.contains(name)) {
      draft.not_needed_though_seen.insert(name);
      continue;
    }
    draft.wanted.names.insert(name);
    std::set<Abi> seen_on;
    for (const Sighting& sighting : sightings) {
      seen_on.insert(sighting.id.abi);
      for (const auto& [program, count] : sighting.programs) by_program[ProgramLabel(program)].insert(name);
    }
    draft.Allow(name).sightings = std::exchange(sightings, {});
    NoteWidened(name, seen_on, evidence.abis, draft);
  }
  for (auto& [program, names] : by_program) draft.wanted.programs.push_back(std::move(names));
}

void AddBaselines(const GenerateOptions& options, ProfileDraft& draft) {
  for (const BaselineCalls& baseline : options.baselines) {
    for (const std::string& name : baseline.names) {
      if (draft.blocked.contains(name)) {
        draft.blocked_of_runtime.insert(name);
        continue;
      }
      if (draft.wanted.names.insert(name).second) draft.wanted.by_runtime.insert(name);
      AllowedCall& call = draft.Allow(name);
      if (call.baseline.empty()) call.baseline = baseline.source;
    }
  }
}

void AddCompanions(const GenerateOptions& options, ProfileDraft& draft) {
  for (const CompanionCalls& companion : options.companions) {
    std::set<std::string> made;
    for (const std::string& name : companion.names) {
      // Shipped companions were recorded on one architecture; on another, their C library makes other calls for the
      // same purpose.
      if (draft.blocked.contains(name) || !draft.ExistsSomewhere(name)) continue;
      AllowedCall& call = draft.Allow(name);
      if (call.companion.empty()) call.companion = companion.kind;
      draft.wanted.names.insert(name);
      draft.wanted.by_runtime.erase(name);
      made.insert(name);
    }
    draft.wanted.programs.push_back(std::move(made));
  }
}

void AddRequested(const GenerateOptions& options, ProfileDraft& draft) {
  for (const std::string& name : options.allow) {
    if (draft.blocked.contains(name)) {
      draft.contradicted.insert(name);
    } else if (draft.ExistsSomewhere(name)) {
      draft.Allow(name).requested = true;
    } else {
      draft.nowhere.insert(name);
    }
  }
}

void AddClosure(std::span<const ClosureRule> rules, const GenerateOptions& options, ProfileDraft& draft) {
  for (auto& [name, reasons] : Close(rules, options.closure, draft.wanted)) {
    if (draft.blocked.contains(name) || !draft.ExistsSomewhere(name)) continue;
    const bool left_out = draft.not_needed.contains(name) || draft.stays_refused.contains(name);
    if (left_out && !draft.calls.contains(name)) continue;
    draft.Allow(name).closure = std::move(reasons);
  }
  for (auto& [name, rule] : IncidentalCalls(rules, options.closure, draft.wanted)) {
    if (const auto found = draft.calls.find(name); found != draft.calls.end()) {
      found->second.incidental = std::move(rule);
    }
  }
}

}  // namespace syscarve
