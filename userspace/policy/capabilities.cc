// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/capabilities.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

// What one call says of a capability: that, by itself, is the verdict.
enum class Weight { kUnused, kPassing, kPossible, kNeeded };

// What is known of one (capability, call) pair after the chains have been looked through.
struct Evidence {
  CapabilityChecks checks;
  Weight weight = Weight::kUnused;
  std::string why;
};
using EvidenceByCall = std::map<std::optional<SyscallId>, Evidence>;

std::string CallName(const std::optional<SyscallId>& call) {
  return call.has_value() ? DisplayName(*call) : std::string("no call");
}

const CapabilityRemark* FindRemark(const CapabilityData& data, int capability, const std::optional<SyscallId>& call) {
  const std::optional<std::string> name = call.has_value() ? SyscallName(*call) : std::nullopt;
  for (const CapabilityRemark& remark : data.remarks) {
    if (remark.capability != capability) continue;
    if (call.has_value() ? name.has_value() && remark.during.contains(*name) : remark.outside_calls) return &remark;
  }
  return nullptr;
}

bool IsRefusedIn(const std::map<int, CapabilityUse>& uses, int capability, const std::optional<SyscallId>& call) {
  const auto use = uses.find(capability);
  if (use == uses.end()) return false;
  const auto checks = use->second.during.find(call);
  return checks != use->second.during.end() && checks->second.denied > 0;
}

// Of what one call says by itself, without the chains.
Evidence EvidenceOf(const CapabilityData& data, int capability, const std::optional<SyscallId>& call,
                    const CapabilityChecks& checks, const std::map<int, CapabilityUse>& in_failed) {
  Evidence entry{.checks = checks, .weight = Weight::kUnused, .why = {}};
  const CapabilityRemark* const remark = FindRemark(data, capability, call);
  if (remark != nullptr && remark->opportunistic) {
    entry.weight = Weight::kPassing;
  } else if (checks.granted > 0) {
    entry.weight = Weight::kNeeded;
  } else if (IsRefusedIn(in_failed, capability, call)) {
    entry.weight = Weight::kPossible;
  }
  if (remark != nullptr && entry.weight != Weight::kUnused) entry.why = Concat(remark->why, " (", remark->kernel, ")");
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
    case Verdict::kOpportunistic:
      return "opportunistic";
    case Verdict::kForeign:
      return "foreign";
    case Verdict::kUnused:
      return "unused";
  }
  return "unused";
}

void AddCapabilityUse(const CapabilityUse& more, CapabilityUse& sum) {
  for (const auto& [call, checks] : more.during) {
    sum.during[call].granted += checks.granted;
    sum.during[call].denied += checks.denied;
  }
  sum.foreign.granted += more.foreign.granted;
  sum.foreign.denied += more.foreign.denied;
}

bool HasFailed(const CommandEnd& end) {
  constexpr int kBySignal = 128;  // As a shell reports it.
  return end.status != 0 && end.status != kBySignal + SIGINT && end.status != kBySignal + SIGTERM;
}

