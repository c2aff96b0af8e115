// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/lint.h"

#include <algorithm>
#include <array>

#include "userspace/base/concat.h"
#include "userspace/base/sentence.h"
#include "userspace/model/syscall_table.h"
#include "userspace/review/lint_rules.h"

namespace syscarve {
namespace {

constexpr LintRule kRules[] = {
    {kUnreadableRule, LintLevel::kError, "A file could not be read as a profile, or is too complex to be judged.",
     "No engine starts a container with what is no profile. Mend the place that the message names."},
    {"unloadable", LintLevel::kError, "libseccomp makes no filter of the profile, or the kernel would not take it.",
     "Runtimes hand the rules to libseccomp before they start anything, so no container starts with this profile. "
     "Change the rules that the message names."},
    {"deadly", LintLevel::kError, "A call is refused without which no program starts, ends or takes a signal.",
     "Allow execve, exit_group and rt_sigreturn, whatever else is refused."},
    {"notify-misuse", LintLevel::kError, "SCMP_ACT_NOTIFY is where runtimes refuse it.",
     "runc reports the container to the agent by a write under the filter, so neither write nor the default may be "
     "notified of (runc 1.1, libcontainer/seccomp). Name the calls that the agent decides."},
    {"refused-by-runtimes", LintLevel::kError, "Some runtimes refuse what stands in the text.",
     "The profile works with one engine and keeps the other from starting the container. Write what all of them take."},
    {"read-differently", LintLevel::kWarning, "Runtimes read a part of the text in different ways.",
     "What is enforced then depends on the engine. Write it so that all read the same."},
    {"unknown-field", LintLevel::kNote, "A field that nothing reads.",
     "Runtimes ignore unknown fields, so a misspelt one has no effect. Notes may stay."},
    {"errno-zero", LintLevel::kWarning, "A call is refused with errno 0.",
     "The program sees a success, although the call was not executed. Give the errno that is meant."},
    {"errno-too-large", LintLevel::kWarning, "An errno is larger than the kernel returns.",
     "The kernel returns 4095 in its place (MAX_ERRNO), unknown to every program. Give an errno of errno(3)."},
    {"unknown-name", LintLevel::kError, "A rule names a call that no architecture has.",
     "Runtimes ignore such a name silently, so the call that was meant gets the default action. Write the kernel's "
     "name, which is not always the C library's function: pread is pread64."},
    {"unknown-to-libseccomp", LintLevel::kWarning, "The installed libseccomp does not know a call that a rule names.",
     "Runtimes that use this libseccomp ignore the name silently, and the call gets the default action. Update "
     "libseccomp on the hosts that run the container."},
    {"empty-names", LintLevel::kWarning, "An entry names no call.",
     "It does nothing, or makes a runtime refuse the profile. Name the calls, or remove the entry."},
    {"same-as-default", LintLevel::kWarning, "A rule has the action that is the default anyway.",
     "Runtimes skip such rules, also where they look like an exception from another rule for the same call. Remove it, "
     "or give it the action that was meant."},
    {"repeated-index", LintLevel::kError, "An entry has two conditions on one argument.",
     "runc then takes each condition of the entry for a rule of its own, so that one of them is enough: two ends of a "
     "range allow everything. Write one entry for each alternative, or one masked comparison."},
    {"never-matches", LintLevel::kWarning, "A rule can never match.",
     "Its conditions contradict each other, or another rule decides the call whatever the arguments. Remove it, or "
     "fix what was meant."},
    {"duplicate-entries", LintLevel::kWarning, "A rule repeats another one.",
     "It changes nothing, and a reviewer who changes one of them will miss the other. Remove one."},
    {"conflict", LintLevel::kError, "Two rules have different actions for the same call.",
     "Of rules without conditions runtimes take the first; of rules with conditions which one decides depends on how "
     "libseccomp sorts them. Make the conditions exclude each other."},
    {"compiled-differs", LintLevel::kWarning, "libseccomp's filter decides a call differently from the text.",
     "libseccomp makes wrong filters of some calls with several rules that compare by order or inequality. The filter "
     "is enforced, not the text. Write the conditions differently, or split them by value."},
    {"wide-equal", LintLevel::kWarning, "64 bits are compared of an argument of which the kernel takes 32.",
     "The filter sees all of the register, the kernel only its lower half. A rule that refuses a value is passed by "
     "with dirty upper bits (CVE-2019-10063), and one that allows a value refuses callers that extend its sign. "
     "Compare with SCMP_CMP_MASKED_EQ and the mask 0xffffffff."},
    {"truncated-value", LintLevel::kWarning,
     "A value has more bits than a 32-bit architecture of the profile compares.",
     "libseccomp compares the lower halves there, so the rule means something else than on the 64-bit architecture. "
     "Put the rule in a profile without that architecture, or compare 32 bits."},
    {"missing-architecture", LintLevel::kNote, "The kernel serves an architecture that the profile does not list.",
     "A call by that architecture's numbers kills the thread: wanted, if no such program is run; without the native "
     "architecture nothing can run at all."},
    {"unneeded-architecture", LintLevel::kNote, "The profile lists an architecture that this kernel does not serve.",
     "It does nothing here, and it doubles the text that a reviewer must think about. Keep it if the profile is for "
     "several machines. One of another order of bytes, or that the runtime's libseccomp does not know, keeps "
     "containers from starting."},
    {"empty-allow-list", LintLevel::kError, "The profile allows nothing.",
     "No program can start under it, not even to end. Allow what the program needs."},
    {"permissive-default", LintLevel::kWarning, "What the profile does not name is let through.",
     "A list of what is refused misses the calls of tomorrow's kernel, and each older spelling that was forgotten. "
     "List what is allowed, and refuse the rest."},
    {"dangerous-call", LintLevel::kWarning, "A call that gives much away is allowed without a word.",
     "What profiles/rules/risk.json calls high is a way out of the container, into the kernel or past the filter. "
     "Remove it, or state in the entry's comment what needs it."},
    {"eperm-for-probed", LintLevel::kWarning, "Calls that a libc tries and falls back from are refused with EPERM.",
     "A libc takes ENOSYS for an old kernel and uses the older call; EPERM it reports as a failure, after its next "
     "update if not today. Answer them with ENOSYS."},
    {"clone3-not-enosys", LintLevel::kError, "clone's flags are filtered, and clone3 is not answered with ENOSYS.",
     "clone3's flags are in memory, where no filter sees them: allowed, it makes what clone may not. Refused with "
     "anything but ENOSYS, it breaks a libc that would have fallen back on clone."},
    {"missing-baseline", LintLevel::kError, "The container runtime makes calls under the filter that it refuses.",
     "runc and crun load the filter before the program is started. What they still do then must be allowed, or no "
     "container starts. Allow them, or select the runtime with --baseline."},
};

}  // namespace

std::span<const LintRule> LintRules() {
  return kRules;
}

std::string_view LintLevelName(LintLevel level) {
  switch (level) {
    case LintLevel::kNote:
      return "note";
    case LintLevel::kWarning:
      return "warning";
    case LintLevel::kError:
      return "error";
  }
  return "";
}

namespace lint {

std::vector<Abi> Subject::AbisWith(std::string_view name) const {
  std::vector<Abi> abis;
  std::ranges::copy_if(profile().abis, std::back_inserter(abis),
                       [name](Abi abi) { return FindSyscall(abi, name).has_value(); });
  return abis;
}

LintFinding Of(std::string_view id) {
  const LintRule& rule = *std::ranges::find(kRules, id, &LintRule::id);
  LintFinding finding;
  finding.rule = rule.id;
  finding.level = rule.level;
  return finding;
}

std::string EntryWords(const ProfileEntry& entry) {
  return Concat("syscalls[", entry.index, "]");
}

void DescribeNames(const std::vector<std::string>& names, const std::function<std::string(const std::string&)>& words,
                   LintFinding& finding) {
  constexpr size_t kMost = 8;
  finding.message = words(Enumerated(names));
  if (names.size() <= kMost) return;
  std::vector<std::string> shown(names.begin(), names.begin() + kMost - 1);
  shown.push_back(Concat(names.size() - shown.size(), " more"));
  finding.brief = words(Enumerated(shown));
}

std::string CallWords(std::string_view name, ArgumentSets::Set where, const ArgumentSets& sets) {
  const std::array<uint64_t, 6> arguments = sets.Example(where);
  unsigned used = arguments.size();
  while (used > 0 && !sets.DependsOn(where, used - 1)) --used;
  std::string words;
  for (unsigned i = 0; i < used; ++i) words += Concat(i == 0 ? "" : ", ", arguments[i]);
  return Concat(name, "(", words, ")");
}

bool MayBeMade(Action action) {
  return action.kind >= ActionKind::kNotify;
}

}  // namespace lint

absl::StatusOr<std::vector<LintFinding>> Lint(const LintInput& input) {
  SYSCARVE_ASSIGN_OR_RETURN(const NarrowArguments* const narrow, ShippedNarrowArguments());
  SYSCARVE_ASSIGN_OR_RETURN(const ErrnoPolicy* const errnos, ShippedErrnoPolicy());
  SYSCARVE_ASSIGN_OR_RETURN(const Risks* const risks, ShippedRisks());
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<ReaderRule>* const readers, ShippedReaderRules());
  const RuleEvaluator decider(input.source.profile);
  ArgumentSets sets;
  const lint::Subject subject{input, decider, sets, *narrow, *errnos, *risks, *readers};
  std::vector<LintFinding> findings;
  for (const auto rule :
       {lint::UnknownNames, lint::EmptyNames, lint::SameAsDefault, lint::RepeatedIndices, lint::NeverMatching,
        lint::Duplicates, lint::Conflicts, lint::WideComparisons, lint::TruncatedValues, lint::DangerousCalls,
        lint::Architectures, lint::DefaultAction, lint::DeadlyRefusals, lint::NotifyMisuse, lint::ReaderNotes,
        lint::Errnos, lint::ProbedCalls, lint::CloneWithoutClone3, lint::MissingBaseline}) {
    rule(subject, findings);
  }
  SYSCARVE_RETURN_IF_ERROR(lint::CompiledFilter(subject, findings));
  SYSCARVE_RETURN_IF_ERROR(sets.status());
  std::ranges::stable_sort(findings, {}, &LintFinding::line);
  return findings;
}

}  // namespace syscarve
