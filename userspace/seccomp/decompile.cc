// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/decompile.h"

#include <linux/bpf_common.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/condition_writer.h"
#include "userspace/seccomp/covering_profile.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/seccomp/verify.h"

namespace syscarve {
namespace {

constexpr size_t kMaxDefaults = 6;  // Default actions that are tried.
constexpr std::string_view kRuncsStub =
    " (runc adds ENOSYS beyond the largest number that it knows to every profile it loads)";

std::string ActionText(Action action) {
  if (action.kind != ActionKind::kErrno) return std::string(ScmpActionName(action.kind));
  return ErrnoWords(action.value);
}

std::string DecisionText(const Decision& decision) {
  std::vector<std::string> actions;
  for (const auto& [action, on] : decision) actions.push_back(ActionText(action));
  return absl::StrJoin(actions, " or ");
}

bool IsRefusal(Action action) {
  return action.kind <= ActionKind::kErrno;
}

class Decompiler {
 public:
  Decompiler(Meaning observed, std::string_view what)
      : sets_(*observed.sets), observed_(std::move(observed)), native_(observed_.native), what_(what) {}

  absl::StatusOr<DecompiledProfile> Run(Bound bound) {
    AssumeTheWorst();
    ChooseAbis();
    std::optional<Attempt> best;
    absl::Status failure = absl::OkStatus();
    for (const Action& candidate : Defaults()) {
      absl::StatusOr<Attempt> attempt = TryDefault(candidate);
      if (!sets_.status().ok()) return Annotate(sets_.status(), what_);
      if (!attempt.ok()) {
        failure = attempt.status();
      } else if (!best.has_value() || attempt->Score() < best->Score()) {
        best = *std::move(attempt);
      }
    }
    if (!best.has_value()) return Annotate(failure, Concat(what_, " cannot be written as a profile"));
    return Finish(*std::move(best), bound);
  }

 private:
  struct Attempt {
    Profile profile;
    std::map<Comparison, std::vector<SyscallId>> named;
    std::map<Comparison, std::vector<SyscallId>> unnamed;
    std::map<SyscallId, Decision> made;

    std::array<size_t, 6> Score() const {
      const auto count = [](const std::map<Comparison, std::vector<SyscallId>>& of, Comparison comparison) {
        const auto found = of.find(comparison);
        return found == of.end() ? 0 : found->second.size();
      };
      return {count(named, Comparison::kLooser) + count(unnamed, Comparison::kLooser),
              count(named, Comparison::kTighter),
              count(named, Comparison::kOtherRefusal),
              count(unnamed, Comparison::kTighter),
              count(unnamed, Comparison::kOtherRefusal),
              profile.rules.size()};
    }
  };

  // An unclear call counts as one that kills: no action is tighter.
  void AssumeTheWorst() {
    for (const auto& [id, why] : observed_.unclear) {
      observed_.decisions[id] = {{{ActionKind::kKillProcess, 0}, ArgumentSets::kAll}};
    }
  }

  // Calls of an ABI that the profile does not list kill, so an ABI that is refused altogether is left out.
  void ChooseAbis() {
    for (const Abi abi : AbisServedBeside(native_)) {
      const std::optional<Action> everything = EverythingOf(observed_, abi);
      if (abi != native_ && everything.has_value() && IsRefusal(*everything)) {
        if (everything->kind != ActionKind::kKillThread) refused_abis_[abi] = *everything;
      } else {
        abis_.push_back(abi);
      }
    }
    std::sort(abis_.begin(), abis_.end());
    for (const auto& [id, decision] : observed_.decisions) {
      if (std::find(abis_.begin(), abis_.end(), id.abi) == abis_.end()) continue;
      if (const std::optional<std::string> name = SyscallName(id)) names_[*name].push_back(id);
    }
  }

  std::vector<Action> Defaults() const {
    std::vector<Action> candidates = {Strictest(observed_.decisions.at({native_, kBeyondAllTables}))};
    std::map<Action, size_t> counts;
    for (const auto& [id, decision] : observed_.decisions) {
      if (std::find(abis_.begin(), abis_.end(), id.abi) == abis_.end()) continue;
      const bool named = SyscallName(id).has_value();
      // The action of a call where none of its conditions holds can only be the default.
      if (named && decision.size() == 1) continue;
      for (const auto& [action, on] : decision) ++counts[action];
    }
    std::vector<std::pair<size_t, Action>> by_count;
    for (const auto& [action, count] : counts) by_count.emplace_back(count, action);
    std::sort(by_count.begin(), by_count.end(),
              [](const auto& a, const auto& b) { return std::tie(b.first, a.second) < std::tie(a.first, b.second); });
    for (const auto& [count, action] : by_count) {
      if (std::find(candidates.begin(), candidates.end(), action) == candidates.end()) candidates.push_back(action);
    }
    if (candidates.size() > kMaxDefaults) candidates.resize(kMaxDefaults);
    return candidates;
  }

