// SPDX-License-Identifier: Apache-2.0
// From recordings to a profile: the calls that were seen and, as far as asked for, those that belong beside them;
// everything else refused. Every name in the result has a reason that can be told.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const GeneratedProfile made, Generate(recordings, options));
//   FormatProfile(made.profile);   // The same recordings, in any order, give the same bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/recording.h"
#include "userspace/policy/capabilities.h"
#include "userspace/policy/closure.h"
#include "userspace/policy/exercise.h"
#include "userspace/policy/refusals.h"
#include "userspace/policy/sighting.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {

// How calls that are not allowed are answered.
enum class UnlistedMode {
  kEnosys,  // ENOSYS for what a libc may probe and for numbers of the future, EPERM by name for what is old and known.
  kEperm,   // EPERM, also for numbers of the future; ENOSYS by name for what a libc may probe.
  kKill,    // The process is killed.
  kLog,     // Let through and logged by the kernel: to try a profile out.
};

std::optional<ClosureMode> ClosureModeFromName(std::string_view name);    // "none", "safe", "portable"
std::optional<UnlistedMode> UnlistedModeFromName(std::string_view name);  // "enosys", "eperm", "kill", "log"

// Calls of a container runtime that belong in a profile, and where that is known from. baseline_choice.h picks them.
struct BaselineCalls {
  std::string source;  // "observed", "runc 1.1.5 without no_new_privs, shipped" …
  Abi abi = Abi::kX86_64;
  std::vector<std::string> names;  // All known on `abi`.
  bool incidental = false;         // Made now and then: listed under this source also where another one has seen them.
  bool operator==(const BaselineCalls&) const = default;
};

struct GenerateOptions {
  ClosureMode closure = ClosureMode::kSafe;
  UnlistedMode unlisted = UnlistedMode::kEnosys;
  std::vector<BaselineCalls> baselines;  // The strongest source first: a name is given to the first that has it.
  std::vector<std::string> allow;        // Added, whatever was seen.
  std::vector<std::string> block;        // Never allowed: stronger than every reason to allow.
  bool allow_incomplete = false;
  std::optional<Profile> ceiling;  // The result allows nothing that this refuses (ceiling.h).
};

// A name that the profile allows, and all reasons for it. At least one of the four is there.
struct AllowedCall {
  std::string name;
  std::vector<Sighting> sightings;  // In the order of runs, then subjects, then ABIs.
  std::string baseline;             // BaselineCalls::source, or "".
  std::vector<ClosureReason> closure;
  // The rule of closure that the profile lists it under, although it may have been seen; "" for none.
  std::string incidental;
  bool asked = false;  // By GenerateOptions::allow.
  bool only_by_closure() const { return sightings.empty() && baseline.empty() && !asked; }
  uint64_t count() const;  // Over all sightings.
  bool operator==(const AllowedCall&) const = default;
};

// A call that would be allowed but for the ceiling.
struct CutCall {
  AllowedCall call;
  Action answer;  // What the ceiling answers; the profile refuses it as any other unlisted call.
  bool operator==(const CutCall&) const = default;
};

// A call that is allowed for some arguments only. It is among GeneratedProfile::calls, too.
struct NarrowedCall {
  std::string name;
  ArgumentRules rules;
  std::string closure;  // The rule that adds it for these arguments; "" where the ceiling allows it only for these.
  bool operator==(const NarrowedCall&) const = default;
};

struct GeneratedProfile {
  Profile profile;
  Abi native_abi = Abi::kX86_64;
  std::vector<AllowedCall> calls;                           // Ascending by name.
  std::map<std::string, std::vector<std::string>> closure;  // What each rule added: the names that only closure allows.
  std::set<Abi> seen_abis;                                  // Of calls of the recordings, and the native one.
  std::vector<CutCall> cut;  // By GenerateOptions::ceiling; ascending by name, as is the next.
  std::vector<NarrowedCall> narrowed;
  std::vector<RefusedCall> refused;  // By a filter already in force while recording; ascending by name.
  std::vector<CapabilityVerdict> capabilities;
  bool capabilities_recorded = false;  // Whether any recording could see capability checks.
  std::vector<std::string> cap_add;    // What to add after dropping all capabilities.
  std::vector<std::string> baselines;  // The sources that were given, in their order.
  std::vector<Gap> gaps;               // What the recordings do not show.
  // Sentences; may hold an adversary's bytes. Those of what was refused are RefusalWarnings.
  std::vector<std::string> warnings;
};

// The union over all recordings, runs and subjects, and over a run's parts where one run id appears more than once.
// Calls of phase "runtime" and refused calls are not allowed for their own sake. The profile speaks of the native ABI,
// of every other ABI that was seen and, with ClosureMode::kPortable, of the other architecture's. The result has been
// proven with VerifyProfile, for both architectures.
//
// kInvalidArgument: no recordings, recordings of different architectures, a baseline of another ABI, or an unknown name
// in `allow` or `block` (the message has the nearest known one). kDataLoss: a recording is incomplete and
// `allow_incomplete` is not set. kInternal: the result could not be proven. A seen number without a name cannot be
// written in a profile: it is left out with a warning, and answered as an unlisted call of the future.
absl::StatusOr<GeneratedProfile> Generate(std::span<const Recording> recordings, const GenerateOptions& options);

}  // namespace syscarve
