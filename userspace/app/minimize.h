// SPDX-License-Identifier: Apache-2.0
// Delta debugging: which of many things are needed for something to go well, found by trying it with some of them.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Minimized found, Minimize(names.size(), [&](const std::set<size_t>& kept) {
//     return GoesWellWith(kept);
//   }));
#pragma once

#include <cstddef>
#include <set>

#include "absl/functional/function_ref.h"
#include "userspace/base/status.h"

namespace syscarve {

enum class Trial { kGoesWell, kGoesWrong, kNoTime };

struct Minimized {
  std::set<size_t> kept;  // Goes well with these, by a trial, or all.
  // Of `kept`, those without which, and with all others of `kept`, it goes wrong. All of them, unless time was up.
  std::set<size_t> needed;
};

// Of the things 0 … `size` - 1, with all of which it is known to go well, a part that nothing can be taken away from:
// Zeller and Hildebrandt's ddmin ("Simplifying and Isolating Failure-Inducing Input", 2002), with what is needed in
// place of what fails. No part is tried twice. Tries at most size² + 3·size parts, and some log2(size) for each needed
// one where each is needed or not whatever else there is. After a trial that had no time none is made. An error of
// `attempt` is passed on.
absl::StatusOr<Minimized> Minimize(size_t size,
                                   absl::FunctionRef<absl::StatusOr<Trial>(const std::set<size_t>& kept)> attempt);

}  // namespace syscarve
