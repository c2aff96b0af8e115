// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/implied_rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

// A call with at most so many rules is passed to libseccomp unchanged: its result is what runtimes enforce.
constexpr size_t kFewRules = 16;
// Measured with libseccomp 2.5.4 for three architectures: one second for this many rules that compare for equality. A
// filter of more would exceed the kernel's maximum length, or nearly.
constexpr size_t kMostRules = 1024;
// The limit for conditions if some rules compare several arguments, or under a mask: libseccomp's tree, and the paths
// through its filter, can grow with each.
constexpr size_t kMostMixedConditions = 512;

uint64_t LowHalf(uint64_t value) {
  return value & 0xffffffff;
}

// One rule of one name.
struct Item {
  size_t rule = 0;  // Index in the profile.
  const std::vector<ArgumentCondition>* conditions = nullptr;
};

// Keeps the comparisons of one kind that no other implies: for an order the outermost value, of all 64 bits and of the
// low half; for inequality enough to include any two that differ.
class Outermost {
 public:
  explicit Outermost(CompareOp op) : op_(op) {}

  void Add(const Item& item) {
    const uint64_t value = item.conditions->front().value;
    Keep(item, value, wide_);
    Keep(item, LowHalf(value), low_);
  }

  void CopyKept(std::set<size_t>& kept) const {
    for (const auto* places : {&wide_, &low_}) {
      for (const auto& [value, rule] : *places) kept.insert(rule);
    }
  }

 private:
  using Kept = std::map<uint64_t, size_t>;  // By value: the first rule with it.

  void Keep(const Item& item, uint64_t value, Kept& kept) const {
    kept.try_emplace(value, item.rule);
    switch (op_) {
      case CompareOp::kGreater:
      case CompareOp::kGreaterOrEqual:
        if (kept.size() > 1) kept.erase(std::prev(kept.end()));
        break;
      case CompareOp::kLess:
      case CompareOp::kLessOrEqual:
        if (kept.size() > 1) kept.erase(kept.begin());
        break;
      default:  // kNotEqual
        if (kept.size() > 2) kept.erase(value);
    }
  }

  CompareOp op_;
  Kept wide_;
  Kept low_;
};

bool IsOrderOrInequality(const std::vector<ArgumentCondition>& conditions) {
  return conditions.size() == 1 && conditions.front().op != CompareOp::kEqual &&
         conditions.front().op != CompareOp::kMaskedEqual;
}

absl::Status TooMany(std::string_view name, size_t count) {
  return absl::ResourceExhaustedError(
      Concat("\"", name, "\" has ", count, " rules with conditions, more than libseccomp can be given for one call"));
}

// The rules that keep `name`.
absl::StatusOr<std::set<size_t>> KeptRules(std::string_view name, const std::vector<Item>& items,
                                           const std::vector<Rule>& rules) {
  std::set<size_t> kept;
  std::map<std::pair<Action, std::vector<ArgumentCondition>>, size_t> distinct;
  std::map<std::tuple<Action, unsigned, CompareOp>, Outermost> outermost;
  for (const Item& item : items) {
    const Action action = rules[item.rule].action;
    if (item.conditions->empty() || !IsOrderOrInequality(*item.conditions) || items.size() <= kFewRules) {
      if (distinct.try_emplace({action, *item.conditions}, item.rule).second) kept.insert(item.rule);
      continue;
    }
    const ArgumentCondition& condition = item.conditions->front();
    outermost.try_emplace({action, condition.index, condition.op}, condition.op).first->second.Add(item);
  }
  for (const auto& [key, values] : outermost) values.CopyKept(kept);
  const auto is_mixed = [&](size_t rule) {
    const std::vector<ArgumentCondition>& conditions = rules[rule].conditions;
    return conditions.size() > 1 || (conditions.size() == 1 && conditions.front().op == CompareOp::kMaskedEqual);
  };
  const bool mixed = std::ranges::any_of(kept, is_mixed);
  size_t conditions = 0;
  for (const size_t rule : kept) conditions += rules[rule].conditions.size();
  if (kept.size() > kMostRules || (mixed && conditions > kMostMixedConditions)) return TooMany(name, kept.size());
  return kept;
}

}  // namespace

absl::StatusOr<Profile> WithoutImpliedRules(const Profile& profile) {
  std::map<std::string_view, std::vector<Item>> by_name;
  for (size_t i = 0; i < profile.rules.size(); ++i) {
    const Rule& rule = profile.rules[i];
    if (rule.action == profile.default_action) continue;
    for (const std::string& name : rule.names) {
      std::vector<Item>& items = by_name[name];
      if (items.empty() || items.back().rule != i) items.push_back({i, &rule.conditions});
    }
  }
  std::vector<std::set<std::string_view>> names(profile.rules.size());
  for (const auto& [name, items] : by_name) {
    SYSCARVE_ASSIGN_OR_RETURN(const std::set<size_t> kept, KeptRules(name, items, profile.rules));
    for (const size_t rule : kept) names[rule].insert(name);
  }
  Profile result{.default_action = profile.default_action, .abis = profile.abis, .flags = profile.flags, .rules = {}};
  for (size_t i = 0; i < profile.rules.size(); ++i) {
    if (names[i].empty()) continue;
    Rule rule{.names = {}, .action = profile.rules[i].action, .conditions = profile.rules[i].conditions, .comment = ""};
    for (const std::string& name : profile.rules[i].names) {
      if (names[i].erase(name) != 0) rule.names.push_back(name);
    }
    result.rules.push_back(std::move(rule));
  }
  return result;
}

}  // namespace syscarve
