// SPDX-License-Identifier: Apache-2.0
// Sets of the six 64-bit arguments of a call, exactly and whatever their shape: binary decision diagrams over their 384
// bits. One set has one number, so that equality of sets, and so of what two filters decide, is equality of numbers.
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

// Of a call, as struct seccomp_data has them.
using Arguments = std::array<uint64_t, 6>;

enum class WordTestOp { kEqual, kNotEqual, kGreater, kLessOrEqual, kGreaterOrEqual, kLess, kSet, kClear };

// One comparison of one 32-bit half of an argument, as classic BPF makes them: (half & mask) OP constant. For kSet and
// kClear, whether (half & mask & constant) is not 0, or is 0.
struct WordTest {
  unsigned index = 0;  // 0 to 5.
  bool high = false;
  uint32_t mask = 0xffffffff;
  WordTestOp op = WordTestOp::kEqual;
  uint32_t constant = 0;
  auto operator<=>(const WordTest&) const = default;
};

// One set. Only the ArgumentSets that made it can work with it; the empty one and the whole one are common to all.
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

  // All bits of (argument & mask) equal to those of `value`; `value` has no bit besides.
  struct Cube {
    uint64_t mask = 0;
    uint64_t value = 0;
  };
  // Both ends belong to it.
  struct Interval {
    uint64_t first = 0;
    uint64_t last = 0;
  };

  ArgumentSets();
  ArgumentSets(const ArgumentSets&) = delete;
  ArgumentSets& operator=(const ArgumentSets&) = delete;

  // A hostile filter can ask for diagrams of any size. Beyond a million nodes every result is void, and this is
  // kResourceExhausted from then on. Whoever works with sets returns it before a result leaves; what seccomp/ returns
  // has been asked.
  absl::Status status() const;

  // Fewer nodes than the million for all that are made from now on, so that tests see what becomes of exhausted sets.
  static void LimitNodes(size_t limit);

  // A set of another ArgumentSets is an error of the caller's and ends the program.
  Set Not(Set a) { return Made(IfThenElse(Own(a), 0, 1)); }
  Set And(Set a, Set b) { return Made(IfThenElse(Own(a), Own(b), 0)); }
  Set Or(Set a, Set b) { return Made(IfThenElse(Own(a), 1, Own(b))); }

  Set FromTest(const WordTest& test);
  // Where the condition holds. With `low_half` only the low 32 bits of the argument and of the values count.
  Set FromCondition(const ArgumentCondition& condition, bool low_half);
  // Where all of them hold.
  Set FromConditions(std::span<const ArgumentCondition> conditions, bool low_half);

  // `set` of `from`, here. The numbers of what is copied into new ArgumentSets depend on the order of the copying only,
  // and not on how `from` came by it.
  Set Copy(const ArgumentSets& from, Set set);

  bool Contains(Set set, const Arguments& arguments) const;

  bool DependsOn(Set set, unsigned argument) const;
  bool DependsOnHighHalf(Set set) const;  // Of any argument.

  // `set` split by `argument`: which values of it leave which set of the later arguments. `set` must not depend on
  // earlier arguments. The values' sets depend on `argument` only, are disjoint, and none is empty.
  std::map<Set, Set> SplitBy(Set set, unsigned argument);  // What is left -> the values.

  // The values of `argument` in `set`, which depends on no other: in ascending order, none touching the next; or as
  // cubes that do not overlap. nullopt when there are more than `limit`. With `low_half` only the low 32 bits are
  // looked at and the high ones are taken to be 0.
  std::optional<std::vector<Interval>> Intervals(Set set, unsigned argument, bool low_half, size_t limit);
  std::optional<std::vector<Cube>> Cubes(Set set, unsigned argument, bool low_half, size_t limit);

  // Some arguments in `set`, which is not kNone. Bits that do not matter are 0.
  Arguments Example(Set set) const;

 private:
  // A node of the diagrams. 0 and 1 stand for the empty set and the whole one.
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
  // Whether a variable for which `is_meant` holds is in the diagram.
  template <typename IsMeant>
  bool HasVariable(Index set, const IsMeant& is_meant) const;
  Index CopyPart(const ArgumentSets& from, Index set, std::unordered_map<Index, Index>& known);
  Index TestNode(const WordTest& test);
  Index Make(uint16_t variable, Index low, Index high);
  Index IfThenElse(Index condition, Index then, Index otherwise);
  // The set under `variable` = 0 or 1, where it is the first variable of the set or earlier than that.
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
