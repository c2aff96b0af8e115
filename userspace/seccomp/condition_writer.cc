// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/condition_writer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/seccomp/rule_shapes.h"
#include "userspace/seccomp/symbolic.h"

namespace syscarve {
namespace {

using Set = ArgumentSets::Set;

constexpr size_t kMaxProducts = 128;  // Alternatives considered for one call and action.
// Mostly values for one argument. Handwritten and engines' profiles have fewer.
constexpr size_t kMaxRulesPerCall = 64;
// Masks for one argument. A range bounded on both sides takes dozens, which are unreadable.
constexpr size_t kMaxMasks = 12;
// Alternatives about several arguments. libseccomp 2.5 does not terminate on some longer lists.
constexpr size_t kMaxMixedRules = 8;
constexpr ComparisonStyle kStyles[] = {ComparisonStyle::kInclusive, ComparisonStyle::kExclusive,
                                       ComparisonStyle::kMasked};

// A refusal that can be written as a rule in addition to the default.
Action RefusalBeside(Action default_action) {
  constexpr Action kEperm{ActionKind::kErrno, EPERM};
  constexpr Action kEnosys{ActionKind::kErrno, ENOSYS};
  return default_action == kEperm ? kEnosys : kEperm;
}

// The values of each argument, independent of the others'.
using Product = std::array<Set, 6>;

class ConditionWriter {
 public:
  ConditionWriter(ArgumentSets& sets, ConditionUse use)
      : sets_(sets),
        max_mixed_(use == ConditionUse::kProfile ? kMaxMixedRules : kMaxRulesPerCall),
        max_masks_(use == ConditionUse::kOtherLanguage ? kMaxRulesPerCall : kMaxMasks) {}

  // The arguments in `on` as alternatives of conditions, as few as are found. nullopt if there are too many.
  std::optional<std::vector<std::vector<ArgumentCondition>>> Alternatives(Set on, bool low_half,
                                                                          ComparisonStyle spelling) {
    if (on == kAll) return std::vector<std::vector<ArgumentCondition>>(1);
    std::vector<Product> products;
    if (!Split(on, 0, {kAll, kAll, kAll, kAll, kAll, kAll}, products)) return std::nullopt;
    Simplify(on, products);
    std::vector<std::vector<ArgumentCondition>> alternatives;
    bool mixed = false;
    for (const Product& product : products) {
      std::vector<std::vector<ArgumentCondition>> grown = {{}};
      for (unsigned argument = 0; argument < product.size(); ++argument) {
        if (product[argument] == kAll) continue;
        const auto spelled = Spell(product[argument], argument, low_half, spelling);
        if (!spelled.has_value()) return std::nullopt;
        std::vector<std::vector<ArgumentCondition>> next;
        for (const auto& conditions : grown) {
          for (const ArgumentCondition& condition : *spelled) {
            next.push_back(conditions);
            next.back().push_back(condition);
          }
        }
        if (next.size() > kMaxRulesPerCall) return std::nullopt;
        grown = std::move(next);
      }
      alternatives.insert(alternatives.end(), grown.begin(), grown.end());
      mixed = mixed || grown.front().size() > 1 || grown.front().front().index != alternatives.front().front().index;
      if (alternatives.size() > (mixed ? max_mixed_ : kMaxRulesPerCall)) return std::nullopt;
    }
    std::sort(alternatives.begin(), alternatives.end());
    if (mixed) DropImplied(low_half, alternatives);
    return alternatives;
  }

 private:
  static constexpr Set kAll = ArgumentSets::kAll;

  bool Split(Set on, unsigned argument, const Product& product, std::vector<Product>& products) {
    if (on == ArgumentSets::kNone) return true;
    if (on == kAll) {
      products.push_back(product);
      return products.size() <= kMaxProducts;
    }
    for (const auto& [rest, values] : sets_.SplitBy(on, argument)) {
      Product next = product;
      next[argument] = values;
      if (!Split(rest, argument + 1, next, products)) return false;
    }
    return true;
  }

