// SPDX-License-Identifier: Apache-2.0
// The data files of profiles/ as structs. profiles/README.md says where they come from.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"

namespace syscarve {

struct ClosureFallback {
  std::string when;
  std::vector<std::string> add;
  std::vector<ArgumentCondition> conditions;  // All must hold for what is added; empty: any arguments.
};

// Calls that are added when any of `when` was seen.
struct ClosureBeside {
  std::vector<std::string> when;
  std::vector<std::string> add;
  std::vector<ArgumentCondition> conditions;  // As in ClosureFallback.
};

// Calls that are added when one program made a call of each list of `when`.
struct ClosureTogether {
  std::vector<std::vector<std::string>> when;
  std::vector<std::string> add;
  std::vector<ArgumentCondition> conditions;  // As in ClosureFallback.
};

// Calls that are always added, for some arguments only.
struct ClosureNarrowed {
  std::vector<std::string> add;
  std::vector<ArgumentCondition> conditions;  // As in ClosureFallback; never empty.
};

// One reason to add calls that were not seen. Exactly one of the six lists is not empty.
struct ClosureRule {
  std::string id;
  bool portable = false;    // Only for profiles that are to hold with another libc or on another architecture.
  bool steady = false;      // Only for profiles that are to hold for other work of the same power (power.h).
  bool incidental = false;  // Two runs of the same work need not make the same of its calls.
  std::vector<std::string> always;
  std::vector<std::vector<std::string>> families;
  std::vector<ClosureFallback> fallbacks;
  std::vector<ClosureBeside> beside;
  std::vector<ClosureTogether> together;
  std::vector<ClosureNarrowed> narrowed;
  bool made_by_program = false;  // What only a container runtime was seen to make does not bring anything in.
  std::set<std::string> beyond;  // Added although they reach beyond the process and nothing of their class was seen.
  std::string reason;
  std::string source;
};

struct ErrnoPolicy {
  int newer_from = 0;  // Calls with this number or a greater one are answered as if they were probed.
  // Calls that a libc, language runtime or program is known to try and to fall back from: who does, by name.
  std::map<std::string, std::string> probed;
};

// What is known of one capability being asked for during some calls.
struct CapabilityRemark {
  int capability = 0;
  std::set<std::string> during;
  bool outside_calls = false;
  bool opportunistic = false;  // The kernel asks without needing it; otherwise the remark is only worth telling.
  std::string why;
  std::string kernel;
};

struct CapabilityChain {
  int wide = 0;
  std::vector<int> narrow;
  std::string why;
  std::string kernel;
};

// What a question for a capability means, at one place in the kernel's sources.
enum class Asking {
  kNeeded,     // The call fails without it, or does less.
  kPassing,    // The call comes out the same, as far as a program can tell.
  kUndecided,  // One or the other, by what only the kernel knows.
};

struct CapabilityPlace {
  std::set<int> capabilities;
  std::set<std::string> functions;  // Any of these is among those that had called each other,
  std::set<std::string> beside;     // and any of these, unless empty.
  Asking asking = Asking::kNeeded;
  std::optional<int> instead;  // A weaker capability for which the kernel asks next, and which does there, too.
  std::string why;
  std::string kernel;  // File, and Linux versions if not all.
};

struct CapabilityData {
  std::vector<CapabilityRemark> remarks;
  std::vector<CapabilityPlace> places;  // The first that fits a question holds.
  std::vector<CapabilityChain> chains;
};

// Calls that some container runtimes make now and then, so that no measurement can be trusted to show them all.
struct OccasionalCalls {
  std::string id;
  std::set<std::string> runtimes;
  std::vector<std::string> names;
  std::string reason;
  std::string source;
};

// A set of calls that systemd has a word for, "@aio" for example; its members' members are among `names`.
struct SystemdSet {
  std::string name;
  std::set<std::string> names;
};

// The arguments, from 0, of which the kernel takes at most 32 bits, by the call's name.
using NarrowArguments = std::map<std::string, std::set<unsigned>, std::less<>>;

// Calls that a C library makes of its own accord when a process or a thread begins.
struct LibcCalls {
  std::vector<std::string> names;
  std::string who;
};

class PowerMap;  // power.h

// Refuses a rule that adds a call which can do more than what brings it in, by `power`, unless it has conditions and
// its class is above the trigger's, or it is among the rule's `beyond`.
absl::StatusOr<std::vector<ClosureRule>> ParseClosureRules(std::string_view text, const PowerMap& power);
absl::StatusOr<ErrnoPolicy> ParseErrnoPolicy(std::string_view text);
absl::StatusOr<CapabilityData> ParseCapabilityData(std::string_view text);
absl::StatusOr<std::vector<OccasionalCalls>> ParseOccasionalCalls(std::string_view text);
absl::StatusOr<std::vector<SystemdSet>> ParseSystemdSets(std::string_view text);
absl::StatusOr<std::vector<LibcCalls>> ParseLibcCalls(std::string_view text);

// The embedded files, parsed once. An error is a defect of this build (kInternal). The pointers live as long as the
// process.
absl::StatusOr<const std::vector<ClosureRule>*> ShippedClosureRules();  // With those of the map of power.
absl::StatusOr<const ErrnoPolicy*> ShippedErrnoPolicy();
absl::StatusOr<const CapabilityData*> ShippedCapabilityData();
absl::StatusOr<const std::vector<OccasionalCalls>*> ShippedOccasionalCalls();
absl::StatusOr<const std::vector<SystemdSet>*> ShippedSystemdSets();  // "@default" is among them.
absl::StatusOr<const NarrowArguments*> ShippedNarrowArguments();      // Of x86_64, by argument_table.h.
absl::StatusOr<const std::vector<LibcCalls>*> ShippedLibcCalls();

}  // namespace syscarve
