// SPDX-License-Identifier: Apache-2.0
// The data files of profiles/ as structs. profiles/README.md describes their sources.
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
  // Conditions on the added calls, which must all hold; empty: any arguments.
  std::vector<ArgumentCondition> conditions;
};

// Calls that are added if any of `when` was seen.
struct ClosureBeside {
  std::vector<std::string> when;
  std::vector<std::string> add;
  std::vector<ArgumentCondition> conditions;  // As in ClosureFallback.
};

// Calls that are added if one program made a call of each list of `when`.
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

// A reason to add calls that were not seen. Exactly one of the six lists is not empty.
struct ClosureRule {
  std::string id;
  bool portable = false;    // Only for profiles that must hold with another libc or on another architecture.
  bool steady = false;      // Only for profiles that must hold for other work of the same power (power.h).
  bool incidental = false;  // Runs of the same work may differ in its calls.
  std::vector<std::string> always;
  std::vector<std::vector<std::string>> families;
  std::vector<ClosureFallback> fallbacks;
  std::vector<ClosureBeside> beside;
  std::vector<ClosureTogether> together;
  std::vector<ClosureNarrowed> narrowed;
  bool made_by_program = false;  // Calls that only a container runtime was seen to make do not trigger it.
  // Calls that are added although they affect more than the process and no call of their class was seen.
  std::set<std::string> beyond;
  std::string reason;
  std::string source;
};

struct ErrnoPolicy {
  int newer_from = 0;  // Calls with this number or a greater one are treated as probed.
  // Calls that are known to be tried and done without on ENOSYS: name -> the libc, language runtime or program.
  std::map<std::string, std::string> probed;
};

// A remark on checks of one capability during some calls.
struct CapabilityRemark {
  int capability = 0;
  std::set<std::string> during;
  bool outside_calls = false;
  // The kernel checks the capability without needing it; otherwise the remark is only informative.
  bool opportunistic = false;
  std::string why;
  std::string kernel;
};

struct CapabilityChain {
  int wide = 0;
  std::vector<int> narrow;
  std::string why;
  std::string kernel;
};

// The meaning of a capability check at one place in the kernel's sources.
enum class Asking {
  kNeeded,     // The call fails without it, or does less.
  kPassing,    // The call has the same result, as far as a program can observe.
  kUndecided,  // One or the other, depending on state that only the kernel has.
};

struct CapabilityPlace {
  std::set<int> capabilities;
  std::set<std::string> functions;  // The call stack contains any of these,
  std::set<std::string> beside;     // and any of these, unless empty.
  Asking asking = Asking::kNeeded;
  std::optional<int> instead;  // A weaker capability that the kernel checks next, and that also suffices there.
  std::string why;
  std::string kernel;  // File, and Linux versions if not all.
};

struct CapabilityData {
  std::vector<CapabilityRemark> remarks;
  std::vector<CapabilityPlace> places;  // The first that matches a check applies.
  std::vector<CapabilityChain> chains;
};

// Calls that some container runtimes make only now and then, so that measurements may lack them.
struct OccasionalCalls {
  std::string id;
  std::set<std::string> runtimes;
  std::vector<std::string> names;
  std::string reason;
  std::string source;
};

// A named set of calls of systemd, such as "@aio"; `names` includes the members of nested sets.
struct SystemdSet {
  std::string name;
  std::set<std::string> names;
};

// The arguments, from 0, of which the kernel reads at most 32 bits, by the call's name.
using NarrowArguments = std::map<std::string, std::set<unsigned>, std::less<>>;

// Calls that a C library makes of its own accord when a process or a thread begins.
struct LibcCalls {
  std::vector<std::string> names;
  std::string who;
};

class PowerMap;  // power.h

// kInvalidArgument for a rule that adds a call with more power than its trigger according to `power`, unless the rule
// has conditions and the call's class is above the trigger's, or the call is in the rule's `beyond`.
absl::StatusOr<std::vector<ClosureRule>> ParseClosureRules(std::string_view text, const PowerMap& power);
absl::StatusOr<ErrnoPolicy> ParseErrnoPolicy(std::string_view text);
absl::StatusOr<CapabilityData> ParseCapabilityData(std::string_view text);
absl::StatusOr<std::vector<OccasionalCalls>> ParseOccasionalCalls(std::string_view text);
absl::StatusOr<std::vector<SystemdSet>> ParseSystemdSets(std::string_view text);
absl::StatusOr<std::vector<LibcCalls>> ParseLibcCalls(std::string_view text);

// The embedded files, parsed once. An error is a defect of this build (kInternal). The pointers live as long as the
// process.
absl::StatusOr<const std::vector<ClosureRule>*> ShippedClosureRules();  // Includes those of the map of power.
absl::StatusOr<const ErrnoPolicy*> ShippedErrnoPolicy();
absl::StatusOr<const CapabilityData*> ShippedCapabilityData();
absl::StatusOr<const std::vector<OccasionalCalls>*> ShippedOccasionalCalls();
absl::StatusOr<const std::vector<SystemdSet>*> ShippedSystemdSets();  // Includes "@default".
absl::StatusOr<const NarrowArguments*> ShippedNarrowArguments();      // For x86_64, from argument_table.h.
absl::StatusOr<const std::vector<LibcCalls>*> ShippedLibcCalls();

}  // namespace syscarve
