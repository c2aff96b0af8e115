// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/summary.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/sentence.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr size_t kMostHarmless = 8;

std::string ReasonCounts(const GeneratedProfile& made) {
  size_t seen = 0;
  size_t baseline = 0;
  size_t companions = 0;
  size_t requested = 0;
  size_t closure = 0;
  for (const AllowedCall& call : made.calls) {
    if (!call.sightings.empty()) {
      ++seen;
    } else if (!call.baseline.empty()) {
      ++baseline;
    } else if (!call.companion.empty()) {
      ++companions;
    } else if (call.requested) {
      ++requested;
    } else {
      ++closure;
    }
  }
  std::vector<std::string> parts = {Concat(seen, " seen")};
  if (baseline > 0) parts.push_back(Concat(baseline, " from the baseline"));
  if (companions > 0) parts.push_back(Concat(companions, " of what --with names"));
  if (requested > 0) parts.push_back(Concat(requested, " requested"));
  if (closure > 0) parts.push_back(Concat(closure, " by closure"));
  return absl::StrJoin(parts, ", ");
}

// The source's title, without a following reason.
std::string SourceTitle(const std::string& source) {
  return source.substr(0, source.find(": "));
}

std::string AbiList(const std::vector<Abi>& abis) {
  std::vector<std::string> names;
  for (const Abi abi : abis) names.emplace_back(AbiName(abi));
  return absl::StrJoin(names, ", ");
}

std::string UnlistedWords(Action action) {
  if (action.kind == ActionKind::kErrno) return "other calls fail with ENOSYS or EPERM";
  return action.kind == ActionKind::kLog ? "other calls are let through and logged" : "other calls kill the process";
}

}  // namespace

std::string ClosureCosts(const GeneratedProfile& made) {
  std::vector<std::string> parts;
  for (const auto& [rule, names] : made.closure) parts.push_back(Concat(rule, " ", names.size()));
  return parts.empty() ? "" : Concat("added by closure: ", absl::StrJoin(parts, ", "));
}

std::vector<std::string> CeilingLines(const GeneratedProfile& made) {
  std::vector<std::string> cut;
  size_t by_closure = 0;
  for (const CutCall& call : made.cut) {
    if (call.call.only_by_closure()) {
      ++by_closure;
      continue;
    }
    std::string line = Concat(call.call.name, " (", ActionWords(call.answer));
    if (!call.call.sightings.empty()) line += Concat(", seen ", Times(call.call.count()));
    cut.push_back(line + ")");
  }
  std::vector<std::string> lines;
  if (!cut.empty()) lines.push_back(Concat("cut by the ceiling: ", absl::StrJoin(cut, ", ")));
  if (by_closure > 0) lines.push_back(Concat("cut by the ceiling from what closure would add: ", by_closure));
  std::vector<std::string> by_arguments;
  for (const NarrowedCall& call : made.narrowed) {
    if (call.by_arguments) {
      by_arguments.push_back(call.name);
      continue;
    }
    std::vector<std::string> when;
    for (const ArgumentRule& rule : call.rules) {
      if (rule.action.kind != ActionKind::kAllow) continue;
      std::vector<std::string> conditions;
      for (const ArgumentCondition& condition : rule.conditions) conditions.push_back(ConditionWords(condition));
      when.push_back(absl::StrJoin(conditions, " and "));
    }
    lines.push_back(Concat("narrowed by ", call.closure.empty() ? "the ceiling" : Concat("closure ", call.closure),
                           ": ", call.name, " if ", absl::StrJoin(when, ", or ")));
  }
  if (!by_arguments.empty()) {
    lines.push_back(Concat("for some arguments only, by what was seen: ", absl::StrJoin(by_arguments, ", ")));
  }
  std::vector<std::string> risky;
  for (const NarrowedCall& call : made.narrowed) {
    for (const ArgumentSighting& seen : call.seen) {
      if (seen.high_risk && !seen.left_out) risky.push_back(Concat(seen.call, seen.on));
    }
  }
  if (!risky.empty()) lines.push_back(Concat("seen and allowed, of high risk: ", absl::StrJoin(risky, "; ")));
  for (const auto& [name, instead] : made.replaced) {
    lines.push_back(Concat("refused, as no filter can see its arguments, which are in memory: ", name, "; ", instead,
                           " does the same"));
  }
  std::vector<std::string> left_out;
  for (const auto& [name, rule] : made.left_out) left_out.push_back(Concat(name, " (closure ", rule, ")"));
  if (!left_out.empty()) {
    lines.push_back(
        Concat("left out, as it cannot be allowed for some arguments only here: ", absl::StrJoin(left_out, ", ")));
  }
  return lines;
}

std::string NotNeededLine(const GeneratedProfile& made) {
  std::vector<std::string> left_out = made.not_needed;
  for (const NarrowedCall& call : made.narrowed) {
    for (const ArgumentSighting& sighting : call.seen) {
      if (sighting.left_out) left_out.push_back(sighting.call);
    }
  }
  if (left_out.empty()) return "";
  return Concat("seen, proven not needed and left out: ", absl::StrJoin(left_out, ", "));
}

