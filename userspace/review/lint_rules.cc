// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/lint_rules.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/sentence.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve::lint {
namespace {

using Kind = ProfileEdit::Kind;
using Set = ArgumentSets::Set;

// A rule and its entry.
struct Place {
  const ProfileEntry* entry = nullptr;
  const Rule* rule = nullptr;
};

std::vector<Place> CountingRules(const Subject& subject) {
  std::vector<Place> places;
  for (const ProfileEntry& entry : subject.input.source.entries) {
    for (const Rule& rule : entry.rules) {
      if (subject.Counts(rule)) places.push_back({&entry, &rule});
    }
  }
  return places;
}

// The first rule without conditions for each name: it decides the call.
std::map<std::string_view, Place> Deciding(const Subject& subject) {
  std::map<std::string_view, Place> deciding;
  for (const Place& place : CountingRules(subject)) {
    if (!place.rule->conditions.empty()) continue;
    for (const std::string& name : place.rule->names) deciding.emplace(name, place);
  }
  return deciding;
}

bool Contradicts(const Subject& subject, const Rule& rule) {
  return std::ranges::all_of(subject.profile().abis, [&](Abi abi) {
    return subject.sets.FromConditions(rule.conditions, ComparesLowHalfOnly(abi)) == ArgumentSets::kNone;
  });
}

LintFinding Contradiction(const Place& place) {
  LintFinding finding = Of("never-matches");
  finding.line = place.entry->line;
  finding.identity = Enumerated(place.rule->names);
  finding.message = Concat("No arguments meet the conditions of ", EntryWords(*place.entry), ".");
  finding.fix = "Remove it, or fix its conditions.";
  if (!place.entry->RepeatsAnIndex()) finding.edits = {{Kind::kRemoveEntry, place.entry->index, 0, ""}};
  return finding;
}

// The names of a rule with conditions that a rule without conditions decides.
std::optional<LintFinding> Shadowed(const Place& place, const std::map<std::string_view, Place>& deciding) {
  LintFinding finding = Of("never-matches");
  std::vector<std::string> names;
  std::string by;
  for (size_t i = 0; i < place.rule->names.size(); ++i) {
    const std::string& name = place.rule->names[i];
    const auto found = deciding.find(name);
    if (found == deciding.end()) continue;
    names.push_back(name);
    if (by.empty()) by = EntryWords(*found->second.entry);
    // If the actions differ, it is unknown which one was intended; and the deciding rule must apply to every container
    // that the profile is used for.
    if (found->second.rule->action == place.rule->action && !found->second.entry->depends_on_target &&
        !place.entry->RepeatsAnIndex()) {
      finding.edits.push_back({Kind::kRemoveName, place.entry->index, i, ""});
    }
  }
  if (names.empty()) return std::nullopt;
  finding.line = place.entry->line;
  finding.identity = Enumerated(names);
  const auto words = [&](const std::string& list) {
    return Concat(EntryWords(*place.entry), " never decides ", list, ": ", by, " has no conditions and decides first.");
  };
  DescribeNames(names, words, finding);
  finding.fix = "Remove one of the two.";
  return finding;
}

using RuleText = std::tuple<std::string_view, Action, std::vector<ArgumentCondition>>;

RuleText TextOf(std::string_view name, const Rule& rule) {
  std::vector<ArgumentCondition> conditions = rule.conditions;
  std::ranges::sort(conditions);
  return {name, rule.action, std::move(conditions)};
}

// The first entry with a rule, and the finding about the last entry that repeats the rule.
struct Said {
  const ProfileEntry* first = nullptr;
  const ProfileEntry* last_told = nullptr;
  size_t finding = 0;
};

LintFinding Duplicate(const Place& place, size_t position, const ProfileEntry& first) {
  const std::string& name = place.rule->names[position];
  LintFinding finding = Of("duplicate-entries");
  finding.line = place.entry->name_lines[position];
  finding.identity = name;
  finding.message = &first == place.entry
                        ? Concat("\"", name, "\" is more than once in ", EntryWords(*place.entry), ".")
                        : Concat(EntryWords(*place.entry), " repeats ", EntryWords(first), " for \"", name, "\".");
  finding.fix = "Remove it here.";
  return finding;
}

// Reports calls with two different actions, both without conditions.
void AddSecondAnswers(const Subject& subject, Findings& findings) {
  const std::map<std::string_view, Place> deciding = Deciding(subject);
  for (const Place& place : CountingRules(subject)) {
    if (!place.rule->conditions.empty()) continue;
    for (size_t i = 0; i < place.rule->names.size(); ++i) {
      const std::string& name = place.rule->names[i];
      const Place& first = deciding.at(name);
      if (first.rule->action == place.rule->action) continue;
      LintFinding finding = Of("conflict");
      finding.line = place.entry->name_lines[i];
      finding.identity = name;
      finding.message = Concat(EntryWords(*place.entry), " and ", EntryWords(*first.entry),
                               " have different actions for \"", name, "\": the first one applies.");
      finding.fix = "Keep the one that is meant.";
      findings.push_back(std::move(finding));
    }
  }
}

// The arguments that the conditional rules of one call match, by action.
struct Covered {
  std::map<Action, Set> sets;
  Place last;  // The last rule that overlaps an earlier one of another action, and the arguments that both match.
  Set overlap = ArgumentSets::kNone;
};

void AddOverlaps(const Subject& subject, Abi abi, std::set<std::string>& told, Findings& findings) {
  const std::map<std::string_view, Place> deciding = Deciding(subject);
  std::map<std::string_view, Covered> calls;
  for (const Place& place : CountingRules(subject)) {
    if (place.rule->conditions.empty()) continue;
    const Set matched = subject.sets.FromConditions(place.rule->conditions, ComparesLowHalfOnly(abi));
    for (const std::string& name : place.rule->names) {
      if (deciding.contains(name)) continue;
      Covered& covered = calls[name];
      for (const auto& [action, set] : covered.sets) {
        const Set both = action == place.rule->action ? ArgumentSets::kNone : subject.sets.And(set, matched);
        if (both == ArgumentSets::kNone) continue;
        covered.last = place;
        covered.overlap = both;
      }
      Set& own = covered.sets.emplace(place.rule->action, ArgumentSets::kNone).first->second;
      own = subject.sets.Or(own, matched);
    }
  }
  if (!subject.sets.status().ok()) return;  // Lint returns this status.
  for (const auto& [name, covered] : calls) {
    if (covered.overlap == ArgumentSets::kNone || !told.insert(std::string(name)).second) continue;
    LintFinding finding = Of("conflict");
    finding.line = covered.last.entry->line;
    finding.identity = std::string(name);
    finding.message = Concat(EntryWords(*covered.last.entry), " and an entry before it both match ",
                             CallWords(name, covered.overlap, subject.sets),
                             " with different actions: which one applies depends on how libseccomp sorts them.");
    finding.fix = "Make their conditions exclude each other.";
    findings.push_back(std::move(finding));
  }
}

}  // namespace

