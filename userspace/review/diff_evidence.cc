// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/diff_evidence.h"

#include <algorithm>
#include <utility>

#include "userspace/model/recording_words.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {
namespace {

// The rule of closure.json whose fallbacks are the same operation under an older name.
constexpr std::string_view kOlderSpelling = "older-spelling";

using CallsByName = std::map<std::string, const AllowedCall*>;

CallsByName ByName(const GeneratedProfile& made) {
  CallsByName by_name;
  for (const AllowedCall& call : made.calls) by_name[call.name] = &call;
  return by_name;
}

std::set<std::string> ProgramsOf(const std::vector<Sighting>& sightings) {
  std::set<std::string> paths;
  for (const Sighting& sighting : sightings) {
    for (const auto& [program, count] : sighting.programs) paths.insert(ProgramLabel(program));
  }
  return paths;
}

// The calls of the same family as `name`, in the rules' order.
std::vector<std::string> OtherSpellings(const std::vector<ClosureRule>& rules, const std::string& name) {
  std::vector<std::string> others;
  const auto has_name = [&](const std::vector<std::string>& names) {
    return std::ranges::find(names, name) != names.end();
  };
  for (const ClosureRule& rule : rules) {
    for (const auto& family : rule.families) {
      if (has_name(family)) others.insert(others.end(), family.begin(), family.end());
    }
    if (rule.id != kOlderSpelling) continue;  // Other rules add calls that are needed with a call, not instead of it.
    for (const ClosureFallback& fallback : rule.fallbacks) {
      if (fallback.when == name) others.insert(others.end(), fallback.add.begin(), fallback.add.end());
      if (has_name(fallback.add)) others.push_back(fallback.when);
    }
  }
  std::erase(others, name);
  return others;
}

// Whether the change is for all arguments.
bool IsOfAllArguments(const CallChange& change) {
  return std::ranges::any_of(change.answers, [](const ActionChange& answer) {
    return answer.when.size() == 1 && answer.when.front().empty();
  });
}

class Finder {
 public:
  Finder(const GeneratedProfile& before, const GeneratedProfile& after, const std::vector<ClosureRule>& rules,
         const std::vector<LibcCalls>& libc)
      : before_(ByName(before)), after_(ByName(after)), rules_(rules) {
    for (const auto& [name, call] : before_) {
      for (const std::string& path : ProgramsOf(call->sightings)) made_before_[path].insert(name);
    }
    for (const auto& [name, call] : after_) {
      for (const std::string& path : ProgramsOf(call->sightings)) made_after_[path].insert(name);
    }
    for (const LibcCalls& calls : libc) libc_.insert(calls.names.begin(), calls.names.end());
  }

  // `all_arguments`: the change is for all arguments, so a reason for some arguments does not explain it.
  CallEvidence Find(const std::string& name, bool all_arguments) const {
    CallEvidence evidence;
    if (const auto old = before_.find(name); old != before_.end()) evidence.before = old->second->sightings;
    const auto now = after_.find(name);
    if (now == after_.end()) return evidence;
    evidence.after = now->second->sightings;
    evidence.baseline = now->second->baseline;
    evidence.closure = now->second->closure;
    if (all_arguments) {
      std::erase_if(evidence.closure, [](const ClosureReason& reason) { return !reason.conditions.empty(); });
    }
    if (!evidence.after.empty()) {
      TellProgramFromLibrary(name, evidence);
    } else if (!evidence.baseline.empty()) {
      evidence.origin = Origin::kRuntime;
    } else if (!evidence.closure.empty()) {
      evidence.origin = Origin::kClosure;
    }
    return evidence;
  }

 private:
  void TellProgramFromLibrary(const std::string& name, CallEvidence& evidence) const {
    evidence.origin = Origin::kProgram;
    const std::set<std::string> paths = ProgramsOf(evidence.after);
    evidence.new_program =
        std::ranges::none_of(paths, [&](const std::string& path) { return made_before_.contains(path); });
    // Every program is in the old recordings, without this call. A program without a known path cannot be matched.
    const bool newly = std::ranges::all_of(paths, [&](const std::string& path) {
      const auto made = made_before_.find(path);
      return !path.empty() && made != made_before_.end() && !made->second.contains(name);
    });
    if (!newly || paths.empty()) return;
    for (const std::string& other : OtherSpellings(rules_, name)) {
      const bool replaced = std::ranges::all_of(paths, [&](const std::string& path) {
        return made_before_.at(path).contains(other) && !made_after_.at(path).contains(other);
      });
      if (!replaced) continue;
      evidence.origin = Origin::kLibrary;
      evidence.spelling = other;
      return;
    }
    if (libc_.contains(name)) evidence.origin = Origin::kLibrary;
  }

  CallsByName before_;
  CallsByName after_;
  const std::vector<ClosureRule>& rules_;
  std::map<std::string, std::set<std::string>> made_before_;  // Names by the program's path.
  std::map<std::string, std::set<std::string>> made_after_;
  std::set<std::string> libc_;
};

}  // namespace

std::string_view OriginName(Origin origin) {
  switch (origin) {
    case Origin::kProgram:
      return "program";
    case Origin::kLibrary:
      return "library";
    case Origin::kRuntime:
      return "runtime";
    case Origin::kClosure:
      return "closure";
    case Origin::kUnexplained:
      return "unexplained";
  }
  return "";
}

absl::StatusOr<DiffEvidence> FindEvidence(const Diff& diff, const GeneratedProfile& before,
                                          const GeneratedProfile& after) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<ClosureRule>* const rules, ShippedClosureRules());
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<LibcCalls>* const libc, ShippedLibcCalls());
  const Finder finder(before, after, *rules, *libc);
  DiffEvidence result;
  const auto add = [&](const std::vector<CallChange>& changes) {
    for (const CallChange& change : changes) {
      for (const std::string& name : change.names) {
        if (!result.calls.contains(name)) result.calls[name] = finder.Find(name, IsOfAllArguments(change));
      }
    }
  };
  for (const AbiChange& abi : diff.abis) add(abi.changes);
  add(diff.unnamed);
  add(diff.calls);
  return result;
}

}  // namespace syscarve
