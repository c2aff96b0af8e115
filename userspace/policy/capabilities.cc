#include "userspace/policy/capabilities.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using During = std::map<std::optional<SyscallId>, CapabilityChecks>;

// What is known of one (capability, call) pair after the chains have been looked through.
struct Evidence {
  CapabilityChecks checks;
  bool needed = false;
  std::string why;
};

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

std::string Sentence(std::string_view what, const std::set<std::string>& reasons) {
  return reasons.empty() ? std::string(what) : Concat(what, ": ", absl::StrJoin(reasons, "; "));
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNeeded:
      return "needed";
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

std::vector<CapabilityVerdict> JudgeCapabilities(const CapabilityData& data, const std::map<int, CapabilityUse>& uses) {
  std::map<int, std::map<std::optional<SyscallId>, Evidence>> evidence;
  for (const auto& [capability, use] : uses) {
    for (const auto& [call, checks] : use.during) {
      Evidence entry{.checks = checks};
      if (checks.granted > 0) {
        const CapabilityRemark* const remark = FindRemark(data, capability, call);
        entry.needed = remark == nullptr || !remark->opportunistic;
        if (remark != nullptr) entry.why = Concat(remark->why, " (", remark->kernel, ")");
      }
      evidence[capability][call] = entry;
    }
  }

  // Where every question for the wide capability follows a refused question for a narrow one, the narrow one would have
  // ended the chain. Equal counts show that; a wide check more than narrow refusals was asked for on its own account.
  for (const CapabilityChain& chain : data.chains) {
    const auto wide = evidence.find(chain.wide);
    if (wide == evidence.end()) continue;
    for (auto& [call, entry] : wide->second) {
      if (!entry.needed) continue;
      uint64_t refused = 0;
      for (const int narrow : chain.narrow) {
        const auto found = uses.find(narrow);
        if (found == uses.end()) continue;
        const auto checks = found->second.during.find(call);
        if (checks != found->second.during.end()) refused += checks->second.denied;
      }
      if (refused != entry.checks.granted + entry.checks.denied) continue;
      entry.needed = false;
      entry.why = Concat(chain.why, " (", chain.kernel, ")");
      for (const int narrow : chain.narrow) {
        auto& narrow_calls = evidence[narrow];
        const auto found = narrow_calls.find(call);
        if (found == narrow_calls.end() || found->second.checks.denied == 0) continue;
        found->second.needed = true;
        found->second.why = Concat("enough in the place of ", CapabilityName(chain.wide));
      }
    }
  }

  // CAP_DAC_OVERRIDE answers every question that CAP_DAC_READ_SEARCH does, except opening by handle.
  const auto needed = [&](int capability) {
    const auto found = evidence.find(capability);
    return found != evidence.end() && std::any_of(found->second.begin(), found->second.end(),
                                                  [](const auto& entry) { return entry.second.needed; });
  };
  const int dac_override = CapabilityFromName("CAP_DAC_OVERRIDE").value_or(-1);
  const int dac_read_search = CapabilityFromName("CAP_DAC_READ_SEARCH").value_or(-1);
  if (needed(dac_override) && needed(dac_read_search)) {
    for (auto& [call, entry] : evidence[dac_read_search]) {
      if (!entry.needed || (call.has_value() && SyscallName(*call) == "open_by_handle_at")) continue;
      entry.needed = false;
      entry.why = "CAP_DAC_OVERRIDE, which is needed elsewhere, answers the same question";
    }
  }

  std::vector<CapabilityVerdict> verdicts;
  for (const auto& [capability, use] : uses) {
    CapabilityVerdict result{.capability = capability};
    std::set<std::string> needed_calls;
    std::set<std::string> passing_calls;
    std::set<std::string> refused_calls;
    std::set<std::string> needed_reasons;
    std::set<std::string> passing_reasons;
    for (const auto& [call, entry] : evidence[capability]) {
      result.granted += entry.checks.granted;
      result.denied += entry.checks.denied;
      if (entry.needed) {
        needed_calls.insert(CallName(call));
        if (!entry.why.empty()) needed_reasons.insert(entry.why);
      } else if (entry.checks.granted > 0) {
        passing_calls.insert(CallName(call));
        if (!entry.why.empty()) passing_reasons.insert(entry.why);
      } else {
        refused_calls.insert(CallName(call));
      }
    }
    const auto decide = [&](Verdict verdict, const std::set<std::string>& calls, std::string why) {
      result.verdict = verdict;
      result.calls.assign(calls.begin(), calls.end());
      result.why = std::move(why);
    };
    if (!needed_calls.empty()) {
      decide(Verdict::kNeeded, needed_calls,
             Sentence(Concat("asked for during ", absl::StrJoin(needed_calls, ", ")), needed_reasons));
    } else if (!passing_calls.empty()) {
      decide(Verdict::kOpportunistic, passing_calls, Sentence("asked in passing", passing_reasons));
    } else if (result.denied > 0) {
      decide(Verdict::kUnused, refused_calls, "refused every time, and the program went on");
    } else {
      decide(Verdict::kForeign, {},
             "checked only with overridden credentials or against another user namespace, which a container's "
             "capabilities "
             "do not decide");
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