void NeverMatching(const Subject& subject, Findings& findings) {
  const std::map<std::string_view, Place> deciding = Deciding(subject);
  for (const Place& place : CountingRules(subject)) {
    if (place.rule->conditions.empty()) continue;
    if (Contradicts(subject, *place.rule)) {
      findings.push_back(Contradiction(place));
    } else if (std::optional<LintFinding> finding = Shadowed(place, deciding)) {
      findings.push_back(*std::move(finding));
    }
  }
}

void Duplicates(const Subject& subject, Findings& findings) {
  std::map<RuleText, Said> said;
  for (const Place& place : CountingRules(subject)) {
    for (size_t i = 0; i < place.rule->names.size(); ++i) {
      const std::string& name = place.rule->names[i];
      const auto [found, is_new] = said.try_emplace(TextOf(name, *place.rule), Said{.first = place.entry});
      if (is_new) continue;
      Said& before = found->second;
      // One finding per entry, which fixes all repetitions in it.
      if (before.last_told != place.entry) {
        before.last_told = place.entry;
        before.finding = findings.size();
        findings.push_back(Duplicate(place, i, *before.first));
      }
      if (place.entry->RepeatsAnIndex() || before.first->depends_on_target) continue;
      findings[before.finding].edits.push_back({Kind::kRemoveName, place.entry->index, i, ""});
    }
  }
}

void Conflicts(const Subject& subject, Findings& findings) {
  AddSecondAnswers(subject, findings);
  std::set<std::string> told;
  for (const Abi abi : subject.profile().abis) AddOverlaps(subject, abi, told, findings);
}

}  // namespace syscarve::lint
