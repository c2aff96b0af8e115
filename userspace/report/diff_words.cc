// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/diff_words.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/action_spelling.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/wording.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/call_text.h"

namespace syscarve {
namespace {

constexpr size_t kMaxAlternatives = 6;  // More alternatives make the sentence unreadable.

std::vector<FamilyChanges> ByFamily(const DiffReport& report, std::vector<const CallChange*> changes) {
  std::ranges::stable_sort(changes, [&](const CallChange* a, const CallChange* b) {
    return RiskOfChange(*a, report.risks) > RiskOfChange(*b, report.risks);
  });
  std::map<std::string, FamilyChanges> by_family;
  for (const CallChange* change : changes) {
    const std::string& name = RiskOf(report.risks, change->names.front()).family;
    FamilyChanges& family = by_family[name];
    family.family = name;
    family.level = std::max(family.level, RiskOfChange(*change, report.risks));
    family.changes.push_back(change);
  }
  std::vector<FamilyChanges> families;
  for (auto& [name, family] : by_family) families.push_back(std::move(family));
  std::ranges::stable_sort(families, [](const auto& a, const auto& b) { return a.level > b.level; });
  return families;
}

// The names in all parts of the diff whose changes satisfy `is_such`.
std::set<std::string> NamesWhere(const Diff& diff, absl::FunctionRef<bool(const CallChange&)> is_such) {
  std::set<std::string> names;
  const auto add = [&](const std::vector<CallChange>& changes) {
    for (const CallChange& change : changes) {
      if (is_such(change)) names.insert(change.names.begin(), change.names.end());
    }
  };
  for (const AbiChange& abi : diff.abis) add(abi.changes);
  add(diff.unnamed);
  add(diff.calls);
  return names;
}

std::string CallCount(size_t count) {
  return Concat(count, count == 1 ? " call" : " calls");
}

// "every call is allowed", "every call kills the thread", "it depends on the call".
std::string EverythingWords(const std::optional<Action>& action) {
  if (!action.has_value()) return "it depends on the call";
  return Concat("every call ", SpellingOf(action->kind).link, ActionWords(*action));
}

}  // namespace

RankedChanges Rank(const DiffReport& report) {
  std::vector<const CallChange*> looser;
  std::vector<const CallChange*> tighter;
  std::vector<const CallChange*> other;
  for (const CallChange& change : report.diff.calls) {
    (change.Has(Comparison::kLooser) ? looser : change.Has(Comparison::kTighter) ? tighter : other).push_back(&change);
  }
  return {ByFamily(report, looser), ByFamily(report, tighter), ByFamily(report, other)};
}

std::string VerdictWords(const DiffReport& report) {
  const std::string verdict(VerdictOf(report.diff));
  if (const std::optional<RiskLevel> risk = LooserRisk(report.diff, report.risks)) {
    return Concat(verdict, " (highest risk: ", RiskLevelName(*risk), ")");
  }
  return verdict == "same" && !report.diff.empty() ? "same permissions, other errors" : verdict;
}

std::string CountWords(const DiffReport& report) {
  const auto opens = [](const CallChange& change) { return change.Opens(); };
  const auto tightens = [](const CallChange& change) { return change.Has(Comparison::kTighter); };
  const auto neither = [&](const CallChange& change) { return !opens(change) && !tightens(change); };
  const size_t opened = NamesWhere(report.diff, opens).size();
  const size_t tighter = NamesWhere(report.diff, tightens).size();
  const size_t other = NamesWhere(report.diff, neither).size();
  std::vector<std::string> parts;
  if (opened > 0) parts.push_back(Concat(CallCount(opened), " newly or more widely allowed"));
  if (tighter > 0) parts.push_back(Concat(CallCount(tighter), " tighter"));
  if (other > 0) parts.push_back(Concat(CallCount(other), " refused in another way"));
  if (!parts.empty()) return absl::StrJoin(parts, ", ");
  return report.diff.empty() ? "no call is decided differently" : "only numbers without a name are decided differently";
}

size_t CountOf(const std::vector<FamilyChanges>& families) {
  std::set<std::string> names;
  for (const FamilyChanges& family : families) {
    for (const CallChange* change : family.changes) names.insert(change->names.front());
  }
  return names.size();
}

std::string CallTitle(const CallChange& change, Abi native) {
  if (change.abis == std::vector<Abi>{native}) return change.names.front();
  std::vector<std::string> abis;
  for (const Abi abi : change.abis) abis.emplace_back(AbiName(abi));
  return Concat(change.names.front(), " (", absl::StrJoin(abis, ", "), ")");
}

std::string AnswerWords(const ActionChange& answer, std::string_view arrow) {
  return Concat(ActionWords(answer.before), " ", arrow, " ", ActionWords(answer.after));
}

std::string WhenWords(const ActionChange& answer, Length length) {
  if (answer.when.empty()) return "for some arguments, under too many conditions to list";
  if (answer.when.front().empty()) return "";
  std::vector<std::string> alternatives;
  for (const auto& conditions : answer.when) {
    if (length == Length::kShort && alternatives.size() == kMaxAlternatives) {
      alternatives.push_back(Concat(answer.when.size() - kMaxAlternatives, " more"));
      break;
    }
    std::vector<std::string> words;
    for (const ArgumentCondition& condition : conditions) words.push_back(ConditionWords(condition));
    alternatives.push_back(absl::StrJoin(words, " and "));
  }
  return Concat("if ", absl::StrJoin(alternatives, ", or "));
}

std::string ExampleWords(const CallChange& change, const ActionChange& answer) {
  if (answer.when.size() == 1 && answer.when.front().empty()) return "";
  size_t shown = 1;
  for (const auto& conditions : answer.when) {
    for (const ArgumentCondition& condition : conditions) shown = std::max(shown, size_t{condition.index} + 1);
  }
  for (size_t i = 0; i < answer.example.size(); ++i) {
    if (answer.example[i] != 0) shown = std::max(shown, i + 1);
  }
  const std::string name = change.names.empty() ? "call" : change.names.front();
  const std::span<const uint64_t> arguments(answer.example.data(), shown);
  const std::optional<SyscallId> id = change.abis.empty() ? std::nullopt : FindSyscall(change.abis.front(), name);
  if (const auto table = ShippedArgumentTable(); table.ok() && id.has_value()) {
    return CallText(**table, *id, name, arguments, {.paths = {}, .exact = true});
  }
  std::vector<std::string> values;
  for (const uint64_t argument : arguments) values.push_back(absl::StrFormat("0x%x", argument));
  return Concat(name, "(", absl::StrJoin(values, ", "), ")");
}

std::string ManyWords(const CallChange& change) {
  std::vector<std::string> parts;
  if (!change.numbers.empty()) {
    parts.push_back(change.future
                        ? "numbers without a name, those of the future among them"
                        : Concat("numbers without a name (", NumberRanges(change.abis.front(), change.numbers), ")"));
  }
  if (change.names.size() == 1) parts.push_back(change.names.front());
  if (change.names.size() > 1) parts.push_back(Concat(CallCount(change.names.size()), " with a name"));
  return absl::StrJoin(parts, ", and ");
}

std::string AbiWords(const AbiChange& change) {
  return Concat("before, ", EverythingWords(change.before), "; now, ", EverythingWords(change.after));
}

std::vector<std::string> Riskiest(const DiffReport& report, const CallChange& change, size_t limit) {
  std::vector<std::string> names;
  for (const RiskLevel level : {RiskLevel::kHigh, RiskLevel::kMedium}) {
    for (const std::string& name : change.names) {
      if (names.size() < limit && RiskOf(report.risks, name).level == level) names.push_back(name);
    }
  }
  return names;
}

std::string OriginWords(const CallEvidence& evidence, bool looser) {
  if (!looser) {
    if (!evidence.after.empty()) return "still made in the new recordings, where it would be refused";
    return evidence.before.empty() ? "" : "no longer made in the new recordings";
  }
  switch (evidence.origin) {
    case Origin::kProgram:
      if (!evidence.before.empty()) return "made by a program, in the old recordings, too";
      return evidence.new_program ? "made by a program that the old recordings do not have" : "made by the program";
    case Origin::kLibrary:
      if (evidence.spelling.empty()) return "made by a C library on its own when a process or a thread begins";
      return Concat("made by the same program in place of ", evidence.spelling,
                    ", which is the same operation: another C library, most likely");
    case Origin::kRuntime:
      return Concat("needed by the container runtime (baseline: ", evidence.baseline, ")");
    case Origin::kClosure: {
      const ClosureReason& reason = evidence.closure.front();
      return Concat("not seen, added by the closure rule ", reason.rule, reason.because.empty() ? "" : " because of ",
                    reason.because);
    }
    case Origin::kUnexplained:
      return "nothing in the new recordings explains it";
  }
  return "";
}

const CallEvidence* EvidenceFor(const DiffReport& report, const std::string& name) {
  if (!report.evidence.has_value()) return nullptr;
  const auto found = report.evidence->calls.find(name);
  return found == report.evidence->calls.end() ? nullptr : &found->second;
}

const std::vector<Sighting>& SightingsToShow(const CallEvidence& evidence) {
  return evidence.after.empty() ? evidence.before : evidence.after;
}

}  // namespace syscarve
