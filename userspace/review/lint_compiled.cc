// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/sentence.h"
#include "userspace/model/syscall_table.h"
#include "userspace/review/lint_rules.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_shapes.h"

namespace syscarve::lint {
namespace {

using Set = ArgumentSets::Set;

// The arguments that rules with different actions match: Conflicts reports those, and there is no right action.
Set Contested(const Subject& subject, SyscallId id, ArgumentSets& sets) {
  const RuleEvaluator::Entry* const entry = subject.decider.Find(id);
  if (entry == nullptr) return ArgumentSets::kNone;
  std::map<Action, Set> matched;
  for (const RuleEvaluator::Alternative& alternative : entry->alternatives) {
    Set& all = matched.try_emplace(alternative.action, ArgumentSets::kNone).first->second;
    all = sets.Or(all, sets.FromConditions(alternative.conditions, ComparesLowHalfOnly(id.abi)));
  }
  Set once = ArgumentSets::kNone;
  Set twice = ArgumentSets::kNone;
  for (const auto& [action, on] : matched) {
    twice = sets.Or(twice, sets.And(once, on));
    once = sets.Or(once, on);
  }
  return twice;
}

struct Difference {
  SyscallId id;
  Set where;
  Action text;
  Action filter;
};

// A difference between `text` and `filter`: first one where the filter is looser.
std::optional<Difference> FindDifference(const Subject& subject, SyscallId id, const Decision& text,
                                         const Decision& filter, ArgumentSets& sets) {
  if (text == filter) return std::nullopt;
  const Set clear = sets.Not(Contested(subject, id, sets));
  for (auto answer = filter.rbegin(); answer != filter.rend(); ++answer) {
    for (const auto& [said, said_on] : text) {
      if (said == answer->first) continue;
      const Set both = sets.And(clear, sets.And(answer->second, said_on));
      if (both == ArgumentSets::kNone) continue;
      return Difference{.id = id, .where = both, .text = said, .filter = answer->first};
    }
  }
  return std::nullopt;
}

bool SpeaksOf(std::string_view name, SyscallId id) {
  if (FindSyscall(id.abi, name) == id) return true;
  const std::optional<MultiplexedCall> multiplexed = MultiplexedOn(id.abi, name);
  return multiplexed.has_value() && multiplexed->id == id;
}

// The entries with the call's name, and the line of the first one.
struct Places {
  std::vector<std::string> entries;
  std::optional<size_t> line;
};

Places PlacesOf(const Subject& subject, SyscallId id) {
  Places places;
  for (const ProfileEntry& entry : subject.input.source.entries) {
    // All rules of an entry have the same names.
    if (entry.rules.empty() || !subject.Counts(entry.rules.front())) continue;
    const std::vector<std::string>& names = entry.rules.front().names;
    const auto named = std::ranges::find_if(names, [&](const std::string& name) { return SpeaksOf(name, id); });
    if (named == names.end()) continue;
    if (places.entries.empty()) places.line = entry.name_lines[static_cast<size_t>(named - names.begin())];
    places.entries.push_back(EntryWords(entry));
  }
  if (places.entries.empty()) places.line = subject.input.source.default_line;
  return places;
}

std::string AnswerWords(Action action) {
  const std::string errno_words = action.kind == ActionKind::kErrno ? Concat(" with errno ", action.value) : "";
  return Concat(ScmpActionName(action.kind), errno_words);
}

LintFinding DescribeDifference(const Subject& subject, const Difference& example, const ArgumentSets& sets) {
  const Places places = PlacesOf(subject, example.id);
  LintFinding finding = Of("compiled-differs");
  finding.line = places.line;
  finding.identity = SyscallName(example.id).value_or(DisplayName(example.id));
  finding.message =
      Concat("For ", CallWords(DisplayName(example.id), example.where, sets), " the profile's text has the action ",
             AnswerWords(example.text), ", but libseccomp's filter has ", AnswerWords(example.filter), ".");
  const std::string what = places.entries.empty() ? "the profile" : Enumerated(places.entries);
  finding.fix = Concat("Write the conditions of ", what,
                       " differently, or split them by value, and look again: it is the filter that is enforced.");
  return finding;
}

LintFinding Unloadable(const Subject& subject, const absl::Status& status) {
  LintFinding finding = Of("unloadable");
  finding.line = subject.input.source.default_line;
  finding.identity = "profile";
  finding.message = Concat("No container starts with this profile: ", WithoutHint(status), ".");
  finding.fix = "Change the rules that are named, or split them by value.";
  return finding;
}

// The finding for a filter with which libseccomp may not terminate: compiling it is not attempted.
LintFinding Endless(const Subject& subject, const std::string& family) {
  LintFinding finding = Of("unloadable");
  finding.line = subject.input.source.default_line;
  std::vector<std::string> entries;
  for (const ProfileEntry& entry : subject.input.source.entries) {
    if (entry.rules.empty() || !subject.Counts(entry.rules.front())) continue;
    const std::vector<std::string>& names = entry.rules.front().names;
    const auto named = std::ranges::find(names, family, FamilyOf);
    if (named == names.end()) continue;
    if (entries.empty()) finding.line = entry.name_lines[static_cast<size_t>(named - names.begin())];
    entries.push_back(EntryWords(entry));
  }
  finding.identity = family;
  finding.message = Concat(
      "No container may start with this profile: libseccomp 2.5 comes to no end with some rules "
      "like those for \"",
      family, "\", which begin with the same comparison by order or inequality ", "and go on with different ones.");
  finding.fix = Concat("In ", Enumerated(entries),
                       " write the comparison that they share in another way in each, such as GT 3 as GE 4, or compare "
                       "for equality.");
  return finding;
}

}  // namespace

absl::Status CompiledFilter(const Subject& subject, Findings& findings) {
  const absl::StatusOr<FilterProgram> program = Compile(subject.profile());
  // Runtimes ignore a rule with a name unknown to libseccomp, which another finding reports.
  if (absl::IsUnimplemented(program.status())) return absl::OkStatus();
  if (!program.ok()) {
    findings.push_back(Unloadable(subject, program.status()));
    return absl::OkStatus();
  }
  for (const std::string& family : FamiliesBeyondLibseccomp(subject.profile())) {
    findings.push_back(Endless(subject, family));
  }
  const Abi native = subject.input.target.native;
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning filter, MeaningOf({&*program, 1}, native));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning own, MeaningOfText(subject.profile(), native));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning text, WithSets(own, filter.sets));
  ArgumentSets& sets = *filter.sets;
  std::set<std::string> told;
  for (const auto& [id, said] : text.decisions) {
    const std::optional<Difference> example = FindDifference(subject, id, said, filter.decisions.at(id), sets);
    SYSCARVE_RETURN_IF_ERROR(sets.status());
    if (!example.has_value()) continue;
    LintFinding finding = DescribeDifference(subject, *example, sets);
    if (told.insert(finding.identity).second) findings.push_back(std::move(finding));
  }
  return absl::OkStatus();
}

}  // namespace syscarve::lint