  std::map<SyscallId, Decision> Wanted(const std::vector<SyscallId>& ids) const {
    std::map<SyscallId, Decision> wanted;
    for (const SyscallId id : ids) wanted[id] = observed_.decisions.at(id);
    return wanted;
  }

  absl::StatusOr<Attempt> TryDefault(Action default_action) {
    std::map<std::string, ArgumentRules> rules;
    std::vector<std::string> multiplexers;
    const Profile empty{.default_action = default_action, .abis = abis_};
    for (const auto& [name, ids] : names_) {
      if (name == "socketcall" || name == "ipc") {
        multiplexers.push_back(name);
      } else {
        SYSCARVE_ASSIGN_OR_RETURN(ChosenRules chosen, ChooseRules(sets_, name, Wanted(ids), empty));
        rules[name] = std::move(chosen.rules);
      }
    }
    // If the ABI has one, rules of socket functions apply to socketcall, too, and may already cover all of it.
    for (const std::string& multiplexer : multiplexers) {
      Profile context = empty;
      for (const auto& [name, own] : rules) {
        if (MultiplexerOf(name) == multiplexer) AddArgumentRules(name, own, context);
      }
      SYSCARVE_ASSIGN_OR_RETURN(ChosenRules chosen,
                                ChooseRules(sets_, multiplexer, Wanted(names_.at(multiplexer)), context));
      rules[multiplexer] = std::move(chosen.rules);
    }

    Attempt attempt;
    attempt.profile = empty;
    std::map<std::pair<std::vector<ArgumentCondition>, Action>, std::vector<std::string>> grouped;
    for (const auto& [name, own] : rules) {
      for (const ArgumentRule& rule : own) grouped[{rule.conditions, rule.action}].push_back(name);
    }
    for (const auto& [rule, names] : grouped) {
      attempt.profile.rules.push_back({.names = names, .action = rule.second, .conditions = rule.first});
    }
    // Rules that allow come first, and rules without conditions before those with conditions.
    std::stable_sort(attempt.profile.rules.begin(), attempt.profile.rules.end(), [](const Rule& a, const Rule& b) {
      return std::pair(b.action, !a.conditions.empty()) < std::pair(a.action, !b.conditions.empty());
    });
    SYSCARVE_RETURN_IF_ERROR(Prove(attempt));
    return attempt;
  }

