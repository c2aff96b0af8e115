// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/capabilities.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <csignal>
#include <optional>
#include <set>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/saturating.h"
#include "userspace/model/action_spelling.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

// The verdict on a capability by one place alone.
enum class Weight { kUnused, kSurvived, kPassing, kAlternative, kPossible, kFailed, kUndecided, kNeeded };

// A call and the place in the kernel; CapabilitySite() for checks whose place is unknown.
using Place = CapabilityRuns::Place;

// The result for one (capability, place) pair after the chains have been applied.
struct PlaceEvidence {
  CapabilityChecks checks;
  Weight weight = Weight::kUnused;
  std::string why;
  std::string result;  // The results of the calls, if the verdict rests on them.
};
using EvidenceByPlace = std::map<Place, PlaceEvidence>;

std::string CallName(const std::optional<SyscallId>& call) {
  return call.has_value() ? DisplayName(*call) : std::string("no call");
}

// Visits the checks of `use` by place; checks whose place is unknown have an empty site.
void ForEachPlace(const CapabilityUse& use, absl::FunctionRef<void(const Place&, const CapabilityChecks&)> visit) {
  for (const auto& [call, checks] : use.during) {
    CapabilityChecks rest = checks;
    if (const auto sites = use.sites.find(call); sites != use.sites.end()) {
      for (const auto& [site, of_site] : sites->second) {
        rest = ChecksBeyond(rest, of_site);
        visit({call, site}, of_site);
      }
    }
    if (rest != CapabilityChecks{}) visit({call, CapabilitySite()}, rest);
  }
}

const CapabilityRemark* FindRemark(const CapabilityData& data, int capability, const std::optional<SyscallId>& call) {
  const std::optional<std::string> name = call.has_value() ? SyscallName(*call) : std::nullopt;
  for (const CapabilityRemark& remark : data.remarks) {
    if (remark.capability != capability) continue;
    if (call.has_value() ? name.has_value() && remark.during.contains(*name) : remark.outside_calls) return &remark;
  }
  return nullptr;
}

bool HasAny(const std::set<std::string>& wanted, const std::vector<std::string>& functions) {
  return std::ranges::any_of(functions, [&](const std::string& function) { return wanted.contains(function); });
}

const CapabilityPlace* FindPlace(const CapabilityData& data, int capability, const CapabilitySite& site) {
  for (const CapabilityPlace& place : data.places) {
    if (place.capabilities.contains(capability) && HasAny(place.functions, site.functions) &&
        (place.beside.empty() || HasAny(place.beside, site.functions))) {
      return &place;
    }
  }
  return nullptr;
}

// The kernel's general functions for checks (kernel/capability.c and the like), which are no evidence of the purpose.
std::string AskedBy(const CapabilitySite& site) {
  static const std::set<std::string>* const kThroughAll = new std::set<std::string>{"capable",
                                                                                    "ns_capable",
                                                                                    "ns_capable_noaudit",
                                                                                    "ns_capable_setid",
                                                                                    "ns_capable_common",
                                                                                    "file_ns_capable",
                                                                                    "has_capability_noaudit",
                                                                                    "has_ns_capability_noaudit",
                                                                                    "has_ns_capability",
                                                                                    "capable_wrt_inode_uidgid",
                                                                                    "sk_capable",
                                                                                    "sk_ns_capable",
                                                                                    "sk_net_capable",
                                                                                    "netlink_capable",
                                                                                    "netlink_net_capable",
                                                                                    "netlink_ns_capable",
                                                                                    "__netlink_ns_capable",
                                                                                    "sockopt_capable",
                                                                                    "sockopt_ns_capable",
                                                                                    "ptrace_has_cap",
                                                                                    "bpf_token_capable"};
  for (const std::string& function : site.functions) {
    if (!kThroughAll->contains(function)) return function;
  }
  return "";
}

CapabilityChecks ChecksAt(const std::map<int, CapabilityUse>& uses, int capability, const Place& place) {
  CapabilityChecks found;
  const auto use = uses.find(capability);
  if (use == uses.end()) return found;
  ForEachPlace(use->second, [&](const Place& other, const CapabilityChecks& checks) {
    if (other.first != place.first || other.second.functions != place.second.functions) return;
    AddChecks(checks, found);
  });
  return found;
}

