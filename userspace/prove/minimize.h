// SPDX-License-Identifier: Apache-2.0
// Delta debugging: the smallest part of a set with which a test still passes.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Minimized found, Minimize(names.size(), [&](const std::set<size_t>& kept) {
//     return PassesWith(kept);
//   }));
#pragma once

#include <cstddef>
#include <set>

#include "absl/functional/function_ref.h"
#include "userspace/base/status.h"

namespace syscarve {

enum class Trial { kPasses, kFails, kNoTime };

struct Minimized {
  std::set<size_t> kept;  // The test passes with these.
  // Elements of `kept` such that the test fails with `kept` minus the element: all, unless out of time.
  std::set<size_t> needed;
};

// A 1-minimal subset of {0, …, size - 1}, given that `attempt` passes with all of it: no single element can be removed.
// ddmin of Zeller and Hildebrandt ("Simplifying and Isolating Failure-Inducing Input", 2002), with passing for failing.
// Each subset is tried once; at most size² + 3·size are, and about log2(size) per needed element if elements do not
// depend on each other. No further trial follows kNoTime. Returns the error of `attempt`, if any.
absl::StatusOr<Minimized> Minimize(size_t size,
                                   absl::FunctionRef<absl::StatusOr<Trial>(const std::set<size_t>& kept)> attempt);

}  // namespace syscarve
