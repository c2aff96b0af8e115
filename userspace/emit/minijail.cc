// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/emit/argument_text.h"
#include "userspace/emit/call_decisions.h"
#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"
#include "userspace/model/action_spelling.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {
namespace {

constexpr char kMinijailHint[] = "Write it as bpf, or let --stricter refuse these calls.";
constexpr char kMinijailDefaultHint[] = "Write it as kafel, bpf or c.";

// The maximum of labels in minijail's C parser (syscall_filter.c, bpf.h), which each line other than "1" uses.
constexpr size_t kMaxLabels = 512;
// The kernel whose calls a minijail of some years ago has. It refuses a whole policy for one unknown name.
constexpr KernelVersion kCommonKernel = {6, 0};

// The refusals that a policy can express: an errno, or a kill, its default.
Action Refusal(Action wanted) {
  return wanted.kind == ActionKind::kErrno ? wanted : Action{ActionKind::kKillThread, 0};
}

// The first kernel with the call of this number, from 424 on, where numbers are the same on every architecture
// (include/uapi/asm-generic/unistd.h at each release's tag); {0, 0} below.
KernelVersion KernelOfNumber(uint32_t number) {
  constexpr std::pair<uint32_t, KernelVersion> kFirstNumbers[] = {
      {468, {6, 17}}, {467, {6, 15}}, {463, {6, 13}}, {462, {6, 10}}, {457, {6, 8}},  {454, {6, 7}},
      {452, {6, 6}},  {451, {6, 5}},  {450, {5, 17}}, {449, {5, 16}}, {448, {5, 15}}, {447, {5, 14}},
      {444, {5, 13}}, {443, {5, 14}}, {442, {5, 12}}, {441, {5, 11}}, {440, {5, 10}}, {439, {5, 8}},
      {437, {5, 6}},  {436, {5, 9}},  {434, {5, 3}},  {428, {5, 2}},  {424, {5, 1}}};
  for (const auto& [first, version] : kFirstNumbers) {
    if (number >= first) return version;
  }
  return {};
}

class MinijailPolicy {
 public:
  MinijailPolicy(ArgumentSets& sets, MinijailReader reader, const EmitOptions& options, Losses& losses)
      : sets_(sets), reader_(reader), options_(options), losses_(losses) {}

  absl::Status Add(const CallDecision& call) {
    Decision decision = call.decision;
    const KernelVersion since = KernelOfNumber(call.id.nr);
    if (options_.kernel.has_value() && since > *options_.kernel) {
      // That kernel does not have the call, so omitting it changes only the refusal, to a kill.
      if (!IsKill(Strictest(decision)) || decision.size() > 1) {
        losses_.Changed(Concat("newer than Linux ", options_.kernel->major, ".", options_.kernel->minor,
                               ", so left out of the policy and killed"),
                        call.name);
      }
      return absl::OkStatus();
    }
    if (decision.contains({ActionKind::kLog, 0})) {
      losses_.Inexpressible("let through and logged, which minijail's own parser has no word for", call.name);
      return absl::OkStatus();
    }
    const auto allowed = decision.find({ActionKind::kAllow, 0});
    const ArgumentSets::Set on = allowed == decision.end() ? ArgumentSets::kNone : allowed->second;
    if (allowed != decision.end()) decision.erase(allowed);
    if (decision.empty()) {
      lines_.push_back(Concat(call.name, ": 1"));
      if (!options_.kernel.has_value() && since > kCommonKernel) losses_.Changed(kNewName, call.name);
      return absl::OkStatus();
    }
    SYSCARVE_RETURN_IF_ERROR(AddRefusing(call.name, on, RefusalFor(call.name, decision)));
    if (!options_.kernel.has_value() && since > kCommonKernel &&
        (on != ArgumentSets::kNone || !IsKill(Strictest(decision)))) {
      losses_.Changed(kNewName, call.name);
    }
    return absl::OkStatus();
  }

  std::string text() const { return absl::StrJoin(lines_, "\n"); }
  size_t labels() const { return labels_; }

 private:
  // One action for all refused arguments: the strictest of theirs.
  Action RefusalFor(const std::string& name, const Decision& refused) {
    const Action strictest = Strictest(refused);
    const Action refusal = Refusal(strictest);
    for (const auto& [action, on] : refused) {
      if (action == refusal || (IsKill(action) && IsKill(refusal))) continue;
      losses_.Changed(Concat("answered with ", ActionText(refusal), " instead of ", ActionText(action)), name);
    }
    return refusal;
  }

