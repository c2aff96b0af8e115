// SPDX-License-Identifier: Apache-2.0
// The options of Generate.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/policy/closure.h"

namespace syscarve {

// The action for calls that are not allowed.
enum class UnlistedMode {
  kEnosys,  // ENOSYS for probed calls and for numbers of the future; EPERM by name for old and known calls.
  kEperm,   // EPERM, also for numbers of the future; ENOSYS by name for probed calls.
  kKill,    // The process is killed.
  kLog,     // Let through and logged by the kernel: to try a profile out.
};

// Which calls are narrowed to the arguments that were seen (argument_rules.h).
enum class ArgumentMode {
  kOff,   // None, except by closure and a ceiling.
  kSafe,  // Calls that are rarely made and for which few values have power: to the seen arguments and similar ones.
  kAll,   // Every call whose arguments are recorded: to exactly the seen arguments.
};

std::optional<ArgumentMode> ArgumentModeFromName(std::string_view name);  // "off", "safe", "all"
std::string_view ArgumentModeName(ArgumentMode mode);
std::optional<ClosureMode> ClosureModeFromName(std::string_view name);  // "none", "safe", "steady", "portable"
std::string_view ClosureModeName(ClosureMode mode);
std::optional<UnlistedMode> UnlistedModeFromName(std::string_view name);  // "enosys", "eperm", "kill", "log"

// Calls of a container runtime that belong in a profile, and their source. baseline_choice.h chooses them.
struct BaselineCalls {
  std::string source;  // "observed", "runc 1.1.5 without no_new_privs, shipped" …
  Abi abi = Abi::kX86_64;
  std::vector<std::string> names;  // All are known on `abi`.
  bool incidental = false;         // Made now and then: listed under this source even if another one has them as seen.
  bool operator==(const BaselineCalls&) const = default;
};

// Calls of companions (shipped/companions.h).
struct CompanionCalls {
  std::string kind;    // One of kCompanionKinds.
  std::string source;  // "busybox 1.35.0, shipped", or a file; untrusted.
  std::vector<std::string> names;
  bool operator==(const CompanionCalls&) const = default;
};

struct GenerateOptions {
  ClosureMode closure = ClosureMode::kSteady;
  ArgumentMode arguments = ArgumentMode::kSafe;
  UnlistedMode unlisted = UnlistedMode::kEnosys;
  std::vector<BaselineCalls> baselines;  // The strongest source first: a name is attributed to the first that has it.
  // A name without any other reason is attributed to the first kind that has it.
  std::vector<CompanionCalls> companions;
  std::vector<std::string> allow;  // Allowed, whatever was seen.
  std::vector<std::string> block;  // Never allowed, whatever the reasons to allow.
  // Calls proven not to be needed are allowed neither for having been seen nor by closure.
  bool only_needed = false;
  bool allow_incomplete = false;
  bool conditions = true;  // Whether the output format has conditions. If not, a call that needs some is left out.
  std::optional<Profile> ceiling;  // The result allows nothing that the ceiling refuses (ceiling.h).
};

}  // namespace syscarve
