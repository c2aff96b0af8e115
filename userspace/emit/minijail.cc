#include <optional>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/emit/argument_text.h"
#include "userspace/emit/call_decisions.h"
#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"
#include "userspace/policy/call_rules.h"

namespace syscarve {
namespace {

constexpr char kHint[] = "Write it as bpf, or let --stricter refuse these calls.";
constexpr char kDefaultHint[] = "Write it as kafel, bpf or c.";

// minijail's C parser (syscall_filter.c, bpf.h) has so many labels for lines that are not just "1".
constexpr size_t kMaxLabels = 512;
// Linux 6.0's last: what a minijail of some years knows. It refuses a whole policy for one name that it does not know.
constexpr int kLastCommonNumber = 450;

// What a policy can answer beside letting a call through: an errno, or the kill that is its default.
Action Refusal(Action wanted) {
  return wanted.kind == ActionKind::kErrno ? wanted : Action{ActionKind::kKillThread, 0};
}

bool IsKill(Action action) {
  return action.kind == ActionKind::kKillProcess || action.kind == ActionKind::kKillThread;
}

class Policy {
 public:
  Policy(ArgumentSets& sets, bool stricter, Losses& losses) : sets_(sets), stricter_(stricter), losses_(losses) {}

  void Add(const CallDecision& call) {
    Decision decision = call.decision;
    if (decision.contains({ActionKind::kLog, 0})) {
      losses_.Unsayable("let through and logged, which minijail's own parser has no word for", call.name);
      return;
    }
    const auto allowed = decision.find({ActionKind::kAllow, 0});
    const ArgumentSets::Set on = allowed == decision.end() ? ArgumentSets::kNone : allowed->second;
    if (allowed != decision.end()) decision.erase(allowed);
    if (decision.empty()) {
      lines_.push_back(Concat(call.name, ": 1"));
      return;
    }
    AddRefusing(call.name, on, RefusalFor(call.name, decision));
    if (call.id.nr > kLastCommonNumber && (on != ArgumentSets::kNone || !IsKill(Strictest(decision)))) {
      losses_.Changed("named by the policy, which a minijail that was built without it refuses as a whole", call.name);
    }
  }

  std::string text() const { return absl::StrJoin(lines_, "\n"); }
  size_t labels() const { return labels_; }

 private:
  // One answer for all arguments that are refused: the strictest that they meet.
  Action RefusalFor(const std::string& name, const Decision& refused) {
    const Action strictest = Strictest(refused);
    const Action refusal = Refusal(strictest);
    for (const auto& [action, on] : refused) {
      if (action == refusal || (IsKill(action) && IsKill(refusal))) continue;
      losses_.Changed(Concat("answered with ", AnswerText(refusal), " instead of ", AnswerText(action)), name);
    }
    return refusal;
  }

  void AddRefusing(const std::string& name, ArgumentSets::Set on, Action refusal) {
    const std::string otherwise = IsKill(refusal) ? "" : Concat("return ", ErrnoText(refusal.value));
    if (on == ArgumentSets::kNone) {
      if (otherwise.empty()) return;  // What is not named is killed.
      lines_.push_back(Concat(name, ": ", otherwise));
      ++labels_;
      return;
    }
    const Decision wanted = {{refusal, sets_.Not(on)}, {{ActionKind::kAllow, 0}, on}};
    const std::optional<CallRules> rules = SpellDecision(sets_, wanted, refusal, false, Spelling::kInclusive);
    if (!rules.has_value() && !stricter_) {
      losses_.Unsayable("allowed in more ways than a list of conditions says", name);
      return;
    }
    if (!rules.has_value()) {
      losses_.Changed("refused for all arguments, because they are allowed in more ways than a list of conditions says",
                      name);
      AddRefusing(name, ArgumentSets::kNone, refusal);
      return;
    }
    std::vector<std::string> alternatives;
    for (const ConditionalAnswer& rule : *rules) alternatives.push_back(MinijailConditions(rule.conditions));
    lines_.push_back(Concat(name, ": ", absl::StrJoin(alternatives, " || "), otherwise.empty() ? "" : "; ", otherwise));
    labels_ += alternatives.size() + 2;
  }

  ArgumentSets& sets_;
  bool stricter_;
  Losses& losses_;
  std::vector<std::string> lines_;
  size_t labels_ = 0;
};

}  // namespace

absl::StatusOr<Emitted> EmitMinijail(const Profile& profile, const EmitOptions& options) {
  SYSCARVE_RETURN_IF_ERROR(CheckSpeaksOf(profile, options.native, "minijail"));
  ArgumentSets sets;
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning meaning, MeaningOf(profile, options.native, sets));
  const AbiDecisions decisions = DecisionsOf(meaning, options.native);
  if (LetsThrough(decisions.unknown)) {
    return WithHint(absl::InvalidArgumentError(
                        Concat("a policy of minijail refuses what it does not name, and by this profile that is ",
                               AnswerText(decisions.unknown))),
                    kDefaultHint);
  }
  Losses losses;
  Policy policy(sets, options.stricter, losses);
  for (const CallDecision& call : decisions.calls) policy.Add(call);
  if (sets.exhausted()) return absl::ResourceExhaustedError("the profile is too complicated to be told");
  SYSCARVE_RETURN_IF_ERROR(losses.status("minijail", kHint));
  if (!IsKill(decisions.unknown)) {
    losses.Note(Concat("numbers without a name, calls of the future above all, are killed and not answered with ",
                       AnswerText(decisions.unknown)));
  }
  if (policy.labels() > kMaxLabels) {
    losses.Note("the policy is longer than `minijail0 -S` takes: compile it with compile_seccomp_policy.py");
  }
  NoteOtherAbis(meaning, options.native, {}, losses);
  NoteExempt(profile, losses);
  NoteLeftOut(profile, losses);
  return Emitted{.text = Concat("# Made by syscarve, for ", AbiName(options.native), ". What is not named is killed.\n",
                                policy.text(), policy.text().empty() ? "" : "\n"),
                 .warnings = losses.warnings()};
}

}  // namespace syscarve
