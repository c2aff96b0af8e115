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

std::string Seconds(milliseconds duration) {
  return Concat(duration.count() / 1000, ".", duration.count() % 1000 / 100, " s");
}

// "exit status 3", "signal 9"
std::string StatusWords(int status) {
  return status > 128 ? Concat("signal ", status - 128) : Concat("exit status ", status);
}

// Whether the profile names the call only to say that there is no such thing: programs are made to do without.
bool IsSaidToBeMissing(const FilteredCall& call, const Profile& profile) {
  const Action missing{ActionKind::kErrno, ENOSYS};
  if (call.action != missing) return false;
  const std::optional<std::string> name = NameOf(call);
  if (!name.has_value()) return false;
  return std::ranges::any_of(profile.rules, [&](const Rule& rule) {
    return rule.action == missing && std::ranges::find(rule.names, *name) != rule.names.end();
  });
}

// All of one kind of run together.
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

class Judge {
 public:
  Judge(const EnforcedFilter& filter, const Profile& profile, Verification& result)
      : filter_(filter), profile_(profile), result_(result) {
    for (const VerifiedRun& run : result.runs) {
      (run.enforced ? enforced_ : reporting_).push_back(&run);
    }
  }

  void Refusals() {
    const FilteredCalls enforced = Together(result_.runs, true);
    for (const auto& [call, refusals] : enforced) Refusal(call, refusals, false);
    for (const auto& [call, refusals] : Together(result_.runs, false)) {
      if (!enforced.contains(call)) Refusal(call, refusals, true);
    }
  }

  void Endings() {
    const size_t failed = Failed(reporting_);
    if (failed == reporting_.size()) {
      return Add(VerifyProblemKind::kFailsAnyway,
                 Concat("the command fails while the profile only reports, too (",
                        StatusWords(reporting_.front()->status), "), so that nothing is proven"),
                 "Mend the command first.");
    }
    const bool flaky = failed > 0;
    if (flaky) {
      result_.remarks.push_back(Concat("the command failed ", failed, " of ", reporting_.size(),
                                       " times while the profile only reported: it is not reliable by itself"));
    }
    const size_t under_profile = Failed(enforced_);
    if (under_profile == 0) return;
    const auto first = std::ranges::find_if(enforced_, [](const VerifiedRun* run) { return run->Failed(); });
    const std::string what = Concat("the command failed ", under_profile, " of ", enforced_.size(),
                                    " times under the profile (", StatusWords((*first)->status), ")");
    // What fails now and then by itself may do so here; always is something else.
    if (flaky && under_profile < enforced_.size()) {
      result_.remarks.push_back(what);
    } else {
      Add(VerifyProblemKind::kFails, Concat(what, ", and ", failed, " of ", reporting_.size(), " without it"),
          AnyRefusal() ? "" : "No call was refused in it: --runs 10 tells whether it fails by itself now and then.");
    }
  }

  void Stops() {
    const uint64_t by_itself = Most(reporting_);
    const uint64_t under_profile = Most(enforced_);
    if (under_profile <= by_itself) return;
    Add(VerifyProblemKind::kStops,
        Concat("under the profile ", under_profile, under_profile == 1 ? " process" : " processes",
               " outlived the command and had to be killed; without it ", by_itself),
        "How it stops was not recorded, or needs longer: --grace.");
  }

  void Times() {
    for (const VerifiedRun* run : enforced_) {
      if (run->over_limit) {
        return Add(VerifyProblemKind::kTakesTooLong,
                   Concat("a run under the profile was ended after ", Seconds(run->took),
                          ReportingTimes().empty() ? "" : Concat("; without it it took ", ReportingTimes())),
                   "It may wait for something that was refused; --limit gives it more time.");
      }
    }
    for (const VerifiedRun* run : reporting_) {
      if (run->over_limit) {
        return Add(VerifyProblemKind::kTakesTooLong,
                   Concat("a run with the profile only reporting was ended after ", Seconds(run->took)),
                   "--limit gives it more time.");
      }
    }
  }

  void Start() {
    Add(VerifyProblemKind::kStartIsRefused, "the profile refuses execve, with which the command itself is started",
        "Allow execve, as a container runtime needs it, too.");
  }

 private:
  static size_t Failed(const std::vector<const VerifiedRun*>& runs) {
    return std::ranges::count_if(runs, [](const VerifiedRun* run) { return run->Failed(); });
  }

  static uint64_t Most(const std::vector<const VerifiedRun*>& runs) {
    uint64_t most = 0;
    for (const VerifiedRun* run : runs) {
      if (!run->over_limit) most = std::max(most, run->ended);
    }
    return most;
  }