std::vector<CapabilityVerdict> JudgeCapabilities(const CapabilityData& data, const std::map<int, CapabilityUse>& uses,
                                                 const std::map<int, CapabilityUse>& in_failed) {
  std::map<int, EvidenceByCall> evidence;
  for (const auto& [capability, use] : uses) {
    for (const auto& [call, checks] : use.during) {
      if (checks == CapabilityChecks{}) continue;
      evidence[capability][call] = EvidenceOf(data, capability, call, checks, in_failed);
    }
  }

  // Where every question for the wide capability follows a refused question for a narrow one, the narrow one would have
  // ended the chain. Equal counts show that; a wide check more than narrow refusals was asked for on its own account.
  for (const CapabilityChain& chain : data.chains) {
    const auto wide = evidence.find(chain.wide);
    if (wide == evidence.end()) continue;
    for (auto& [call, entry] : wide->second) {
      if (entry.weight < Weight::kPossible) continue;
      uint64_t refused = 0;
      for (const int narrow : chain.narrow) {
        const auto found = uses.find(narrow);
        if (found == uses.end()) continue;
        const auto checks = found->second.during.find(call);
        if (checks != found->second.during.end()) refused += checks->second.denied;
      }
      if (refused != entry.checks.granted + entry.checks.denied) continue;
      const Weight weight = std::exchange(entry.weight, Weight::kPassing);
      entry.why = Concat(chain.why, " (", chain.kernel, ")");
      for (const int narrow : chain.narrow) {
        auto& narrow_calls = evidence[narrow];
        const auto found = narrow_calls.find(call);
        if (found == narrow_calls.end() || found->second.checks.denied == 0) continue;
        found->second.weight = std::max(found->second.weight, weight);
        found->second.why = Concat("enough in the place of ", CapabilityName(chain.wide));
      }
    }
  }

  // CAP_DAC_OVERRIDE answers every question that CAP_DAC_READ_SEARCH does, except opening by handle.
  const auto needed = [&](int capability) {
    const auto found = evidence.find(capability);
    return found != evidence.end() && std::any_of(found->second.begin(), found->second.end(), [](const auto& entry) {
             return entry.second.weight == Weight::kNeeded;
           });
  };
  const int dac_override = CapabilityFromName("CAP_DAC_OVERRIDE").value_or(-1);
  const int dac_read_search = CapabilityFromName("CAP_DAC_READ_SEARCH").value_or(-1);
  if (needed(dac_override) && needed(dac_read_search)) {
    for (auto& [call, entry] : evidence[dac_read_search]) {
      if (entry.weight != Weight::kNeeded || (call.has_value() && SyscallName(*call) == "open_by_handle_at")) continue;
      entry.weight = Weight::kPassing;
      entry.why = "CAP_DAC_OVERRIDE, which is needed elsewhere, answers the same question";
    }
  }

  std::vector<CapabilityVerdict> verdicts;
  for (const auto& [capability, use] : uses) {
    CapabilityVerdict result{.capability = capability};
    std::map<Weight, std::set<std::string>> calls;
    std::map<Weight, std::set<std::string>> reasons;
    bool granted_in_passing = false;
    for (const auto& [call, entry] : evidence[capability]) {
      result.granted += entry.checks.granted;
      result.denied += entry.checks.denied;
      calls[entry.weight].insert(CallName(call));
      if (!entry.why.empty()) reasons[entry.weight].insert(entry.why);
      granted_in_passing |= entry.weight == Weight::kPassing && entry.checks.granted > 0;
    }
    const auto decide = [&](Verdict verdict, Weight weight, std::string why) {
      result.verdict = verdict;
      result.calls.assign(calls[weight].begin(), calls[weight].end());
      result.why = std::move(why);
    };
    const auto during = [&](Weight weight) { return absl::StrJoin(calls[weight], ", "); };
    if (calls.contains(Weight::kNeeded)) {
      decide(Verdict::kNeeded, Weight::kNeeded,
             Sentence(Concat("asked for during ", during(Weight::kNeeded)), reasons[Weight::kNeeded]));
    } else if (calls.contains(Weight::kPossible)) {
      decide(Verdict::kPossible, Weight::kPossible,
             Sentence(Concat("refused every time during ", during(Weight::kPossible),
                             ", and the command failed, so it may be needed"),
                      reasons[Weight::kPossible]));
    } else if (granted_in_passing || (calls.contains(Weight::kPassing) && !calls.contains(Weight::kUnused))) {
      decide(Verdict::kOpportunistic, Weight::kPassing, Sentence("asked in passing", reasons[Weight::kPassing]));
    } else if (calls.contains(Weight::kUnused) && result.denied > 0) {
      decide(Verdict::kUnused, Weight::kUnused,
             Concat("refused every time during ", during(Weight::kUnused), ", and the program went on"));
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
    if (verdict.verdict == Verdict::kNeeded) names.push_back(CapabilityName(verdict.capability));
  }
  return names;
}

}  // namespace syscarve
