// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/sentence.h"
#include "userspace/model/syscall_table.h"
#include "userspace/review/lint_rules.h"
#include "userspace/seccomp/condition_writer.h"
#include "userspace/shipped/names.h"

namespace syscarve::lint {
namespace {

using Kind = ProfileEdit::Kind;

constexpr uint64_t kHighHalf = ~uint64_t{0xffffffff};

// Each distinct name of an entry with all its positions, in the order of first positions.
struct NamePlaces {
  std::string_view name;
  std::vector<size_t> positions;
};

std::vector<NamePlaces> DistinctNames(const ProfileEntry& entry) {
  std::vector<NamePlaces> names;
  if (entry.rules.empty()) return names;
  std::unordered_map<std::string_view, size_t> known;
  const std::vector<std::string>& all = entry.rules.front().names;
  for (size_t i = 0; i < all.size(); ++i) {
    const auto [found, is_new] = known.try_emplace(all[i], names.size());
    if (is_new) names.push_back({all[i], {}});
    names[found->second].positions.push_back(i);
  }
  return names;
}

// Caches what is looked up for a name.
class KnownNames {
 public:
  explicit KnownNames(const Subject& subject) : subject_(subject) {
    for (const Rule& rule : subject.profile().rules) named_.insert(rule.names.begin(), rule.names.end());
  }

  bool IsNamed(std::string_view name) const { return named_.contains(name); }

  bool Exists(std::string_view name) {
    const auto [found, is_new] = exists_.try_emplace(name, false);
    if (is_new) found->second = IsKnownSyscallName(name);
    return found->second;
  }

  // Whether libseccomp lacks the call on an ABI of the profile that has it.
  bool IsNew(std::string_view name) {
    const auto [found, is_new] = new_.try_emplace(name, false);
    if (is_new) {
      found->second =
          std::ranges::any_of(subject_.AbisWith(name), [&](Abi abi) { return !LibseccompKnows(abi, name); });
    }
    return found->second;
  }

  // Limited, because each search compares all names: a file with more wrong names does not have typing errors.
  std::vector<std::string> Nearest(std::string_view name) {
    constexpr size_t kMostSearches = 256;
    const auto found = nearest_.find(name);
    if (found != nearest_.end()) return found->second;
    if (nearest_.size() >= kMostSearches) return {};
    return nearest_[name] = NearestSyscallNames(name);
  }