  std::string ReportingTimes() const {
    milliseconds longest{0};
    for (const VerifiedRun* run : reporting_) longest = std::max(longest, run->took);
    return reporting_.empty() ? "" : Seconds(longest);
  }

  bool AnyRefusal() const {
    return std::ranges::any_of(
        result_.problems, [](const VerifyProblem& problem) { return problem.kind == VerifyProblemKind::kRefused; });
  }

  void Refusal(const FilteredCall& call, const FilteredCount& refusals, bool log_only) {
    std::string message = DescribeRefusal(call, refusals, filter_.stub, log_only);
    if (call.action.kind == ActionKind::kLog || IsSaidToBeMissing(call, profile_)) {
      result_.remarks.push_back(std::move(message));
    } else {
      Add(VerifyProblemKind::kRefused, std::move(message), FixOfRefusal(call));
    }
  }

  void Add(VerifyProblemKind kind, std::string message, std::string fix) {
    result_.problems.push_back({kind, std::move(message), std::move(fix)});
  }

  const EnforcedFilter& filter_;
  const Profile& profile_;
  Verification& result_;
  std::vector<const VerifiedRun*> reporting_;
  std::vector<const VerifiedRun*> enforced_;
};

struct RunMade {
  VerifiedRun run;
  bool start_refused = false;
};

absl::StatusOr<RunMade> RunOnce(const EnforcedFilter& filter, const Command& command, SignalForwarder& signals,
                                const VerifyRequest& request, std::optional<milliseconds> limit, bool enforced) {
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* table, ShippedArgumentTable());
  ProfileEnforcer enforcer(filter.filter, *table, /*log_only=*/!enforced);
  const Clock::time_point start = Clock::now();
  SYSCARVE_ASSIGN_OR_RETURN(const SuperviseOutcome outcome,
                            Supervise(command, NotifyUnlessAllowed(filter.filter), enforcer, signals,
                                      {.grace = request.grace, .limit = limit, .withhold_ptrace = true}));
  SYSCARVE_RETURN_IF_ERROR(Annotate(outcome.complete, "supervising the command had to stop, so it was ended"));
  if (outcome.asked_to_end) return absl::AbortedError("a signal asked to end before all runs were made");
  if (outcome.exec_error != 0) return ExecFailure(command, outcome.exec_error);
  return RunMade{.run = {.enforced = enforced,
                         .status = outcome.status,
                         .took = std::chrono::duration_cast<milliseconds>(Clock::now() - start),
                         .over_limit = outcome.over_limit,
                         .ended = outcome.ended,
                         .refused = enforcer.refused()},
                 .start_refused = outcome.start_refused};
}

std::string ProgressOf(const VerifiedRun& run, uint32_t number, uint32_t of) {
  return Concat(run.enforced ? "in force, run " : "only reporting, run ", number, " of ", of, ": ",
                run.over_limit ? "ended, its time was up" : StatusWords(run.status), ", ", Seconds(run.took), ", ",
                run.refused.size(), run.enforced ? " kinds of calls refused" : " kinds of calls would be refused");
}

}  // namespace

Verification JudgeRuns(std::vector<VerifiedRun> runs, const EnforcedFilter& filter, const Profile& profile,
                       bool start_refused) {
  Verification result{.runs = std::move(runs), .problems = {}, .remarks = {}};
  Judge judge(filter, profile, result);
  judge.Refusals();
  if (start_refused) {
    judge.Start();
    return result;
  }
  judge.Endings();
  judge.Stops();
  judge.Times();
  return result;
}

absl::StatusOr<Verification> VerifyCommand(const VerifyRequest& request, const Profile& profile,
                                           const EnforcedFilter& filter, const Command& command,
                                           SignalForwarder& signals, Notes& notes) {
  std::vector<VerifiedRun> runs;
  milliseconds longest{0};
  for (const bool enforced : {false, true}) {
    std::optional<milliseconds> limit = request.limit;
    if (enforced && !limit.has_value()) limit = kLimitFactor * longest + kLimitAddition;
    for (uint32_t number = 1; number <= request.runs; ++number) {
      SYSCARVE_ASSIGN_OR_RETURN(RunMade made, RunOnce(filter, command, signals, request, limit, enforced));
      notes.Note(ProgressOf(made.run, number, request.runs));
      longest = std::max(longest, made.run.took);
      runs.push_back(std::move(made.run));
      if (made.start_refused) return JudgeRuns(std::move(runs), filter, profile, true);
    }
    Verification so_far = JudgeRuns(runs, filter, profile, false);
    if (enforced || !so_far.Passed()) return so_far;
  }
  return absl::InternalError("no run was made");
}

}  // namespace syscarve