std::vector<std::string> UnexercisedLines(std::span<const Gap> gaps) {
  std::vector<std::string> lines;
  for (const Gap& gap : gaps) lines.push_back(Concat("not exercised: ", GapLine(gap)));
  return lines;
}

std::string HarmlessLine(const GeneratedProfile& made, size_t most) {
  const std::string calls = HarmlessRefusals(made.refused, most);
  if (calls.empty()) return "";
  return Concat("tried, refused with ENOSYS by a filter already in force, with a known fallback: ", calls);
}

Reach NativeReach(const GeneratedProfile& made) {
  Reach reach;
  for (const SyscallEntry& entry : SyscallTable(made.native_abi)) {
    if (IsExemptFromSeccomp({made.native_abi, entry.nr})) continue;
    ++reach.kernel;
    const auto found =
        std::lower_bound(made.calls.begin(), made.calls.end(), entry.name,
                         [](const AllowedCall& call, const std::string& name) { return call.name < name; });
    if (found != made.calls.end() && found->name == entry.name) ++reach.allowed;
  }
  return reach;
}

std::string FirstSummaryLine(const GeneratedProfile& made) {
  const Reach reach = NativeReach(made);
  return Concat(reach.allowed, " of the kernel's ", reach.kernel, " ", AbiName(made.native_abi), " calls are left (",
                ReasonCounts(made), "); ", UnlistedWords(made.profile.default_action));
}

std::string BaselineSummary(const GeneratedProfile& made) {
  std::vector<std::string> titles;
  for (const std::string& source : made.baselines) titles.push_back(SourceTitle(source));
  return titles.empty() ? "none" : absl::StrJoin(titles, "; ");
}

std::string CapabilitySummary(const GeneratedProfile& made) {
  if (!made.capabilities_recorded) return "capabilities: not recorded\n";
  std::string text;
  if (made.cap_add.empty()) {
    const bool possible = std::ranges::any_of(made.capabilities, [](const CapabilityVerdict& verdict) {
      return verdict.verdict == Verdict::kPossible || verdict.verdict == Verdict::kFailed;
    });
    text += Concat("capabilities: none ", possible ? "known to be " : "", "needed (--cap-drop ALL)\n");
  } else {
    std::string options = "--cap-drop ALL";
    for (const std::string& name : made.cap_add) options += Concat(" --cap-add ", name);
    text += Concat("capabilities: ", options, "\n");
  }
  std::vector<std::string> passing;
  std::vector<std::string> others;
  std::vector<std::string> proven;
  for (const CapabilityVerdict& verdict : made.capabilities) {
    if (verdict.verdict == Verdict::kNeeded || verdict.verdict == Verdict::kUndecided ||
        verdict.verdict == Verdict::kPossible || verdict.verdict == Verdict::kFailed) {
      text += Concat("  ", CapabilityName(verdict.capability), ": ", EscapeForTerminal(verdict.why), "\n");
    } else if (verdict.verdict == Verdict::kOpportunistic) {
      passing.push_back(CapabilityName(verdict.capability));
    } else if (verdict.verdict == Verdict::kNotNeeded) {
      proven.push_back(CapabilityName(verdict.capability));
    } else {
      others.push_back(Concat(CapabilityName(verdict.capability), " (", VerdictName(verdict.verdict), ")"));
    }
  }
  if (!proven.empty()) text += Concat("  granted, and proven not needed: ", absl::StrJoin(proven, ", "), "\n");
  if (!others.empty()) text += Concat("  checked but not needed: ", absl::StrJoin(others, ", "), "\n");
  if (!passing.empty()) text += Concat("  opportunistic: ", absl::StrJoin(passing, ", "), "\n");
  return text;
}

std::string GenerateSummary(const GeneratedProfile& made) {
  std::string text = FirstSummaryLine(made) + "\n";
  if (!made.baselines.empty()) text += Concat("baseline: ", EscapeForTerminal(BaselineSummary(made)), "\n");
  if (const std::string costs = ClosureCosts(made); !costs.empty()) text += costs + "\n";
  std::vector<Abi> seen_too;
  std::vector<Abi> covered;
  for (const Abi abi : made.profile.abis) {
    if (abi != made.native_abi) (made.seen_abis.contains(abi) ? seen_too : covered).push_back(abi);
  }
  if (!seen_too.empty()) {
    text += Concat("calls of ", AbiList(seen_too), " were seen, so the profile lists their architecture, too\n");
  }
  if (!covered.empty()) text += Concat("portable: the profile covers ", AbiList(covered), " too\n");
  for (const std::string& line : CeilingLines(made)) text += EscapeForTerminal(line) + "\n";
  if (const std::string line = NotNeededLine(made); !line.empty()) text += line + "\n";
  if (const std::string line = HarmlessLine(made, kMostHarmless); !line.empty()) text += line + "\n";
  for (const std::string& line : UnexercisedLines(made.gaps)) text += EscapeForTerminal(line) + "\n";
  return text + CapabilitySummary(made);
}

}  // namespace syscarve