 private:
  const Subject& subject_;
  std::unordered_set<std::string_view> named_;
  std::unordered_map<std::string_view, bool> exists_;
  std::unordered_map<std::string_view, bool> new_;
  std::unordered_map<std::string_view, std::vector<std::string>> nearest_;
};

LintFinding UnknownName(KnownNames& known, const ProfileEntry& entry, const NamePlaces& places) {
  const Rule& rule = entry.rules.front();
  const std::string name(places.name);
  LintFinding finding = Of("unknown-name");
  if (!MayBeMade(rule.action)) finding.level = LintLevel::kWarning;
  finding.line = entry.name_lines[places.positions.front()];
  finding.identity = name;
  finding.message = Concat("No architecture has a call named \"", name, "\": runtimes ignore it.");
  const std::vector<std::string> nearest = known.Nearest(name);
  if (nearest.empty()) {
    finding.fix = "Remove it, or write the call that was meant.";
    return finding;
  }
  finding.fix = Concat("Did you mean ", nearest.front(), "?");
  // A call that other rules name may have been omitted here on purpose.
  if (nearest.size() == 1 && !known.IsNamed(nearest.front())) {
    for (const size_t position : places.positions) {
      finding.edits.push_back({Kind::kReplaceName, entry.index, position, nearest.front()});
    }
  }
  return finding;
}

void UnknownToLibseccomp(const Subject& subject, const ProfileEntry& entry, const NamePlaces& places,
                         Findings& findings) {
  const Rule& rule = entry.rules.front();
  if (!subject.Counts(rule)) return;
  const std::string name(places.name);
  LintFinding finding = Of("unknown-to-libseccomp");
  // A refusal with an errno other than the default's is of little importance.
  if (!MayBeMade(rule.action) && !MayBeMade(subject.profile().default_action)) finding.level = LintLevel::kNote;
  finding.line = entry.name_lines[places.positions.front()];
  finding.identity = name;
  finding.message = Concat("libseccomp ", LibseccompVersion(), " of this host does not know \"", name,
                           "\": runtimes here ignore it, and the call gets the default action.");
  finding.fix = "Update libseccomp where the profile is used.";
  findings.push_back(std::move(finding));
}

bool IsRestrictive(const Subject& subject, const Rule& rule) {
  return rule.action < subject.profile().default_action;
}

bool ComparesHighHalf(const ArgumentCondition& condition) {
  return condition.op != CompareOp::kMaskedEqual || (condition.value & kHighHalf) != 0;
}

// Whether an argument with dirty upper bits gets the looser of the rule's action and the action without it: if the rule
// allows and matches such arguments, or if it refuses and does not match them.
bool IsPassedBy(const Subject& subject, const Rule& rule, const ArgumentCondition& condition) {
  const bool matches_dirty = condition.op == CompareOp::kNotEqual || condition.op == CompareOp::kGreater ||
                             condition.op == CompareOp::kGreaterOrEqual;
  return matches_dirty != IsRestrictive(subject, rule);
}

std::vector<std::string> NamesWithNarrow(const Subject& subject, const Rule& rule, unsigned index) {
  std::vector<std::string> names;
  for (const std::string& name : rule.names) {
    const auto found = subject.narrow.find(name);
    if (found == subject.narrow.end() || !found->second.contains(index)) continue;
    const std::vector<Abi> abis = subject.AbisWith(name);
    if (!std::ranges::all_of(abis, ComparesLowHalfOnly)) names.push_back(name);
  }
  return names;
}

LintFinding WideComparison(const Subject& subject, const ProfileEntry& entry, const Rule& rule, size_t position,
                           const std::vector<std::string>& names) {
  const ArgumentCondition& condition = rule.conditions[position];
  LintFinding finding = Of("wide-equal");
  const bool passed_by = IsPassedBy(subject, rule, condition);
  if (passed_by) finding.level = LintLevel::kError;
  const bool aligned = entry.condition_lines.size() == rule.conditions.size();
  finding.line = aligned ? entry.condition_lines[position] : entry.line;
  finding.identity = Concat(names.front(), ":", condition.index);
  const auto words = [&](const std::string& list) {
    return Concat("The kernel takes 32 bits of argument ", condition.index, " of ", list,
                  ", and the filter compares 64: ",
                  passed_by ? "with any bit above them set, a value gets past the rule."
                            : "callers that leave other bits above them, such as a sign, are not matched.");
  };
  DescribeNames(names, words, finding);
  if (condition.op != CompareOp::kEqual) {
    finding.fix = "Write it with SCMP_CMP_MASKED_EQ and the mask 0xffffffff, one entry for each value.";
    return finding;
  }
  finding.fix = "Compare with SCMP_CMP_MASKED_EQ and the mask 0xffffffff.";
  const bool fits = (condition.value & kHighHalf) == 0 || (condition.value & kHighHalf) == kHighHalf;
  if (aligned && fits && !entry.RepeatsAnIndex() && names.size() == rule.names.size()) {
    finding.edits = {{Kind::kMaskCondition, entry.index, position, ""}};
  }
  return finding;
}

bool HasHighBits(const ArgumentCondition& condition) {
  if (condition.op == CompareOp::kMaskedEqual) return ((condition.value | condition.value_two) & kHighHalf) != 0;
  return (condition.value & kHighHalf) != 0;
}

}  // namespace

void UnknownNames(const Subject& subject, Findings& findings) {
  KnownNames known(subject);
  for (const ProfileEntry& entry : subject.input.source.entries) {
    for (const NamePlaces& places : DistinctNames(entry)) {
      if (!known.Exists(places.name)) {
        findings.push_back(UnknownName(known, entry, places));
      } else if (known.IsNew(places.name)) {
        UnknownToLibseccomp(subject, entry, places, findings);
      }
    }
  }
}

void EmptyNames(const Subject& subject, Findings& findings) {
  for (const ProfileEntry& entry : subject.input.source.entries) {
    if (!entry.names_nothing) continue;
    LintFinding finding = Of("empty-names");
    finding.line = entry.line;
    finding.identity = EntryWords(entry);
    finding.message = Concat(EntryWords(entry), " names no call and does nothing.");
    finding.fix = "Remove it.";
    finding.edits = {{Kind::kRemoveEntry, entry.index, 0, ""}};
    findings.push_back(std::move(finding));
  }
}

void SameAsDefault(const Subject& subject, Findings& findings) {
  for (const ProfileEntry& entry : subject.input.source.entries) {
    if (entry.rules.empty() || subject.Counts(entry.rules.front())) continue;
    const Action action = entry.rules.front().action;
    LintFinding finding = Of("same-as-default");
    finding.line = entry.line;
    finding.identity = Enumerated(entry.rules.front().names);
    finding.message = Concat(EntryWords(entry), " has the action of the default: runtimes skip it.");
    finding.fix = "Remove it.";
    // Docker 20.10 ignores the default action's errno and uses EPERM, and then the rule has an effect.
    if (action.kind == ActionKind::kErrno && action.value != EPERM) {
      finding.level = LintLevel::kNote;
      finding.fix = "Keep it if an engine that ignores defaultErrnoRet, as Docker 20.10 does, uses the profile.";
    } else {
      finding.edits = {{Kind::kRemoveEntry, entry.index, 0, ""}};
    }
    findings.push_back(std::move(finding));
  }
}

void RepeatedIndices(const Subject& subject, Findings& findings) {
  for (const ProfileEntry& entry : subject.input.source.entries) {
    if (!entry.RepeatsAnIndex()) continue;
    LintFinding finding = Of("repeated-index");
    finding.line = entry.line;
    finding.identity = Enumerated(entry.rules.front().names);
    finding.message = Concat(EntryWords(entry), " has several conditions on one argument: runc makes each of its ",
                             entry.rules.size(), " conditions a rule of its own, and one that holds is enough.");
    finding.fix = "Write an entry for each alternative that is meant.";
    findings.push_back(std::move(finding));
  }
}

void WideComparisons(const Subject& subject, Findings& findings) {
  for (const ProfileEntry& entry : subject.input.source.entries) {
    for (const Rule& rule : entry.rules) {
      if (!subject.Counts(rule)) continue;
      for (size_t i = 0; i < rule.conditions.size(); ++i) {
        if (!ComparesHighHalf(rule.conditions[i])) continue;
        const std::vector<std::string> names = NamesWithNarrow(subject, rule, rule.conditions[i].index);
        if (!names.empty()) findings.push_back(WideComparison(subject, entry, rule, i, names));
      }
    }
  }
}

void DangerousCalls(const Subject& subject, Findings& findings) {
  for (const ProfileEntry& entry : subject.input.source.entries) {
    // Conditions of either kind, or a comment, show that the author intended it.
    if (entry.rules.empty() || entry.depends_on_target) continue;
    const Rule& rule = entry.rules.front();
    if (!MayBeMade(rule.action) || !rule.conditions.empty() || !rule.comment.empty()) continue;
    for (const NamePlaces& places : DistinctNames(entry)) {
      const std::string name(places.name);
      const Risk& risk = RiskOf(subject.risks, name);
      if (risk.level != RiskLevel::kHigh || subject.AbisWith(name).empty()) continue;
      LintFinding finding = Of("dangerous-call");
      finding.line = entry.name_lines[places.positions.front()];
      finding.identity = name;
      finding.message = Concat("\"", name, "\" is allowed without a comment. ", risk.why);
      finding.fix = "Remove it, or state in the entry's comment what needs it.";
      findings.push_back(std::move(finding));
    }
  }
}

void TruncatedValues(const Subject& subject, Findings& findings) {
  for (const ProfileEntry& entry : subject.input.source.entries) {
    for (const Rule& rule : entry.rules) {
      if (!subject.Counts(rule) || !std::ranges::any_of(rule.conditions, HasHighBits)) continue;
      std::set<std::string> abis;
      for (const std::string& name : rule.names) {
        for (const Abi abi : subject.AbisWith(name)) {
          if (ComparesLowHalfOnly(abi)) abis.insert(std::string(AbiName(abi)));
        }
      }
      if (abis.empty()) continue;
      LintFinding finding = Of("truncated-value");
      finding.line = entry.line;
      finding.identity = Enumerated(rule.names);
      finding.message =
          Concat(EntryWords(entry), " has a value of more than 32 bits, and on ",
                 Enumerated(std::vector<std::string>(abis.begin(), abis.end())), " only the lower 32 are compared.");
      finding.fix = "Compare 32 bits, or list only 64-bit architectures.";
      findings.push_back(std::move(finding));
    }
  }
}

}  // namespace syscarve::lint
