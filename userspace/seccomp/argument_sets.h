// SPDX-License-Identifier: Apache-2.0
// Exact sets of the six 64-bit arguments of a call, of any shape: binary decision diagrams over their 384 bits. Equal
// sets have equal numbers, so comparing sets, and so the decisions of two filters, is comparing numbers.
//
//   ArgumentSets sets;
//   const auto both = sets.And(sets.FromTest(low_word_is_5), sets.FromTest(high_word_is_0));
//   if (both == ArgumentSets::kNone) …
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"

namespace syscarve {

// The arguments of a call, as in struct seccomp_data.
using Arguments = std::array<uint64_t, 6>;

enum class WordTestOp { kEqual, kNotEqual, kGreater, kLessOrEqual, kGreaterOrEqual, kLess, kSet, kClear };

// One comparison of one 32-bit half of an argument in classic BPF: (half & mask) OP constant. For kSet and kClear:
// whether (half & mask & constant) is not 0, or is 0.
struct WordTest {
  unsigned index = 0;  // 0 to 5.
  bool high = false;
  uint32_t mask = 0xffffffff;
  WordTestOp op = WordTestOp::kEqual;
  uint32_t constant = 0;
  auto operator<=>(const WordTest&) const = default;
};

// One set. Valid only with the ArgumentSets that made it; the empty set and the set of all arguments are valid with
// every one.
class ArgumentSet {
 public:
  constexpr ArgumentSet() = default;  // Empty.
  static constexpr ArgumentSet All() { return {1, 0}; }
  auto operator<=>(const ArgumentSet&) const = default;

 private:
  friend class ArgumentSets;
  constexpr ArgumentSet(uint32_t node, uint32_t owner) : node_(node), owner_(owner) {}
  uint32_t node_ = 0;
  uint32_t owner_ = 0;
};

class ArgumentSets {
 public:
  using Set = ArgumentSet;
  static constexpr Set kNone{};
  static constexpr Set kAll = Set::All();

  // The arguments with (argument & mask) == value; `value` has no bits outside `mask`.
  struct Cube {
    uint64_t mask = 0;
    uint64_t value = 0;
  };
  // Both ends are included.
  struct Interval {
    uint64_t first = 0;
    uint64_t last = 0;
  };

  ArgumentSets();
  ArgumentSets(const ArgumentSets&) = delete;
  ArgumentSets& operator=(const ArgumentSets&) = delete;

  // kResourceExhausted once there are more than a million nodes, as a hostile filter may need diagrams of any size;
  // every result is void from then on. A function that works with sets must check this before it returns a result; the
  // functions of seccomp/ do.
  absl::Status status() const;

  // Lowers the limit of nodes for every ArgumentSets made from now on, so that tests can exhaust it.
  static void LimitNodes(size_t limit);

  // Passing a set of another ArgumentSets is a programming error and ends the process.
  Set Not(Set a) { return Made(IfThenElse(Own(a), 0, 1)); }
  Set And(Set a, Set b) { return Made(IfThenElse(Own(a), Own(b), 0)); }
  Set Or(Set a, Set b) { return Made(IfThenElse(Own(a), 1, Own(b))); }

  Set FromTest(const WordTest& test);
  // The arguments for which the condition holds. With `low_half` only the low 32 bits of the argument and of the values
  // count.
  Set FromCondition(const ArgumentCondition& condition, bool low_half);
  // The arguments for which all conditions hold.
  Set FromConditions(std::span<const ArgumentCondition> conditions, bool low_half);

  // Copies `set` from `from` into this object. The numbers of sets copied into new ArgumentSets depend only on the
  // order of copying, and not on the history of `from`.
  Set Copy(const ArgumentSets& from, Set set);

  bool Contains(Set set, const Arguments& arguments) const;

  bool DependsOn(Set set, unsigned argument) const;
  bool DependsOnHighHalf(Set set) const;  // Of any argument.

  // `set` split by the values of `argument`: maps each remaining set of the later arguments to the values that leave
  // it. `set` must not depend on earlier arguments. The sets of values depend on `argument` only, are disjoint, and
  // none is empty.
  std::map<Set, Set> SplitBy(Set set, unsigned argument);  // Remaining set -> values.

  // The values of `argument` in `set`, which must depend on no other argument: as intervals in ascending order, none
  // adjacent to the next; or as cubes that do not overlap. nullopt if there are more than `limit`. With `low_half` only
  // the low 32 bits are considered, and the high ones are taken to be 0.
  std::optional<std::vector<Interval>> Intervals(Set set, unsigned argument, bool low_half, size_t limit);
  std::optional<std::vector<Cube>> Cubes(Set set, unsigned argument, bool low_half, size_t limit);

  // An example of arguments in `set`, which must not be kNone. Bits that do not matter are 0.
  Arguments Example(Set set) const;

 private:
  // A node of the diagrams. 0 is the empty set, 1 the set of all arguments.
  using Index = uint32_t;

  struct Node {
    uint16_t variable;  // 64 * argument + (63 - bit): the most significant bits come first.
    Index low;
    Index high;
  };
  struct TripleHash {
    size_t operator()(const std::array<uint32_t, 3>& key) const;
  };

  Index Own(Set set) const;
  Set Made(Index node) const { return {node, node > 1 ? id_ : 0}; }
  // Whether the diagram contains a variable for which `is_meant` holds.
  template <typename IsMeant>
  bool HasVariable(Index set, const IsMeant& is_meant) const;
  Index CopyPart(const ArgumentSets& from, Index set, std::unordered_map<Index, Index>& known);
  Index TestNode(const WordTest& test);
  Index Make(uint16_t variable, Index low, Index high);
  Index IfThenElse(Index condition, Index then, Index otherwise);
  // The set under `variable` = 0 or 1. `variable` is the first variable of the set or precedes it.
  Index Cofactor(Index set, uint16_t variable, bool value) const;
  Index ReplaceExits(Index set, uint16_t end, Index exit, std::unordered_map<Index, Index>& known);

  uint32_t id_;
  size_t max_nodes_;
  std::vector<Node> nodes_;
  std::unordered_map<std::array<uint32_t, 3>, Index, TripleHash> unique_;
  std::unordered_map<std::array<uint32_t, 3>, Index, TripleHash> computed_;
  bool exhausted_ = false;
};

}  // namespace syscarve