// The results of the calls in which a capability was granted, or of those in which it was denied.
struct Results {
  uint64_t known = 0;    // Checks.
  bool done = false;     // A call did its work, or may still do it: it succeeded, or may be restarted.
  bool refused = false;  // A call failed with EPERM or EACCES.
  bool ended = false;    // A program ended then.
  std::set<std::string> errors;
};

Results ResultsOf(const CapabilityChecks& checks, bool granted) {
  static const std::set<int>* const kNoFailure = new std::set<int>{0, EINTR, EAGAIN, EINPROGRESS, EALREADY};
  Results results;
  for (const auto& [result, count] : checks.results) {
    if (result.granted != granted) continue;
    AddSaturating(count.count, results.known);
    results.done |= kNoFailure->contains(result.errno_value);
    results.refused |= result.errno_value == EPERM || result.errno_value == EACCES;
    results.ended |= count.ended > 0;
    if (kNoFailure->contains(result.errno_value)) continue;
    const std::optional<std::string_view> name = ErrnoName(result.errno_value);
    results.errors.insert(name.has_value() ? std::string(*name) : Concat("errno ", result.errno_value));
  }
  return results;
}

// "which failed with EPERM", "which failed with EPERM, or went through".
std::string ResultWords(const Results& results) {
  if (results.errors.empty()) return "which went through all the same";
  return Concat("which failed with ", absl::StrJoin(results.errors, " or "), results.done ? ", or went through" : "");
}

// The verdict on a capability that was always refused. `in_failed` is the part of `checks` from commands that failed.
void WeighRefusals(const CapabilityChecks& checks, const CapabilityChecks& in_failed, PlaceEvidence& entry) {
  const Results results = ResultsOf(checks, /*granted=*/false);
  const Results of_failed = ResultsOf(in_failed, /*granted=*/false);
  if (results.ended) {
    entry.weight = Weight::kFailed;
  } else if (in_failed.denied > 0 && (of_failed.known < in_failed.denied || of_failed.refused)) {
    entry.weight = Weight::kPossible;
  } else if (results.known >= checks.denied) {
    entry.weight = Weight::kSurvived;
  }
  if (results.known > 0) entry.result = ResultWords(results);
}

// The verdict by one place alone, without the chains.
PlaceEvidence EvidenceOf(const CapabilityData& data, int capability, const Place& place, const CapabilityChecks& checks,
                         const std::map<int, CapabilityUse>& in_failed) {
  PlaceEvidence entry{.checks = checks, .weight = Weight::kUnused, .why = {}, .result = {}};
  const auto& [call, site] = place;
  if (site.in_vain) {
    entry.weight = Weight::kPassing;
    entry.why = "checked before the kernel knew whether it matters, and it did not matter";
    return entry;
  }
  const bool known = !site.functions.empty();
  const CapabilityPlace* const asking = known ? FindPlace(data, capability, site) : nullptr;
  const CapabilityRemark* const remark = known ? nullptr : FindRemark(data, capability, call);
  if ((asking != nullptr && asking->asking == Asking::kPassing) || (remark != nullptr && remark->opportunistic)) {
    entry.weight = Weight::kPassing;
  } else if (checks.granted > 0) {
    entry.weight = asking != nullptr && asking->asking == Asking::kUndecided ? Weight::kUndecided : Weight::kNeeded;
    // The call may have failed for another reason, before or after the check.
    const Results results = ResultsOf(checks, /*granted=*/true);
    if (results.known >= checks.granted && !results.done) {
      entry.weight = Weight::kUndecided;
      entry.result = Concat("granted, and the call failed all the same (", absl::StrJoin(results.errors, ", "), ")");
    }
  } else {
    WeighRefusals(checks, ChecksAt(in_failed, capability, place), entry);
  }
  if (entry.weight <= Weight::kSurvived) return entry;
  if (asking != nullptr) {
    entry.why = Concat(asking->why, " (", AskedBy(site), ", ", asking->kernel, ")");
  } else if (remark != nullptr) {
    entry.why = Concat(remark->why, " (", remark->kernel, ")");
  } else if (known) {
    entry.why = Concat("asked by ", AskedBy(site));
  }
  return entry;
}