  absl::Status Prove(Attempt& attempt) {
    // Compiling a profile that is too large for the kernel takes libseccomp long.
    size_t calls = 0;
    for (const Rule& rule : attempt.profile.rules) calls += rule.names.size();
    if (calls > BPF_MAXINSNS) return absl::ResourceExhaustedError(Concat("it takes rules for ", calls, " calls"));
    SYSCARVE_ASSIGN_OR_RETURN(const Meaning own, MeaningOf(attempt.profile, native_));
    SYSCARVE_ASSIGN_OR_RETURN(Meaning whole, WithSets(own, observed_.sets));
    for (const auto& [id, live] : observed_.decisions) {
      Decision& made = whole.decisions.at(id);
      SYSCARVE_ASSIGN_OR_RETURN(const Comparison comparison, CompareDecisions(sets_, live, made));
      if (comparison == Comparison::kSame) continue;
      auto& differing = SyscallName(id).has_value() ? attempt.named : attempt.unnamed;
      if (!refused_abis_.contains(id.abi) || comparison == Comparison::kLooser) differing[comparison].push_back(id);
      attempt.made[id] = std::move(made);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<DecompiledProfile> Finish(Attempt attempt, Bound bound) const {
    const auto names_of = [](const std::vector<SyscallId>& ids) {
      std::set<std::string> names;
      for (const SyscallId id : ids) names.insert(DisplayName(id));
      return absl::StrJoin(names, ", ");
    };
    std::vector<SyscallId> unclear;
    for (const auto& [id, why] : observed_.unclear) {
      if (SyscallName(id).has_value()) unclear.push_back(id);
    }
    for (const auto* differing : {&attempt.named, &attempt.unnamed}) {
      const auto wider = differing->find(Comparison::kLooser);
      if (wider == differing->end()) continue;
      return absl::UnimplementedError(Concat("no profile refuses all that ", what_,
                                             " refuses: a rule applies to every ABI by name, and conditions ",
                                             "cannot express what is decided for ", names_of(wider->second)));
    }
    DecompiledProfile folded{.profile = std::move(attempt.profile)};
    if (!unclear.empty()) {
      folded.warnings.push_back(Concat("taken for refused, because conditions cannot express what is decided (",
                                       observed_.unclear.begin()->second, "): ", names_of(unclear)));
    }
    if (const auto stricter = attempt.named.find(Comparison::kTighter); stricter != attempt.named.end()) {
      folded.warnings.push_back(
          Concat("stricter in the profile than in ", what_,
                 ", because a rule applies to every ABI by name, and not every condition can be expressed: ",
                 names_of(stricter->second)));
    }
    if (const auto other = attempt.named.find(Comparison::kOtherRefusal); other != attempt.named.end()) {
      folded.warnings.push_back(Concat("refused by the profile with another error than by ", what_,
                                       ", because a rule applies to every ABI by name: ", names_of(other->second)));
    }
    if (bound == Bound::kExact && !folded.warnings.empty()) {
      return absl::UnimplementedError(
          Concat(what_, " cannot be written exactly as a profile: ", absl::StrJoin(folded.warnings, "; ")));
    }
    for (const auto& [abi, action] : refused_abis_) {
      folded.warnings.push_back(Concat("every call of ", AbiName(abi), " meets ", ActionText(action),
                                       "; the profile leaves the ABI out, and so kills the thread"));
    }
    // The numbers without a name, grouped by decision.
    std::map<std::tuple<Abi, std::string, std::string>, std::vector<int>> without_name;
    for (const auto& [comparison, ids] : attempt.unnamed) {
      for (const SyscallId id : ids) {
        without_name[{id.abi, DecisionText(observed_.decisions.at(id)), DecisionText(attempt.made.at(id))}].push_back(
            id.nr);
      }
    }
    for (auto& [what, numbers] : without_name) {
      std::sort(numbers.begin(), numbers.end());
      const auto& [abi, live, made] = what;
      folded.warnings.push_back(Concat("numbers of ", AbiName(abi), " without a name meet ", live, " in ", what_,
                                       " and ", made, " in the profile, which has one default: ",
                                       NumberRanges(abi, numbers), live == "ENOSYS" ? kRuncsStub : std::string_view()));
    }
    return folded;
  }

  ArgumentSets& sets_;
  Meaning observed_;
  Abi native_;
  std::string_view what_;
  std::vector<Abi> abis_;
  std::map<Abi, Action> refused_abis_;
  std::map<std::string, std::vector<SyscallId>> names_;
};

}  // namespace

absl::StatusOr<DecompiledProfile> DecompileFilters(std::span<const FilterProgram> stack, Abi native, Bound bound) {
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning observed, MeaningOf(stack, native));
  return Decompile(observed, bound, "the filter");
}

absl::StatusOr<DecompiledProfile> Decompile(const Meaning& meaning, Bound bound, std::string_view what) {
  if (bound == Bound::kAtLeast) return DecompileAtLeast(meaning, what);
  // The output depends in places on the numbers of the sets. With its own sets it depends on the meaning only.
  SYSCARVE_ASSIGN_OR_RETURN(Meaning copy, WithSets(meaning, std::make_shared<ArgumentSets>()));
  return Decompiler(std::move(copy), what).Run(bound);
}

absl::StatusOr<std::vector<AbiSummary>> DescribeFilters(std::span<const FilterProgram> stack, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning observed, MeaningOf(stack, native));
  ArgumentSets& sets = *observed.sets;
  std::vector<AbiSummary> described;
  for (const Abi abi : AbisServedBeside(native)) {
    AbiSummary answers{.abi = abi, .everything = EverythingOf(observed, abi)};
    const auto beyond = observed.decisions.find({abi, kBeyondAllTables});
    if (beyond != observed.decisions.end()) answers.unknown = Strictest(beyond->second);
    for (const SyscallEntry& entry : SyscallTable(abi)) {
      const SyscallId id{abi, entry.nr};
      if (answers.everything.has_value() || IsExemptFromSeccomp(id)) continue;
      CallSummary call{.id = id};
      if (const auto unclear = observed.unclear.find(id); unclear != observed.unclear.end()) {
        call.unclear = unclear->second;
        answers.calls.push_back(std::move(call));
        continue;
      }
      const Decision& decision = observed.decisions.at(id);
      bool told = false;
      for (const auto& [otherwise, unused] : decision) {
        SYSCARVE_ASSIGN_OR_RETURN(
            auto when, ToConditions(sets, decision, otherwise, ComparesLowHalfOnly(abi), ComparisonStyle::kInclusive));
        if (!when.has_value()) {
          SYSCARVE_ASSIGN_OR_RETURN(when, ToConditions(sets, decision, otherwise, false, ComparisonStyle::kInclusive));
        }
        if (!when.has_value()) continue;
        // A list of the allowed calls is more readable than one of the refused.
        const auto cost = [](Action action, const ArgumentRules& told_when) {
          return std::pair(told_when.size(), action);
        };
        if (told && cost(call.otherwise, call.answers) <= cost(otherwise, *when)) continue;
        told = true;
        call.otherwise = otherwise;
        call.answers = *std::move(when);
      }
      if (!told) call.unclear = "it depends on the arguments in too many ways";
      answers.calls.push_back(std::move(call));
    }
    described.push_back(std::move(answers));
  }
  return described;
}

}  // namespace syscarve
