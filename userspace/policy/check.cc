// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/check.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/saturating.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/symbolic.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {
namespace {

enum class Outcome { kAllowed, kDepends, kRefused };

bool IsForOthersToDecide(const Action& action) {
  return action.kind == ActionKind::kTrace || action.kind == ActionKind::kNotify;
}

// One call by one kind of caller, over all sightings.
struct CallOfRuns {
  std::vector<Sighting> sightings;
  std::optional<SeenArguments> arguments;
};
using CallsOfRuns = std::map<std::pair<bool, SyscallId>, CallOfRuns>;  // The runtime's last.

// Whether the kernel applies filters to the call; `refused`: a filter was observed to refuse it.
bool IsFiltered(SyscallId id, const std::optional<KernelVersion>& kernel, bool refused) {
  if (!IsExemptFromSeccomp(id)) return true;
  if (!kernel.has_value()) return refused;
  return FiltersUretprobe(*kernel) && SyscallName(id) == "uretprobe";
}

struct CheckEvidence {
  uint64_t runs = 0;
  CallsOfRuns calls;
  std::map<SyscallId, std::vector<Refusal>> refusals;
};

void GatherTrace(const Recording& recording, const Run& run, std::string_view subject, const SubjectTrace& trace,
                 const std::optional<KernelVersion>& kernel, bool& asked, CheckEvidence& evidence) {
  for (const bool by_runtime : {false, true}) {
    for (const auto& [id, observation] : by_runtime ? trace.baseline_calls : trace.calls) {
      if (observation.count == 0 || !IsFiltered(id, kernel, false)) continue;
      asked = true;
      const auto [place, first] = evidence.calls.try_emplace({by_runtime, id});
      CallOfRuns& call = place->second;
      AddSighting(SightingOf(recording, run, subject, id, observation), call.sightings);
      JoinArguments(observation.arguments, first, call.arguments);
    }
  }
  for (const auto& [id, denials] : trace.denials) {
    for (const Denial& denial : denials) {
      if (denial.count > 0) evidence.refusals[id].push_back(RefusalOf(recording, run, subject, id, denial));
    }
  }
}

// One run is in memory at a time.
CheckEvidence Gather(const Recording& recording, const std::optional<KernelVersion>& kernel) {
  CheckEvidence evidence;
  for (const size_t i : recording.runs.InOrder()) {
    const Run run = recording.runs[i];
    bool asked = false;
    for (const auto& [id, trace] : run.subjects) {
      const std::string_view subject =
          id < recording.subjects.size() ? recording.subjects[id].name : std::string_view();
      GatherTrace(recording, run, subject, trace, kernel, asked, evidence);
    }
    if (asked) ++evidence.runs;
  }
  return evidence;
}

ArgumentSets::Set HalfEquals(ArgumentSets& sets, unsigned argument, bool high, uint32_t value,
                             uint32_t mask = UINT32_MAX) {
  return sets.FromTest({.index = argument, .high = high, .mask = mask, .constant = value});
}

// The values of the register that match a recorded `value`, which determines only these bits.
ArgumentSets::Set Equals(ArgumentSets& sets, unsigned argument, uint64_t bits, uint64_t value, bool dirty) {
  if (bits == 0) return ArgumentSets::kAll;
  const auto low = static_cast<uint32_t>(value & bits);
  const ArgumentSets::Set equal = HalfEquals(sets, argument, /*high=*/false, low, static_cast<uint32_t>(bits));
  if (bits > UINT32_MAX) return sets.And(equal, HalfEquals(sets, argument, /*high=*/true, value >> 32));
  if (dirty) return equal;
  ArgumentSets::Set clean = HalfEquals(sets, argument, /*high=*/true, 0);
  if (low >> 31 != 0) clean = sets.Or(clean, HalfEquals(sets, argument, /*high=*/true, UINT32_MAX));
  return sets.And(equal, clean);
}

// The arguments that the call can have had.
absl::StatusOr<ArgumentSets::Set> Possible(ArgumentSets& sets, SyscallId id, const std::optional<SeenArguments>& seen) {
  if (!seen.has_value() || seen->open || seen->pointed_to) return ArgumentSets::kAll;
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedCalls* const recorded, ShippedRecordedCalls());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  ArgumentSets::Set possible = ArgumentSets::kNone;
  for (const auto& [values, programs] : seen->values) {
    ArgumentSets::Set here = ArgumentSets::kAll;
    for (size_t i = 0; i < values.size(); ++i) {
      here = sets.And(here,
                      Equals(sets, static_cast<unsigned>(seen->indexes[i]),
                             DeterminedBits(*table, *recorded, id, seen->indexes, values, i), values[i], seen->dirty));
    }
    possible = sets.Or(possible, here);
  }
  return possible;
}

absl::StatusOr<std::vector<Action>> Answers(const FilterProgram& filter, SyscallId id, const CallOfRuns& seen,
                                            ArgumentSets& sets) {
  SYSCARVE_ASSIGN_OR_RETURN(const Decision decision, DecisionOf({&filter, 1}, id, sets));
  std::vector<Action> answers;
  if (decision.size() == 1) return std::vector<Action>{decision.begin()->first};
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentSets::Set possible, Possible(sets, id, seen.arguments));
  for (const auto& [action, arguments] : decision) {
    if (sets.And(arguments, possible) != ArgumentSets::kNone) answers.push_back(action);
  }
  if (!sets.status().ok()) return Annotate(sets.status(), Concat("what the profile decides for ", DisplayName(id)));
  return answers;
}

