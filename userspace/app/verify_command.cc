// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/verify_command.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/trace/supervisor.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// The sum over all runs of one phase.
FilteredCalls Together(const std::vector<VerifiedRun>& runs, bool enforced) {
  FilteredCalls all;
  for (const VerifiedRun& run : runs) {
    if (run.enforced != enforced) continue;
    for (const auto& [call, refusals] : run.refused) {
      const auto [sum, first] = all.try_emplace(call, refusals);
      if (!first) sum->second.count += refusals.count;
    }
  }
  return all;
}

std::string FixOfRefusal(const FilteredCall& call) {
  const std::optional<std::string> name = NameOf(call);
  if (!name.has_value()) return "Record this command, and generate the profile from that recording, too.";
  return Concat(
      "Record this command, and generate the profile from that recording, too; or allow the call: generate "
      "--allow ",
      *name, ".");
}

void JudgeRefusal(const FilteredCall& call, const FilteredCount& refusals, const EnforcedFilter& filter,
                  const Profile& profile, bool log_only, Verification& result) {
  std::string message = DescribeRefusal(call, refusals, filter.stub, log_only);
  const std::optional<std::string> name = NameOf(call);
  const bool missing = name.has_value() && IsRefusedAsMissing(*name, call.action, profile);
  if (call.action.kind == ActionKind::kLog || missing) {
    result.remarks.push_back(std::move(message));
  } else {
    result.Add(VerifyProblemKind::kRefused, std::move(message), FixOfRefusal(call));
  }
}

void JudgeRefusals(const EnforcedFilter& filter, const Profile& profile, Verification& result) {
  const FilteredCalls enforced = Together(result.runs, true);
  for (const auto& [call, refusals] : enforced) JudgeRefusal(call, refusals, filter, profile, false, result);
  for (const auto& [call, refusals] : Together(result.runs, false)) {
    if (!enforced.contains(call)) JudgeRefusal(call, refusals, filter, profile, true, result);
  }
}

uint64_t MostEnded(const std::vector<const VerifiedRun*>& runs) {
  uint64_t most = 0;
  for (const VerifiedRun* run : runs) {
    if (!run->over_limit) most = std::max(most, run->ended);
  }
  return most;
}

void JudgeStops(Verification& result) {
  const uint64_t by_itself = MostEnded(result.RunsOf(false));
  const uint64_t under_profile = MostEnded(result.RunsOf(true));
  if (under_profile <= by_itself) return;
  result.Add(VerifyProblemKind::kStops,
             Concat("under the profile ", under_profile, under_profile == 1 ? " process" : " processes",
                    " outlived the command and had to be killed; without it ", by_itself),
             "How it stops was not recorded, or needs longer: --grace.");
}

absl::StatusOr<VerifiedRun> RunUnder(const EnforcedFilter& filter, const Command& command, SignalForwarder& signals,
                                     const VerifyRequest& request, std::optional<milliseconds> limit, bool enforced) {
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* table, ShippedArgumentTable());
  ProfileEnforcer enforcer(filter.filter, *table, /*log_only=*/!enforced);
  const Clock::time_point start = Clock::now();
  SYSCARVE_ASSIGN_OR_RETURN(const SuperviseOutcome outcome,
                            Supervise(command, NotifyUnlessAllowed(filter.filter), enforcer, signals,
                                      {.grace = request.grace, .limit = limit, .withhold_ptrace = true}));
  SYSCARVE_RETURN_IF_ERROR(Annotate(outcome.complete, "supervising the command had to stop, so it was ended"));
  if (outcome.asked_to_end) return absl::AbortedError("a signal ended the verification before all runs were made");
  if (outcome.exec_error != 0) return ExecFailure(command, outcome.exec_error);
  return VerifiedRun{.enforced = enforced,
                     .status = outcome.status,
                     .took = std::chrono::duration_cast<milliseconds>(Clock::now() - start),
                     .over_limit = outcome.over_limit,
                     .ended = outcome.ended,
                     .start_refused = outcome.start_refused,
                     .refused = enforcer.refused(),
                     .containers = std::nullopt};
}

}  // namespace

bool IsRefusedAsMissing(const std::string& name, const Action& action, const Profile& profile) {
  const Action missing{ActionKind::kErrno, ENOSYS};
  return action == missing && std::ranges::any_of(profile.rules, [&](const Rule& rule) {
           return rule.action == missing && std::ranges::find(rule.names, name) != rule.names.end();
         });
}

Verification JudgeRuns(std::vector<VerifiedRun> runs, const EnforcedFilter& filter, const Profile& profile) {
  Verification result{.runs = std::move(runs), .problems = {}, .remarks = {}};
  JudgeRefusals(filter, profile, result);
  if (result.runs.back().start_refused) {
    result.Add(VerifyProblemKind::kStartIsRefused,
               "the profile refuses execve, with which the command itself is started",
               "Allow execve, as a container runtime needs it, too.");
    return result;
  }
  JudgeEndings(result);
  JudgeStops(result);
  JudgeTimes(result);
  return result;
}

absl::StatusOr<Verification> VerifyCommand(const VerifyRequest& request, const Profile& profile,
                                           const EnforcedFilter& filter, const Command& command,
                                           SignalForwarder& signals, Notes& notes) {
  return RunPhases(
      request,
      [&](bool enforced, std::optional<milliseconds> limit) {
        return RunUnder(filter, command, signals, request, limit, enforced);
      },
      [&](std::vector<VerifiedRun> runs) { return JudgeRuns(std::move(runs), filter, profile); }, notes);
}

}  // namespace syscarve