std::string Sentence(std::string_view what, const std::set<std::string>& reasons) {
  return reasons.empty() ? std::string(what) : Concat(what, ": ", absl::StrJoin(reasons, "; "));
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNeeded:
      return "needed";
    case Verdict::kPossible:
      return "possible";
    case Verdict::kFailed:
      return "refused-and-failed";
    case Verdict::kSurvived:
      return "refused-and-survived";
    case Verdict::kUndecided:
      return "undecided";
    case Verdict::kOpportunistic:
      return "opportunistic";
    case Verdict::kAlternative:
      return "alternative";
    case Verdict::kForeign:
      return "foreign";
    case Verdict::kUnused:
      return "unused";
    case Verdict::kNotNeeded:
      return "not-needed";
  }
  return "unused";
}

void AddSetCapabilities(const std::map<SyscallId, Observation>& calls, std::map<int, CapabilityUse>& uses) {
  constexpr int kMostNamed = 8;
  // In capabilities.json.
  const CapabilitySite site = {.functions = {"a list given to capset"}};
  for (const auto& [id, observation] : calls) {
    if (!observation.arguments.has_value() || SyscallName(id) != "capset") continue;
    for (const auto& [words, programs] : observation.arguments->values) {
      const uint32_t named = static_cast<uint32_t>(words.front()) | static_cast<uint32_t>(words.front() >> 32);
      if (std::popcount(named) > kMostNamed) continue;
      for (uint32_t left = named; left != 0; left &= left - 1) {
        CapabilityUse& use = uses[std::countr_zero(left)];
        AddChecks({.granted = 1}, use.during[id]);
        AddChecks({.granted = 1}, use.sites[id][site]);
      }
    }
  }
}

void AddCapabilityUse(const CapabilityUse& more, CapabilityUse& sum) {
  for (const auto& [call, checks] : more.during) AddChecks(checks, sum.during[call]);
  for (const auto& [call, sites] : more.sites) {
    for (const auto& [site, checks] : sites) AddChecks(checks, sum.sites[call][site]);
  }
  AddChecks(more.foreign, sum.foreign);
}

bool HasFailed(const CommandEnd& end) {
  constexpr int kBySignal = 128;  // As a shell reports it.
  return end.status != 0 && end.status != kBySignal + SIGINT && end.status != kBySignal + SIGTERM;
}

void AddCapabilityRun(int capability, const CapabilityUse& use, CapabilityRuns& runs) {
  ForEachPlace(use, [&](const Place& place, const CapabilityChecks& checks) {
    if (checks.granted == 0) return;
    std::set<uint64_t>& seen = runs.granted[capability][place];
    if (seen.size() < CapabilityRuns::kMostRuns) seen.insert(runs.count);
  });
}

