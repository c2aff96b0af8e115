// A profile that lets through no less than is meant: for unions, whose parts must go on working.
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/decompile.h"
#include "userspace/seccomp/meaning.h"

namespace syscarve {

// As ProfileFromMeaning (decompile.h), but where a profile cannot say exactly what is meant for a call with a name
// it says something less restrictive, never something more so: first the same on all ABIs, because a profile speaks by
// name for all of them, and where that is not enough, whatever the arguments. The warnings name these calls.
//
// kUnimplemented when even that cannot be written.
absl::StatusOr<FoldedFilters> CoveringProfile(const Meaning& meaning, ArgumentSets& sets, std::string_view what);

}  // namespace syscarve
