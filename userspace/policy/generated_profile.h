// SPDX-License-Identifier: Apache-2.0
// A generated profile, with the reasons for everything in it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/model/proofs.h"
#include "userspace/policy/capabilities.h"
#include "userspace/policy/closure.h"
#include "userspace/policy/exercise.h"
#include "userspace/policy/refusals.h"
#include "userspace/policy/sighting.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {

// A name that the profile allows, with all reasons, at least one.
struct AllowedCall {
  std::string name;
  std::vector<Sighting> sightings;  // In the order of runs, then subjects, then ABIs.
  std::string baseline;             // BaselineCalls::source, or "".
  std::string companion;            // CompanionCalls::kind, or "".
  std::vector<ClosureReason> closure;
  // The closure rule that the profile lists it under even if it was seen; "" for none.
  std::string incidental;
  bool requested = false;  // By GenerateOptions::allow.
  // The result of a proof; kUndecided if there is none.
  ProvenNeed proven;
  bool only_by_closure() const { return sightings.empty() && baseline.empty() && companion.empty() && !requested; }
  uint64_t count() const;  // Over all sightings.
  bool operator==(const AllowedCall&) const = default;
};

// The rule to which a call that only closure allows is attributed: the first that adds it whatever its arguments, else
// the first. REQUIRES: call.only_by_closure().
const std::string& ClosureRuleOf(const AllowedCall& call);

// A call that would be allowed without the ceiling.
struct CutCall {
  AllowedCall call;
  Action answer;  // The ceiling's action; the profile refuses it like any other unlisted call.
  bool operator==(const CutCall&) const = default;
};

// Arguments with which a call was seen.
struct ArgumentSighting {
  SyscallId id;
  std::vector<uint64_t> values;  // As in SeenArguments.
  std::string call;              // The call with the values: "socket(AF_INET, SOCK_STREAM, 0)".
  FileKinds files;               // For a call with a descriptor: the kinds of file on which it was seen.
  std::string on;                // The same as text, to be appended to `call`: " on a tty"; untrusted.
  bool high_risk = false;        // Whether the call has high risk with these arguments (shipped/risk.h).
  std::set<Program> programs;    // Paths are untrusted.
  uint64_t runs = 0;             // The number of runs in which they were seen.
  ProvenNeed proven;             // As in AllowedCall.
  // Not allowed because of GenerateOptions::only_needed, and not covered by similar allowed arguments.
  bool left_out = false;
  bool operator==(const ArgumentSighting&) const = default;
};

// A call that is allowed for some arguments only. Also contained in GeneratedProfile::calls.
struct NarrowedCall {
  std::string name;
  ArgumentRules rules;
  std::string closure;  // The rule that adds it for these arguments; "" if the ceiling or by_arguments narrows it.
  bool by_arguments = false;           // Narrowed by GenerateOptions::arguments to the seen arguments and similar ones.
  std::vector<std::string> words;      // For each rule, by the kernel's names: "AF_INET, AF_INET6"; empty: none.
  std::vector<ArgumentSighting> seen;  // The seen arguments.
  bool operator==(const NarrowedCall&) const = default;
};

struct GeneratedProfile {
  Profile profile;
  Abi native_abi = Abi::kX86_64;
  std::vector<AllowedCall> calls;                           // Ascending by name.
  std::map<std::string, std::vector<std::string>> closure;  // By rule: the names that only closure allows.
  std::set<Abi> seen_abis;                                  // The ABIs of recorded calls, and the native one.
  std::vector<CutCall> cut;  // By GenerateOptions::ceiling; ascending by name, like the next.
  std::vector<NarrowedCall> narrowed;
  // Calls that closure adds for some arguments only, and that are not allowed because that cannot be expressed: name ->
  // rule.
  std::map<std::string, std::string> left_out;
  // Calls that are not allowed because their arguments are in memory, where no filter sees them: name -> the call that
  // does the same.
  std::map<std::string, std::string> replaced;
  std::vector<std::string> not_needed;  // Seen, but not allowed because of GenerateOptions::only_needed; ascending.
  std::vector<RefusedCall> refused;     // By a filter in force while recording; ascending by name.
  std::vector<CapabilityVerdict> capabilities;
  bool capabilities_recorded = false;  // Whether any recording observed capability checks.
  std::vector<std::string> cap_add;    // Capabilities to add after dropping all.
  std::vector<std::string> baselines;  // The sources from the options, in their order.
  std::vector<Gap> gaps;               // What was not exercised in the recordings.
  // Sentences; untrusted. Those about refused calls are RefusalWarnings.
  std::vector<std::string> warnings;
};

}  // namespace syscarve
