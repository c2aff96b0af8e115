// The arguments for which a rule's conditions hold, as sets.
#pragma once

#include <span>

#include "userspace/model/profile.h"
#include "userspace/policy/argument_sets.h"

namespace syscarve {

// With `low_half`, only the low 32 bits of the argument and of the values count (call_rules.h, ComparesLowHalfOnly).
ArgumentSets::Set SetOfCondition(ArgumentSets& sets, const ArgumentCondition& condition, bool low_half);

// Where all of `conditions` hold.
ArgumentSets::Set SetOfConditions(ArgumentSets& sets, std::span<const ArgumentCondition> conditions, bool low_half);

}  // namespace syscarve
