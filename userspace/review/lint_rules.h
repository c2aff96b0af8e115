// SPDX-License-Identifier: Apache-2.0
// The parts of Lint. Each function appends the findings of one or a few rules.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/review/lint.h"
#include "userspace/review/reader_rules.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/shipped/risk.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve::lint {

// The inputs of all rules.
struct Subject {
  const LintInput& input;
  const RuleEvaluator& decider;
  ArgumentSets& sets;
  const NarrowArguments& narrow;
  const ErrnoPolicy& errnos;
  const Risks& risks;
  const std::vector<ReaderRule>& readers;

  const Profile& profile() const { return input.source.profile; }
  // The ABIs of the profile that have the call.
  std::vector<Abi> AbisWith(std::string_view name) const;
  // Whether the runtime adds the rule to the filter: it skips rules with the default action.
  bool Counts(const Rule& rule) const { return rule.action != profile().default_action; }
};

using Findings = std::vector<LintFinding>;

// A finding of the rule `id` at its usual level.
LintFinding Of(std::string_view id);

// "syscalls[3]".
std::string EntryWords(const ProfileEntry& entry);
// Sets the finding's `message` to `words` of all names and, if there are more than a few, `brief` to `words` of the
// first ones ("… and 44 more").
void DescribeNames(const std::vector<std::string>& names, const std::function<std::string(const std::string&)>& words,
                   LintFinding& finding);
// "lseek(0, 9)": an example from `where`, with arguments up to the last one that `where` depends on. REQUIRES: `where`
// is not kNone.
std::string CallWords(std::string_view name, ArgumentSets::Set where, const ArgumentSets& sets);
// Whether the call may be executed, perhaps subject to a tracer or supervisor.
bool MayBeMade(Action action);

// lint_entries.cc: entry by entry.
void UnknownNames(const Subject& subject, Findings& findings);
void EmptyNames(const Subject& subject, Findings& findings);
void SameAsDefault(const Subject& subject, Findings& findings);
void RepeatedIndices(const Subject& subject, Findings& findings);
void WideComparisons(const Subject& subject, Findings& findings);
void TruncatedValues(const Subject& subject, Findings& findings);
void DangerousCalls(const Subject& subject, Findings& findings);

// lint_rules.cc: entries against each other.
void NeverMatching(const Subject& subject, Findings& findings);
void Duplicates(const Subject& subject, Findings& findings);
void Conflicts(const Subject& subject, Findings& findings);

// lint_compiled.cc: whether libseccomp compiles the text, and where the filter's decisions differ from the text's
// rules. kResourceExhausted if the filter is too complex for symbolic evaluation.
absl::Status CompiledFilter(const Subject& subject, Findings& findings);

// lint_notes.cc: text that runtimes read differently, or refuse.
void ReaderNotes(const Subject& subject, Findings& findings);

// lint_answers.cc: the decisions of the profile as a whole.
void Architectures(const Subject& subject, Findings& findings);
void DefaultAction(const Subject& subject, Findings& findings);
void DeadlyRefusals(const Subject& subject, Findings& findings);
void NotifyMisuse(const Subject& subject, Findings& findings);
void Errnos(const Subject& subject, Findings& findings);
void ProbedCalls(const Subject& subject, Findings& findings);
void CloneWithoutClone3(const Subject& subject, Findings& findings);
void MissingBaseline(const Subject& subject, Findings& findings);

}  // namespace syscarve::lint