  absl::Status AddRefusing(const std::string& name, ArgumentSets::Set on, Action refusal) {
    const std::string otherwise = IsKill(refusal) ? "" : Concat("return ", ErrnoText(refusal.value));
    if (on == ArgumentSets::kNone) {
      if (otherwise.empty()) return absl::OkStatus();  // Calls without a line are killed.
      lines_.push_back(Concat(name, ": ", otherwise));
      ++labels_;
      return absl::OkStatus();
    }
    const Decision wanted = {{refusal, sets_.Not(on)}, {{ActionKind::kAllow, 0}, on}};
    SYSCARVE_ASSIGN_OR_RETURN(
        const std::optional<ArgumentRules> rules,
        ToConditions(sets_, wanted, refusal, false, ComparisonStyle::kInclusive, ConditionUse::kOtherLanguage));
    if (!rules.has_value() && !options_.stricter) {
      losses_.Inexpressible("no single list of conditions expresses when these are allowed", name);
      return absl::OkStatus();
    }
    if (!rules.has_value()) {
      losses_.Changed("refused for all arguments, because no single list of conditions expresses when they are allowed",
                      name);
      return AddRefusing(name, ArgumentSets::kNone, refusal);
    }
    std::vector<std::string> alternatives;
    for (const ArgumentRule& rule : *rules) alternatives.push_back(MinijailConditions(rule.conditions));
    const std::string conditions = absl::StrJoin(alternatives, " || ");
    lines_.push_back(Concat(name, ": ",
                            otherwise.empty()                       ? conditions
                            : reader_ == MinijailReader::kAtRunTime ? Concat(conditions, "; ", otherwise)
                                                                    : Concat("{ ", conditions, ", ", otherwise, " }")));
    labels_ += alternatives.size() + 2;
    return absl::OkStatus();
  }

  static constexpr char kNewName[] =
      "named by the policy, which a minijail that was built without it refuses as a whole";

  ArgumentSets& sets_;
  const MinijailReader reader_;
  const EmitOptions& options_;
  Losses& losses_;
  std::vector<std::string> lines_;
  size_t labels_ = 0;
};

}  // namespace

absl::StatusOr<Emitted> EmitMinijail(const Profile& profile, MinijailReader reader, const EmitOptions& options) {
  SYSCARVE_RETURN_IF_ERROR(CheckCovers(profile, options.native, "minijail"));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning meaning, MeaningOf(profile, options.native));
  const AbiDecisions decisions = DecisionsOf(meaning, options.native);
  if (LetsThrough(decisions.unknown)) {
    return WithHint(absl::InvalidArgumentError(
                        Concat("a policy of minijail refuses what it does not name, and by this profile that is ",
                               ActionText(decisions.unknown))),
                    kMinijailDefaultHint);
  }
  Losses losses;
  MinijailPolicy policy(*meaning.sets, reader, options, losses);
  for (const CallDecision& call : decisions.calls) SYSCARVE_RETURN_IF_ERROR(policy.Add(call));
  SYSCARVE_RETURN_IF_ERROR(losses.status("minijail", kMinijailHint));
  if (!IsKill(decisions.unknown)) {
    losses.Note(Concat("numbers without a name, mostly future calls, are killed and not answered with ",
                       ActionText(decisions.unknown)));
  }
  if (reader == MinijailReader::kAtRunTime && policy.labels() > kMaxLabels) {
    losses.Note(
        "the policy is longer than `minijail0 -S` takes: write it as minijail-compiler, for "
        "compile_seccomp_policy.py");
  }
  NoteOtherAbis(meaning, options.native, {}, losses);
  NoteExempt(profile, losses);
  NoteLeftOut(profile, losses);
  return Emitted{.text = Concat("# Made by syscarve, for ", AbiName(options.native),
                                reader == MinijailReader::kCompiler ? " and compile_seccomp_policy.py" : "",
                                ". What is not named is killed.\n", policy.text(), policy.text().empty() ? "" : "\n"),
                 .warnings = losses.warnings()};
}

}  // namespace syscarve
