#include "userspace/policy/condition_sets.h"

#include <cstdint>

namespace syscarve {
namespace {

using Set = ArgumentSets::Set;

constexpr unsigned kHalfBits = 32;

Set Half(ArgumentSets& sets, unsigned index, bool high, WordTestOp op, uint64_t value, uint64_t mask = UINT64_MAX) {
  const unsigned shift = high ? kHalfBits : 0;
  return sets.FromTest({.index = index,
                        .high = high,
                        .mask = static_cast<uint32_t>(mask >> shift),
                        .op = op,
                        .constant = static_cast<uint32_t>(value >> shift)});
}

// (argument & mask) == value; `value` has no bit besides.
Set Equals(ArgumentSets& sets, unsigned index, uint64_t value, uint64_t mask, bool low_half) {
  const Set low = Half(sets, index, false, WordTestOp::kEqual, value, mask);
  return low_half ? low : sets.And(low, Half(sets, index, true, WordTestOp::kEqual, value, mask));
}

// Greater than `value`, or also equal to it when that is what `low_op` says.
Set Exceeds(ArgumentSets& sets, unsigned index, uint64_t value, WordTestOp low_op, bool low_half) {
  const Set low = Half(sets, index, false, low_op, value);
  if (low_half) return low;
  const Set high = Half(sets, index, true, WordTestOp::kGreater, value);
  const Set same = Half(sets, index, true, WordTestOp::kEqual, value);
  return sets.Or(high, sets.And(same, low));
}

}  // namespace

Set SetOfCondition(ArgumentSets& sets, const ArgumentCondition& condition, bool low_half) {
  const unsigned index = condition.index;
  const uint64_t value = condition.value;
  switch (condition.op) {
    case CompareOp::kEqual:
      return Equals(sets, index, value, UINT64_MAX, low_half);
    case CompareOp::kNotEqual:
      return sets.Not(Equals(sets, index, value, UINT64_MAX, low_half));
    case CompareOp::kMaskedEqual:
      return Equals(sets, index, condition.value_two & value, value, low_half);
    case CompareOp::kGreater:
      return Exceeds(sets, index, value, WordTestOp::kGreater, low_half);
    case CompareOp::kGreaterOrEqual:
      return Exceeds(sets, index, value, WordTestOp::kGreaterOrEqual, low_half);
    case CompareOp::kLess:
      return sets.Not(Exceeds(sets, index, value, WordTestOp::kGreaterOrEqual, low_half));
    case CompareOp::kLessOrEqual:
      return sets.Not(Exceeds(sets, index, value, WordTestOp::kGreater, low_half));
  }
  return ArgumentSets::kNone;
}

Set SetOfConditions(ArgumentSets& sets, std::span<const ArgumentCondition> conditions, bool low_half) {
  Set all = ArgumentSets::kAll;
  for (const ArgumentCondition& condition : conditions) all = sets.And(all, SetOfCondition(sets, condition, low_half));
  return all;
}

}  // namespace syscarve