Outcome OutcomeOf(const std::vector<Action>& answers) {
  if (std::ranges::all_of(answers, LetsThrough)) return Outcome::kAllowed;
  if (std::ranges::any_of(answers,
                          [](const Action& answer) { return LetsThrough(answer) || IsForOthersToDecide(answer); }))
    return Outcome::kDepends;
  return Outcome::kRefused;
}

// Whether `action` has the same effect on a program as the recorded result, after which the program continued.
bool IsSame(const Action& action, int recorded) {
  if (action.kind == ActionKind::kTrap) return recorded == kDenialTrapped;
  if (action.kind != ActionKind::kErrno) return false;
  return action.value == 0 ? recorded == kDenialAnswered : recorded == static_cast<int>(action.value);
}

RefusedAgain RefusalOutcome(const RefusedCall& call, const std::vector<Action>& answers) {
  const Outcome outcome = OutcomeOf(answers);
  if (outcome == Outcome::kAllowed) return RefusedAgain::kAllowed;
  if (outcome == Outcome::kDepends) return RefusedAgain::kDepends;
  const auto harmless = [&](const Action& answer) {
    return answer == Action{ActionKind::kErrno, ENOSYS} && !call.probed_by.empty();
  };
  if (std::ranges::all_of(answers, harmless)) return RefusedAgain::kHarmless;
  const bool same = std::ranges::all_of(answers, [&](const Action& answer) {
    return std::ranges::all_of(call.refusals, [&](const Refusal& refusal) { return IsSame(answer, refusal.answer); });
  });
  return same ? RefusedAgain::kSame : RefusedAgain::kRefused;
}

absl::StatusOr<CheckedRefusal> CheckRefusal(const FilterProgram& filter, SyscallId id, std::vector<Refusal> refusals,
                                            const ErrnoPolicy& policy, const std::optional<KernelVersion>& kernel) {
  std::string name = SyscallName(id).value_or(DisplayName(id));
  std::string probed_by = ProbedBy(policy, name);
  CheckedRefusal checked = {
      .id = id,
      .call = {.name = std::move(name), .refusals = std::move(refusals), .probed_by = std::move(probed_by)},
      .answers = {},
      .outcome = RefusedAgain::kUnfiltered};
  if (!IsFiltered(id, kernel, true)) return checked;
  ArgumentSets sets;
  SYSCARVE_ASSIGN_OR_RETURN(const Decision decision, DecisionOf({&filter, 1}, id, sets));
  for (const auto& [action, arguments] : decision) checked.answers.push_back(action);
  if (!sets.status().ok()) return Annotate(sets.status(), Concat("what the profile decides for ", DisplayName(id)));
  checked.outcome = RefusalOutcome(checked.call, checked.answers);
  return checked;
}

}  // namespace

std::string_view RefusedAgainName(RefusedAgain outcome) {
  switch (outcome) {
    case RefusedAgain::kAllowed:
      return "allowed";
    case RefusedAgain::kDepends:
      return "depends";
    case RefusedAgain::kSame:
      return "same";
    case RefusedAgain::kHarmless:
      return "harmless";
    case RefusedAgain::kRefused:
      return "refused";
    case RefusedAgain::kUnfiltered:
      return "unfiltered";
  }
  return "refused";
}

bool CheckResult::HasRefusals() const {
  return !refused.empty() || std::ranges::count(refused_before, RefusedAgain::kRefused, &CheckedRefusal::outcome) > 0;
}

uint64_t CheckedCall::count() const {
  uint64_t sum = 0;
  for (const Sighting& sighting : sightings) AddSaturating(sighting.count, sum);
  return sum;
}

absl::StatusOr<CheckResult> Check(const Profile& profile, const Recording& recording,
                                  std::optional<KernelVersion> kernel) {
  const Abi native = recording.host.native_abi;
  const auto served = AbisServedBeside(native);
  if (!profile.abis.empty() && std::ranges::find_first_of(profile.abis, served) == profile.abis.end()) {
    return absl::InvalidArgumentError(Concat("the profile is for another architecture (", AbiName(profile.abis.front()),
                                             ") than the recording (", AbiName(native), ")"));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram filter, Compile(profile));
  SYSCARVE_RETURN_IF_ERROR(ValidateFilter(filter));
  CheckResult result = {.native_abi = native, .complete = recording.complete()};
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedCalls* const recorded, ShippedRecordedCalls());
  CheckEvidence evidence = Gather(recording, kernel);
  result.runs = evidence.runs;
  for (auto& [key, seen] : evidence.calls) {
    const auto& [by_runtime, id] = key;
    ++result.checked;
    ArgumentSets sets;
    SYSCARVE_ASSIGN_OR_RETURN(std::vector<Action> answers, Answers(filter, id, seen, sets));
    const Outcome outcome = OutcomeOf(answers);
    if (outcome == Outcome::kAllowed) continue;
    if (answers.size() == 1 && IsFallenBackFrom(*recorded, id, answers.front())) continue;
    (outcome == Outcome::kRefused ? result.refused : result.depends)
        .push_back({.id = id, .by_runtime = by_runtime, .answers = std::move(answers), .sightings = seen.sightings});
  }
  SYSCARVE_ASSIGN_OR_RETURN(const ErrnoPolicy* const errnos, ShippedErrnoPolicy());
  for (auto& [id, refusals] : evidence.refusals) {
    SYSCARVE_ASSIGN_OR_RETURN(CheckedRefusal checked, CheckRefusal(filter, id, std::move(refusals), *errnos, kernel));
    result.refused_before.push_back(std::move(checked));
  }
  return result;
}

}  // namespace syscarve
