// SPDX-License-Identifier: Apache-2.0
// The pieces that Lint is made of. Each function appends what one or a few rules find.
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

// What every rule may look at.
struct Subject {
  const LintInput& input;
  const RuleEvaluator& decider;
  ArgumentSets& sets;
  const NarrowArguments& narrow;
  const ErrnoPolicy& errnos;
  const Risks& risks;
  const std::vector<ReaderRule>& readers;

  const Profile& profile() const { return input.source.profile; }
  // Where any ABI of the profile has the call.
  std::vector<Abi> AbisWith(std::string_view name) const;
  // A rule that the runtime does not skip.
  bool Counts(const Rule& rule) const { return rule.action != profile().default_action; }
};

using Findings = std::vector<LintFinding>;

// A finding of the rule `id` at its usual level.
LintFinding Of(std::string_view id);

// "syscalls[3]".
std::string EntryWords(const ProfileEntry& entry);
// The message that `words` makes of the names, whole and, if there are more than a few, in brief ("… and 44 more").
void SayOf(const std::vector<std::string>& names, const std::function<std::string(const std::string&)>& words,
           LintFinding& finding);
// "lseek(0, 9)": an example of the arguments in `where`, which is not kNone, up to the last one that it depends on.
std::string CallWords(std::string_view name, ArgumentSets::Set where, const ArgumentSets& sets);
// Whether the call is made, if only as far as a tracer or an agent lets it.
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

// lint_compiled.cc: whether libseccomp makes a filter of the text, and what that decides against what the text says.
// kResourceExhausted: the filter is too complex to be followed.
absl::Status CompiledFilter(const Subject& subject, Findings& findings);

// lint_notes.cc: what runtimes read otherwise, or refuse to read.
void ReaderNotes(const Subject& subject, Findings& findings);

// lint_answers.cc: what the profile answers as a whole.
void Architectures(const Subject& subject, Findings& findings);
void DefaultAction(const Subject& subject, Findings& findings);
void DeadlyRefusals(const Subject& subject, Findings& findings);
void NotifyMisuse(const Subject& subject, Findings& findings);
void Errnos(const Subject& subject, Findings& findings);
void ProbedCalls(const Subject& subject, Findings& findings);
void CloneWithoutClone3(const Subject& subject, Findings& findings);
void MissingBaseline(const Subject& subject, Findings& findings);

}  // namespace syscarve::lint
