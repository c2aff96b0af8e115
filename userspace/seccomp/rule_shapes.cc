// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/rule_shapes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {
namespace {

using Conditions = std::vector<ArgumentCondition>;

bool IsEquality(const ArgumentCondition& condition) {
  return condition.op == CompareOp::kEqual || condition.op == CompareOp::kMaskedEqual;
}

// "Less" is the negation of "at least", and so on: libseccomp has one comparison for both.
int Comparison(CompareOp op) {
  switch (op) {
    case CompareOp::kLess:
    case CompareOp::kGreaterOrEqual:
      return 0;
    case CompareOp::kLessOrEqual:
    case CompareOp::kGreater:
      return 1;
    default:
      return 2;
  }
}

// Whether libseccomp may have one node for both, including on 32-bit architectures, where only low halves count.
bool MayBeOneNode(const ArgumentCondition& a, const ArgumentCondition& b) {
  if (a.op == CompareOp::kMaskedEqual || b.op == CompareOp::kMaskedEqual) return IsEquality(a) && IsEquality(b);
  return Comparison(a.op) == Comparison(b.op) && static_cast<uint32_t>(a.value) == static_cast<uint32_t>(b.value);
}

// REQUIRES: both are in ascending order by argument.
bool MayLoopOver(const Conditions& a, const Conditions& b) {
  bool by_order = false;
  for (size_t i = 0; i + 1 < a.size() && i + 1 < b.size(); ++i) {
    if (a[i].index != b[i].index) return false;
    by_order = by_order || !IsEquality(a[i]) || !IsEquality(b[i]);
    if (MayBeOneNode(a[i], b[i])) {
      if (by_order) return true;
    } else if (IsEquality(a[i]) || IsEquality(b[i])) {
      return false;
    }
    // Two order comparisons with different values may still share that of their upper halves, and the nodes after it.
  }
  return false;
}

bool MayLoopOver(const std::set<Conditions>& rules) {
  for (auto rule = rules.begin(); rule != rules.end(); ++rule) {
    for (auto other = rules.begin(); other != rule; ++other) {
      if (MayLoopOver(*rule, *other)) return true;
    }
  }
  return false;
}

// The conditions in libseccomp's order. An empty mask is no condition, nor, on 32-bit architectures, one of upper bits
// only; `without_first` leaves argument 0 out.
Conditions Arranged(const Conditions& conditions, bool without_first, uint64_t compared_bits) {
  Conditions arranged;
  for (const ArgumentCondition& condition : conditions) {
    if (condition.op == CompareOp::kMaskedEqual && (condition.value & compared_bits) == 0) continue;
    if (condition.index != 0 || !without_first) arranged.push_back(condition);
  }
  std::ranges::stable_sort(arranged, {}, &ArgumentCondition::index);
  return arranged;
}

using Families = std::set<std::string, std::less<>>;

void AddFamiliesBeyond(const Profile& profile, uint64_t compared_bits, Families& families) {
  // The rules of each name, and for each multiplexer the remaining conditions after its selector.
  std::map<std::string_view, std::set<Conditions>> by_name;
  std::map<std::string_view, std::set<Conditions>> by_multiplexer;
  for (const Rule& rule : profile.rules) {
    if (rule.conditions.size() < 2 || rule.action == profile.default_action) continue;
    for (const std::string& name : rule.names) {
      by_name[name].insert(Arranged(rule.conditions, false, compared_bits));
      const bool is_multiplexed = FamilyOf(name) != name || name == "socketcall" || name == "ipc";
      if (is_multiplexed) by_multiplexer[FamilyOf(name)].insert(Arranged(rule.conditions, true, compared_bits));
    }
  }
  for (const auto* rules : {&by_name, &by_multiplexer}) {
    for (const auto& [name, conditions] : *rules) {
      if (MayLoopOver(conditions)) families.emplace(FamilyOf(name));
    }
  }
}

}  // namespace

std::string_view FamilyOf(std::string_view name) {
  const std::string_view multiplexer = MultiplexerOf(name);
  return multiplexer.empty() ? name : multiplexer;
}

std::set<std::string, std::less<>> FamiliesBeyondLibseccomp(const Profile& profile) {
  Families families;
  for (const uint64_t compared_bits : {~uint64_t{0}, uint64_t{0xffffffff}}) {
    AddFamiliesBeyond(profile, compared_bits, families);
  }
  return families;
}

}  // namespace syscarve