namespace {

using AllEvidence = std::map<int, EvidenceByPlace>;

// If every check of the wide capability follows a refused check of a narrow one, the narrow one would have ended the
// chain. Equal counts show that; if there are more wide checks than narrow refusals, the wide one was also checked
// independently.
void FollowChain(const CapabilityChain& chain, const std::map<int, CapabilityUse>& uses, AllEvidence& evidence) {
  const auto wide = evidence.find(chain.wide);
  if (wide == evidence.end()) return;
  for (auto& [place, entry] : wide->second) {
    if (entry.weight < Weight::kPossible) continue;
    uint64_t refused = 0;
    for (const int narrow : chain.narrow) refused += ChecksAt(uses, narrow, place).denied;
    if (refused != entry.checks.granted + entry.checks.denied) continue;
    const Weight weight = std::exchange(entry.weight, Weight::kAlternative);
    entry.why = Concat(chain.why, " (", chain.kernel, ")");
    for (const int narrow : chain.narrow) {
      const auto of_narrow = evidence.find(narrow);
      if (of_narrow == evidence.end()) continue;
      for (auto& [narrow_place, narrow_entry] : of_narrow->second) {
        if (narrow_place.first != place.first || narrow_place.second.functions != place.second.functions ||
            narrow_entry.checks.denied == 0) {
          continue;
        }
        narrow_entry.weight = std::max(narrow_entry.weight, weight);
        narrow_entry.why = Concat("enough in the place of ", CapabilityName(chain.wide));
      }
    }
  }
}

// The kernel checks some capabilities although a weaker one, which it would check next, suffices.
void PreferWeaker(const CapabilityData& data, AllEvidence& evidence) {
  AllEvidence weaker;
  for (auto& [capability, places] : evidence) {
    for (auto& [place, entry] : places) {
      if (entry.weight < Weight::kPossible) continue;
      const CapabilityPlace* const asking = FindPlace(data, capability, place.second);
      if (asking == nullptr || !asking->instead.has_value()) continue;
      PlaceEvidence& better = weaker[*asking->instead][place];
      better.weight = std::exchange(entry.weight, Weight::kAlternative);
      better.why = Concat("enough in the place of ", CapabilityName(capability), " (", AskedBy(place.second), ", ",
                          asking->kernel, ")");
    }
  }
  for (auto& [capability, places] : weaker) {
    for (auto& [place, better] : places) {
      PlaceEvidence& entry = evidence[capability][place];
      if (entry.weight >= better.weight) continue;
      entry.weight = better.weight;
      entry.why = better.why;
    }
  }
}

// CAP_DAC_OVERRIDE passes every check that CAP_DAC_READ_SEARCH passes, except opening by handle.
void LetOverrideAnswer(AllEvidence& evidence) {
  const auto needed = [&](int capability) {
    const auto found = evidence.find(capability);
    return found != evidence.end() && std::any_of(found->second.begin(), found->second.end(), [](const auto& entry) {
             return entry.second.weight == Weight::kNeeded;
           });
  };
  const int dac_override = CapabilityFromName("CAP_DAC_OVERRIDE").value_or(-1);
  const int dac_read_search = CapabilityFromName("CAP_DAC_READ_SEARCH").value_or(-1);
  if (!needed(dac_override) || !needed(dac_read_search)) return;
  for (auto& [place, entry] : evidence[dac_read_search]) {
    const std::optional<SyscallId>& call = place.first;
    if (entry.weight != Weight::kNeeded || (call.has_value() && SyscallName(*call) == "open_by_handle_at")) continue;
    entry.weight = Weight::kAlternative;
    entry.why = "CAP_DAC_OVERRIDE, which is needed elsewhere, passes the same check";
  }
}

// ", seen in 1 of 5 runs only", if that matters for a verdict of this weight.
std::string InFewRuns(const EvidenceByPlace& places, Weight weight, int capability, const CapabilityRuns& runs) {
  const auto of_capability = runs.granted.find(capability);
  if (of_capability == runs.granted.end()) return "";
  std::set<uint64_t> seen;
  for (const auto& [place, entry] : places) {
    const auto found = of_capability->second.find(place);
    if (entry.weight == weight && found != of_capability->second.end()) {
      seen.insert(found->second.begin(), found->second.end());
    }
  }
  if (seen.empty() || seen.size() >= CapabilityRuns::kMostRuns || 2 * seen.size() > runs.count) return "";
  return Concat(", in ", seen.size(), " of ", runs.count, " runs only");
}

}  // namespace

