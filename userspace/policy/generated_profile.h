// SPDX-License-Identifier: Apache-2.0
// A generated profile, with all the reasons for it.
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

// A name that the profile allows, and all reasons for it. At least one of the five is there.
struct AllowedCall {
  std::string name;
  std::vector<Sighting> sightings;  // In the order of runs, then subjects, then ABIs.
  std::string baseline;             // BaselineCalls::source, or "".
  std::string companion;            // CompanionCalls::kind, or "".
  std::vector<ClosureReason> closure;
  // The rule of closure that the profile lists it under, although it may have been seen; "" for none.
  std::string incidental;
  bool requested = false;  // By GenerateOptions::allow.
  // What was proven of it; kUndecided: nothing.
  ProvenNeed proven;
  bool only_by_closure() const { return sightings.empty() && baseline.empty() && companion.empty() && !requested; }
  uint64_t count() const;  // Over all sightings.
  bool operator==(const AllowedCall&) const = default;
};

// The rule that a call which only closure allows is counted for: the first that adds it whatever its arguments, else
// the first. REQUIRES: call.only_by_closure().
const std::string& ClosureRuleOf(const AllowedCall& call);

// A call that would be allowed but for the ceiling.
struct CutCall {
  AllowedCall call;
  Action answer;  // The ceiling's action; the profile refuses it as any other unlisted call.
  bool operator==(const CutCall&) const = default;
};

// Arguments that a call was seen with.
struct ArgumentSighting {
  SyscallId id;
  std::vector<uint64_t> values;  // As SeenArguments has them.
  std::string call;              // With them: "socket(AF_INET, SOCK_STREAM, 0)".
  FileKinds files;               // On which it was seen, of a call with a descriptor.
  std::string on;                // The same for people, to be written behind `call`: " on a tty"; untrusted.
  bool high_risk = false;        // With these arguments it is (shipped/risk.h).
  std::set<Program> programs;    // Paths are an adversary's bytes.
  uint64_t runs = 0;             // In which they were seen.
  ProvenNeed proven;             // As of AllowedCall.
  bool left_out = false;         // By GenerateOptions::only_needed, and nothing else that is allowed is like them.
  bool operator==(const ArgumentSighting&) const = default;
};

// A call that is allowed for some arguments only. It is among GeneratedProfile::calls, too.
struct NarrowedCall {
  std::string name;
  ArgumentRules rules;
  std::string closure;  // The rule that adds it for these arguments; "" where the ceiling allows it only for these, or
  // by GenerateOptions::arguments, it is narrowed to what was seen and what is like it.
  bool by_arguments = false;
  std::vector<std::string> words;      // Of each rule, by the kernel's names: "AF_INET, AF_INET6"; empty: none.
  std::vector<ArgumentSighting> seen;  // What was.
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
  // What closure adds for some arguments only, and is not allowed as that cannot be expressed: name -> rule.
  std::map<std::string, std::string> left_out;
  // Not allowed as the arguments are in memory, where no filter sees them: name -> the call that does the same.
  std::map<std::string, std::string> replaced;
  std::vector<std::string> not_needed;  // Seen, and not allowed by GenerateOptions::only_needed; ascending.
  std::vector<RefusedCall> refused;     // By a filter already in force while recording; ascending by name.
  std::vector<CapabilityVerdict> capabilities;
  bool capabilities_recorded = false;  // Whether any recording could see capability checks.
  std::vector<std::string> cap_add;    // What to add after dropping all capabilities.
  std::vector<std::string> baselines;  // The sources that were given, in their order.
  std::vector<Gap> gaps;               // What the recordings do not show.
  // Sentences; may hold an adversary's bytes. Those of what was refused are RefusalWarnings.
  std::vector<std::string> warnings;
};

}  // namespace syscarve
