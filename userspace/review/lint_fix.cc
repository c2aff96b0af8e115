// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/lint_fix.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {
namespace {

using Kind = ProfileEdit::Kind;
using Set = ArgumentSets::Set;

void AddCalls(const Profile& profile, const std::string& name, std::set<SyscallId>& calls) {
  for (const Abi abi : profile.abis) {
    if (const std::optional<SyscallId> id = FindSyscall(abi, name)) calls.insert(*id);
    if (const std::optional<MultiplexedCall> multiplexed = MultiplexedOn(abi, name)) calls.insert(multiplexed->id);
  }
}

// The permitted differences.
struct Permitted {
  std::set<SyscallId> renamed;
  // By call, the arguments whose upper halves, no longer compared, are 0: for these nothing may differ.
  std::map<SyscallId, Set> masked;
};

const ProfileEntry& EntryOf(const ProfileSource& source, size_t index) {
  return *std::ranges::find(source.entries, index, &ProfileEntry::index);
}

Permitted WhatMayDiffer(const ProfileSource& source, std::span<const LintFinding> fixed, ArgumentSets& sets) {
  Permitted permitted;
  for (const LintFinding& finding : fixed) {
    for (const ProfileEdit& edit : finding.edits) {
      if (edit.kind == Kind::kReplaceName) AddCalls(source.profile, edit.name, permitted.renamed);
      if (edit.kind != Kind::kMaskCondition) continue;
      const Rule& rule = EntryOf(source, edit.entry).rules.front();
      std::set<SyscallId> calls;
      for (const std::string& name : rule.names) AddCalls(source.profile, name, calls);
      const unsigned index = rule.conditions[edit.position].index;
      const Set clean = sets.FromTest({.index = index, .high = true, .constant = 0});
      for (const SyscallId& id : calls) {
        Set& domain = permitted.masked.emplace(id, ArgumentSets::kAll).first->second;
        domain = sets.And(domain, clean);
      }
    }
  }
  return permitted;
}

bool EqualWithin(const Decision& before, const Decision& after, Set domain, ArgumentSets& sets) {
  for (const auto& [action, set] : before) {
    const auto found = after.find(action);
    const Set other = found == after.end() ? ArgumentSets::kNone : found->second;
    if (sets.And(set, domain) != sets.And(other, domain)) return false;
  }
  return true;
}

absl::Status Prove(const Profile& before, const Profile& after, const ProfileSource& source,
                   std::span<const LintFinding> fixed, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning was, MeaningOf(before, native));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning own, MeaningOf(after, native));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning is, WithSets(own, was.sets));
  ArgumentSets& sets = *was.sets;
  const Permitted permitted = WhatMayDiffer(source, fixed, sets);
  for (const auto& [id, decision] : was.decisions) {
    const Decision& now = is.decisions.at(id);
    if (permitted.renamed.contains(id)) continue;
    const auto masked = permitted.masked.find(id);
    const Set domain = masked == permitted.masked.end() ? ArgumentSets::kAll : masked->second;
    if (!EqualWithin(decision, now, domain, sets)) {
      return absl::InternalError(Concat("the fix would change the decision for ", DisplayName(id)));
    }
  }
  return sets.status();
}

}  // namespace

absl::StatusOr<FixedProfile> FixProfile(std::string_view text, const LintInput& input,
                                        std::span<const LintFinding> findings) {
  FixedProfile result;
  std::vector<ProfileEdit> edits;
  for (const LintFinding& finding : findings) {
    if (finding.edits.empty()) continue;
    edits.insert(edits.end(), finding.edits.begin(), finding.edits.end());
    result.fixed.push_back(finding);
  }
  result.text = EditProfile(text, edits);
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileSource after, ParseProfileSource(result.text, input.target));
  SYSCARVE_RETURN_IF_ERROR(Prove(input.source.profile, after.profile, input.source, result.fixed, input.target.native));
  return result;
}

std::vector<std::vector<TextReplacement>> FixesOf(std::string_view text, const LintInput& input,
                                                  std::span<const LintFinding> findings) {
  std::vector<std::vector<TextReplacement>> fixes;
  for (const LintFinding& finding : findings) {
    fixes.emplace_back();
    const auto is_in_front = [](const ProfileEdit& edit) { return edit.kind == Kind::kRemoveByteOrderMark; };
    if (finding.edits.empty() || std::ranges::any_of(finding.edits, is_in_front)) continue;
    if (FixProfile(text, input, {&finding, 1}).ok()) fixes.back() = ReplacementsOf(text, finding.edits);
  }
  return fixes;
}

}  // namespace syscarve