std::vector<CapabilityVerdict> JudgeCapabilities(const CapabilityData& data, const std::map<int, CapabilityUse>& uses,
                                                 const std::map<int, CapabilityUse>& in_failed,
                                                 const CapabilityRuns& runs) {
  AllEvidence evidence;
  for (const auto& [capability, use] : uses) {
    EvidenceByPlace& places = evidence[capability];
    ForEachPlace(use, [&, capability = capability](const Place& place, const CapabilityChecks& checks) {
      places[place] = EvidenceOf(data, capability, place, checks, in_failed);
    });
  }
  for (const CapabilityChain& chain : data.chains) FollowChain(chain, uses, evidence);
  PreferWeaker(data, evidence);
  LetOverrideAnswer(evidence);

  std::vector<CapabilityVerdict> verdicts;
  for (const auto& [capability, places] : evidence) {
    CapabilityVerdict result{.capability = capability};
    std::map<Weight, std::set<std::string>> calls;
    std::map<Weight, std::set<std::string>> reasons;
    std::map<Weight, std::set<std::string>> results;
    bool granted_in_passing = false;
    for (const auto& [place, entry] : places) {
      result.granted += entry.checks.granted;
      result.denied += entry.checks.denied;
      calls[entry.weight].insert(CallName(place.first));
      if (!entry.why.empty()) reasons[entry.weight].insert(entry.why);
      if (!entry.result.empty()) results[entry.weight].insert(entry.result);
      granted_in_passing |= entry.weight == Weight::kPassing && entry.checks.granted > 0;
    }
    const auto decide = [&](Verdict verdict, Weight weight, std::string why) {
      result.verdict = verdict;
      result.calls.assign(calls[weight].begin(), calls[weight].end());
      result.why = std::move(why);
    };
    const auto during = [&](Weight weight) {
      const std::string words = absl::StrJoin(calls[weight], ", ");
      return results[weight].empty() ? words : Concat(words, ", ", absl::StrJoin(results[weight], "; "));
    };
    if (calls.contains(Weight::kNeeded)) {
      decide(Verdict::kNeeded, Weight::kNeeded,
             Sentence(Concat("checked during ", during(Weight::kNeeded),
                             InFewRuns(places, Weight::kNeeded, capability, runs)),
                      reasons[Weight::kNeeded]));
    } else if (calls.contains(Weight::kUndecided)) {
      decide(Verdict::kUndecided, Weight::kUndecided,
             Sentence(Concat("checked during ", during(Weight::kUndecided),
                             InFewRuns(places, Weight::kUndecided, capability, runs),
                             ", and only a run without it can decide"),
                      reasons[Weight::kUndecided]));
    } else if (calls.contains(Weight::kFailed)) {
      decide(Verdict::kFailed, Weight::kFailed,
             Sentence(Concat("refused every time during ", during(Weight::kFailed),
                             ", and the program ended with an error at once"),
                      reasons[Weight::kFailed]));
    } else if (calls.contains(Weight::kPossible)) {
      decide(Verdict::kPossible, Weight::kPossible,
             Sentence(Concat("refused every time during ", during(Weight::kPossible),
                             ", and the command failed, so it may be needed"),
                      reasons[Weight::kPossible]));
    } else if (calls.contains(Weight::kAlternative)) {
      decide(Verdict::kAlternative, Weight::kAlternative,
             Sentence(Concat("another capability is enough during ", during(Weight::kAlternative)),
                      reasons[Weight::kAlternative]));
    } else if (granted_in_passing || (calls.contains(Weight::kPassing) && !calls.contains(Weight::kUnused) &&
                                      !calls.contains(Weight::kSurvived))) {
      decide(Verdict::kOpportunistic, Weight::kPassing,
             Sentence("no outcome depended on it", reasons[Weight::kPassing]));
    } else if (calls.contains(Weight::kUnused) && result.denied > 0) {
      decide(Verdict::kUnused, Weight::kUnused,
             Concat("refused every time during ", during(Weight::kUnused), ", and the program went on"));
    } else if (calls.contains(Weight::kSurvived)) {
      decide(Verdict::kSurvived, Weight::kSurvived,
             Concat("refused every time during ", during(Weight::kSurvived), ", and the program went on"));
    } else {
      decide(Verdict::kForeign, Weight::kUnused,
             "checked only with overridden credentials or against another user namespace, which a container's "
             "capabilities do not decide");
    }
    verdicts.push_back(std::move(result));
  }
  return verdicts;
}

std::vector<int> WiderCapabilities(const CapabilityData& data, int capability) {
  std::vector<int> wider;
  for (const CapabilityChain& chain : data.chains) {
    if (std::ranges::find(chain.narrow, capability) != chain.narrow.end()) wider.push_back(chain.wide);
  }
  return wider;
}

std::vector<std::string> NeededCapabilities(std::span<const CapabilityVerdict> verdicts) {
  std::vector<std::string> names;
  for (const CapabilityVerdict& verdict : verdicts) {
    const bool recommended = verdict.verdict == Verdict::kNeeded || verdict.verdict == Verdict::kUndecided;
    if (recommended) names.push_back(CapabilityName(verdict.capability));
  }
  return names;
}

}  // namespace syscarve