  Set Whole(const Product& product) {
    Set whole = kAll;
    for (const Set values : product) whole = sets_.And(whole, values);
    return whole;
  }

  void Widen(Set on, std::vector<Product>& products) {
    const Set off = sets_.Not(on);
    for (Product& product : products) {
      for (Set& values : product) {
        const Set kept = std::exchange(values, kAll);
        if (sets_.And(Whole(product), off) != ArgumentSets::kNone) values = kept;
      }
    }
    std::sort(products.begin(), products.end());
    products.erase(std::unique(products.begin(), products.end()), products.end());
  }

  // Merges pairs that differ in one argument only. Returns whether there were any.
  bool Join(std::vector<Product>& products) {
    for (size_t first = 0; first < products.size(); ++first) {
      for (size_t second = first + 1; second < products.size(); ++second) {
        size_t differing = 0;
        size_t at = 0;
        for (size_t argument = 0; argument < 6; ++argument) {
          if (products[first][argument] == products[second][argument]) continue;
          ++differing;
          at = argument;
        }
        if (differing != 1) continue;
        products[first][at] = sets_.Or(products[first][at], products[second][at]);
        products.erase(products.begin() + static_cast<std::ptrdiff_t>(second));
        return true;
      }
    }
    return false;
  }

  void Simplify(Set on, std::vector<Product>& products) {
    Widen(on, products);
    while (Join(products)) Widen(on, products);
    for (size_t i = products.size(); i-- > 0;) {
      Set others = ArgumentSets::kNone;
      for (size_t other = 0; other < products.size(); ++other) {
        if (other != i) others = sets_.Or(others, Whole(products[other]));
      }
      if (sets_.And(Whole(products[i]), sets_.Not(others)) == ArgumentSets::kNone) {
        products.erase(products.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

  // Removes those that the others cover.
  void DropImplied(bool low_half, std::vector<std::vector<ArgumentCondition>>& alternatives) {
    std::vector<Set> wholes;
    for (const auto& conditions : alternatives) {
      wholes.push_back(sets_.FromConditions(conditions, low_half));
    }
    for (size_t i = alternatives.size(); i-- > 0;) {
      Set others = ArgumentSets::kNone;
      for (size_t other = 0; other < wholes.size(); ++other) {
        if (other != i) others = sets_.Or(others, wholes[other]);
      }
      if (sets_.And(wholes[i], sets_.Not(others)) != ArgumentSets::kNone) continue;
      alternatives.erase(alternatives.begin() + static_cast<std::ptrdiff_t>(i));
      wholes.erase(wholes.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  // Conditions on one argument, one of which must hold.
  std::optional<std::vector<ArgumentCondition>> Spell(Set values, unsigned argument, bool low_half,
                                                      ComparisonStyle spelling) {
    const uint64_t largest = low_half ? 0xffffffff : ~uint64_t{0};
    std::optional<std::vector<ArgumentCondition>> masked;
    if (const auto cubes = sets_.Cubes(values, argument, low_half, max_masks_)) {
      masked.emplace();
      for (const ArgumentSets::Cube& cube : *cubes) {
        masked->push_back(cube.mask == largest
                              ? ArgumentCondition{argument, CompareOp::kEqual, cube.value, 0}
                              : ArgumentCondition{argument, CompareOp::kMaskedEqual, cube.mask, cube.value});
      }
    }
    if (spelling == ComparisonStyle::kMasked) return masked;
    const auto intervals = sets_.Intervals(values, argument, low_half, kMaxRulesPerCall);
    if (!intervals.has_value() || intervals->empty()) return masked;
    std::optional<std::vector<ArgumentCondition>> ordered = Ordered(*intervals, argument, largest, spelling);
    // Values are easier to read than masks.
    constexpr size_t kReadable = 8;
    if (!ordered.has_value() ||
        (masked.has_value() && masked->size() < ordered->size() && ordered->size() > kReadable)) {
      return masked;
    }
    return ordered;
  }

  static std::optional<std::vector<ArgumentCondition>> Ordered(const std::vector<ArgumentSets::Interval>& intervals,
                                                               unsigned argument, uint64_t largest,
                                                               ComparisonStyle spelling) {
    constexpr uint64_t kFewValues = 4;
    const auto condition = [&](CompareOp op, uint64_t value) { return ArgumentCondition{argument, op, value, 0}; };
    const ArgumentSets::Interval& first = intervals.front();
    const ArgumentSets::Interval& last = intervals.back();
    if (intervals.size() == 1 && first.first == 1 && first.last == largest) {
      return {{condition(CompareOp::kNotEqual, 0)}};
    }
    if (intervals.size() == 1 && first.first == 0 && first.last == largest - 1) {
      return {{condition(CompareOp::kNotEqual, largest)}};
    }
    if (intervals.size() == 2 && first.first == 0 && last.last == largest && last.first - first.last == 2) {
      return {{condition(CompareOp::kNotEqual, first.last + 1)}};
    }
    std::vector<ArgumentCondition> conditions;
    for (const ArgumentSets::Interval& interval : intervals) {
      const bool inner = interval.first != 0 && interval.last != largest;
      if (interval.first == interval.last || (inner && interval.last - interval.first < kFewValues)) {
        for (uint64_t value = interval.first; value <= interval.last; ++value) {
          conditions.push_back(condition(CompareOp::kEqual, value));
          if (value == interval.last) break;  // It may be the largest value.
        }
      } else if (interval.first == 0) {
        conditions.push_back(spelling == ComparisonStyle::kInclusive ? condition(CompareOp::kLessOrEqual, interval.last)
                                                                     : condition(CompareOp::kLess, interval.last + 1));
      } else if (interval.last == largest) {
        conditions.push_back(spelling == ComparisonStyle::kInclusive
                                 ? condition(CompareOp::kGreaterOrEqual, interval.first)
                                 : condition(CompareOp::kGreater, interval.first - 1));
      } else {
        return std::nullopt;
      }
    }
    return conditions;
  }

  ArgumentSets& sets_;
  size_t max_mixed_;
  size_t max_masks_;
};

// The decisions for `ids` of a profile made of `context` and of `rules` for `name`.
absl::StatusOr<std::map<SyscallId, Decision>> Consequences(ArgumentSets& sets, const std::string& name,
                                                           const ArgumentRules& rules,
                                                           const std::map<SyscallId, Decision>& wanted,
                                                           Profile context) {
  std::map<SyscallId, Decision> decisions;
  // Without conditions, libseccomp's result cannot be any other.
  if (context.rules.empty() && (rules.empty() || (rules.size() == 1 && rules.front().conditions.empty()))) {
    const Action action = rules.empty() ? context.default_action : rules.front().action;
    for (const auto& [id, unused] : wanted) decisions[id] = {{action, ArgumentSets::kAll}};
    return decisions;
  }
  AddArgumentRules(name, rules, context);
  // Compile would bypass libseccomp; runtimes do not.
  if (FamiliesBeyondLibseccomp(context).contains(FamilyOf(name))) {
    return absl::ResourceExhaustedError("libseccomp may come to no end with the rules");
  }
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram program, Compile(context));
  for (const auto& [id, unused] : wanted) {
    SYSCARVE_ASSIGN_OR_RETURN(decisions[id], DecisionOf({&program, 1}, id, sets));
  }
  return decisions;
}

}  // namespace

absl::StatusOr<std::optional<ArgumentRules>> ToConditions(ArgumentSets& sets, const Decision& decision,
                                                          Action otherwise, bool low_half, ComparisonStyle spelling,
                                                          ConditionUse use) {
  ArgumentRules rules;
  ConditionWriter writer(sets, use);
  for (const auto& [action, on] : decision) {
    if (action == otherwise) continue;
    if (low_half && sets.DependsOnHighHalf(on)) return std::optional<ArgumentRules>();
    const auto alternatives = writer.Alternatives(on, low_half, spelling);
    SYSCARVE_RETURN_IF_ERROR(sets.status());
    if (!alternatives.has_value()) return std::optional<ArgumentRules>();
    for (const auto& conditions : *alternatives) rules.push_back({conditions, action});
  }
  if (rules.size() > kMaxRulesPerCall) return std::optional<ArgumentRules>();
  return std::optional(std::move(rules));
}

void AddArgumentRules(const std::string& name, const ArgumentRules& rules, Profile& profile) {
  for (const ArgumentRule& rule : rules) {
    profile.rules.push_back({.names = {name}, .action = rule.action, .conditions = rule.conditions});
  }
}

absl::StatusOr<ChosenRules> ChooseRules(ArgumentSets& sets, const std::string& name,
                                        const std::map<SyscallId, Decision>& wanted, const Profile& context) {
  const Action otherwise = context.default_action;
  Action strictest = Strictest(wanted.begin()->second);
  bool unconditional = context.rules.empty();
  for (const auto& [id, decision] : wanted) {
    unconditional = unconditional && decision.size() == 1 && Strictest(decision) == strictest;
    strictest = std::min(strictest, Strictest(decision));
  }
  const ArgumentRules blunt = strictest == otherwise ? ArgumentRules{} : ArgumentRules{{{}, strictest}};
  if (unconditional) return ChosenRules{blunt, Comparison::kSame};

  // Conditions on all 64 bits come first: libseccomp compares their low halves where an ABI has no more.
  std::vector<ArgumentRules> candidates;
  if (!context.rules.empty()) candidates.emplace_back();
  for (const bool low_half : {false, true}) {
    for (const auto& [id, decision] : wanted) {
      if (ComparesLowHalfOnly(id.abi) != low_half) continue;
      for (const ComparisonStyle spelling : kStyles) {
        SYSCARVE_ASSIGN_OR_RETURN(auto rules, ToConditions(sets, decision, otherwise, low_half, spelling));
        if (rules.has_value() && std::find(candidates.begin(), candidates.end(), *rules) == candidates.end()) {
          candidates.push_back(*std::move(rules));
        }
      }
    }
  }
  candidates.push_back(blunt);
  candidates.emplace_back();
  candidates.push_back({{{}, RefusalBeside(otherwise)}});

  const ArgumentRules* best = &candidates.back();
  std::array<size_t, 3> best_score = {wanted.size() + 1, 0, 0};
  for (const ArgumentRules& rules : candidates) {
    const auto made = Consequences(sets, name, rules, wanted, context);
    SYSCARVE_RETURN_IF_ERROR(sets.status());
    if (!made.ok()) continue;
    std::array<size_t, 3> score = {0, 0, 0};  // Looser, tighter, other refusals.
    for (const auto& [id, decision] : wanted) {
      SYSCARVE_ASSIGN_OR_RETURN(const Comparison comparison, CompareDecisions(sets, decision, made->at(id)));
      if (comparison == Comparison::kLooser) ++score[0];
      if (comparison == Comparison::kTighter) ++score[1];
      if (comparison == Comparison::kOtherRefusal) ++score[2];
    }
    if (score < best_score) {
      best_score = score;
      best = &rules;
    }
    if (score == std::array<size_t, 3>{0, 0, 0}) break;
  }
  const Comparison comparison = best_score[0] > 0   ? Comparison::kLooser
                                : best_score[1] > 0 ? Comparison::kTighter
                                : best_score[2] > 0 ? Comparison::kOtherRefusal
                                                    : Comparison::kSame;
  return ChosenRules{*best, comparison};
}

}  // namespace syscarve
