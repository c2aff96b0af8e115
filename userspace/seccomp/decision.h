// What a filter decides for one call, over all its arguments.
#pragma once

#include <map>

#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"

namespace syscarve {

// A decision as a partition of the arguments: which of them meet which action. No set is empty, and together they are
// all. Two decisions made with one ArgumentSets are the same function exactly when they are equal.
using Decision = std::map<Action, ArgumentSets::Set>;

}  // namespace syscarve
