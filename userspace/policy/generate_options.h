// SPDX-License-Identifier: Apache-2.0
// What Generate is asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/policy/closure.h"

namespace syscarve {

// How calls that are not allowed are answered.
enum class UnlistedMode {
  kEnosys,  // ENOSYS for what a libc may probe and for numbers of the future, EPERM by name for what is old and known.
  kEperm,   // EPERM, also for numbers of the future; ENOSYS by name for what a libc may probe.
  kKill,    // The process is killed.
  kLog,     // Let through and logged by the kernel: to try a profile out.
};

// Which calls are allowed for some arguments only, by what was seen (argument_rules.h).
enum class ArgumentMode {
  kOff,   // None, but for what closure adds and a ceiling narrows.
  kSafe,  // Those for which few values have power, and which are rarely made: to what was seen and what is like it.
  kAll,   // Every call whose arguments are recorded: to exactly what was seen.
};

std::optional<ArgumentMode> ArgumentModeFromName(std::string_view name);  // "off", "safe", "all"
std::string_view ArgumentModeName(ArgumentMode mode);
std::optional<ClosureMode> ClosureModeFromName(std::string_view name);  // "none", "safe", "steady", "portable"
std::string_view ClosureModeName(ClosureMode mode);
std::optional<UnlistedMode> UnlistedModeFromName(std::string_view name);  // "enosys", "eperm", "kill", "log"

// Calls of a container runtime that belong in a profile, and where that is known from. baseline_choice.h picks them.
struct BaselineCalls {
  std::string source;  // "observed", "runc 1.1.5 without no_new_privs, shipped" …
  Abi abi = Abi::kX86_64;
  std::vector<std::string> names;  // All known on `abi`.
  bool incidental = false;         // Made now and then: listed under this source also where another one has seen them.
  bool operator==(const BaselineCalls&) const = default;
};

// Calls of what happens in a container beside the service's own work (shipped/companions.h).
struct CompanionCalls {
  std::string kind;    // One of kCompanionKinds.
  std::string source;  // "busybox 1.35.0, shipped", or a file; may hold an adversary's bytes.
  std::vector<std::string> names;
  bool operator==(const CompanionCalls&) const = default;
};

struct GenerateOptions {
  ClosureMode closure = ClosureMode::kSteady;
  ArgumentMode arguments = ArgumentMode::kSafe;
  UnlistedMode unlisted = UnlistedMode::kEnosys;
  std::vector<BaselineCalls> baselines;  // The strongest source first: a name is given to the first that has it.
  // A name that nothing else speaks for is given to the first kind that has it.
  std::vector<CompanionCalls> companions;
  std::vector<std::string> allow;  // Added, whatever was seen.
  std::vector<std::string> block;  // Never allowed: stronger than every reason to allow.
  // Calls that were proven not to be needed are not allowed for having been seen, nor by closure.
  bool only_needed = false;
  bool allow_incomplete = false;
  bool conditions = true;  // Whether the format has conditions. Otherwise a call that would need some is left out.
  std::optional<Profile> ceiling;  // The result allows nothing that this refuses (ceiling.h).
};

}  // namespace syscarve
