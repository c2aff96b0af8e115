// SPDX-License-Identifier: Apache-2.0
// Companions: what happens in a service's container beside the service's own work (profiles/rules/companions.json).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// "exec": a shell that a user opens there. "health": a health check of the service. "init": a program in front of the
// service that handles its signals and orphans. "tty": a shell's use of its terminal.
inline constexpr std::string_view kCompanionKinds[] = {"exec", "health", "init", "tty"};

struct Companion {
  std::string kind;                // One of kCompanionKinds.
  std::string program;             // "busybox 1.35.0"
  std::vector<std::string> names;  // The calls that it made, ascending; of x86_64.
};

absl::StatusOr<std::vector<Companion>> ParseCompanions(std::string_view text);
// The embedded file, as in shipped_data.h.
absl::StatusOr<const std::vector<Companion>*> ShippedCompanions();

}  // namespace syscarve
