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

class ArgumentSets {
 public:
  // Valid for the ArgumentSets that made it only.
  using Set = uint32_t;
  static constexpr Set kNone = 0;
  static constexpr Set kAll = 1;

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

  // A hostile filter can ask for diagrams of any size. Beyond a million nodes every result is void and this is
  // true from then on; ask after a piece of work, before its results are used.
  bool exhausted() const { return exhausted_; }

  Set Not(Set a) { return IfThenElse(a, kNone, kAll); }
  Set And(Set a, Set b) { return IfThenElse(a, b, kNone); }
  Set Or(Set a, Set b) { return IfThenElse(a, kAll, b); }

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
  // Whether a variable for which `is_meant` holds is in the diagram.
  template <typename IsMeant>
  bool HasVariable(Set set, const IsMeant& is_meant) const;
  Set CopyPart(const ArgumentSets& from, Set set, std::unordered_map<Set, Set>& known);

  struct Node {
    uint16_t variable;  // 64 * argument + (63 - bit): the most significant bits come first.
    Set low;
    Set high;
  };
  struct TripleHash {
    size_t operator()(const std::array<uint32_t, 3>& key) const;
  };

  Set Make(uint16_t variable, Set low, Set high);
  Set IfThenElse(Set condition, Set then, Set otherwise);
  // The set under `variable` = 0 or 1, where it is the first variable of the set or earlier than that.
  Set Cofactor(Set set, uint16_t variable, bool value) const;
  Set ReplaceExits(Set set, uint16_t end, Set exit, std::unordered_map<Set, Set>& known);

  std::vector<Node> nodes_;
  std::unordered_map<std::array<uint32_t, 3>, Set, TripleHash> unique_;
  std::unordered_map<std::array<uint32_t, 3>, Set, TripleHash> computed_;
  bool exhausted_ = false;
};

}  // namespace syscarve
