// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/verification.h"

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;

size_t Failed(const std::vector<const VerifiedRun*>& runs) {
  return std::ranges::count_if(runs, [](const VerifiedRun* run) { return run->Failed(); });
}

std::string ProgressOf(const VerifiedRun& run, uint32_t number, uint32_t of) {
  const size_t kinds = run.refused.size() + (run.containers.has_value() ? run.containers->refused.size() : 0);
  return Concat(run.enforced ? "in force, run " : "only reporting, run ", number, " of ", of, ": ",
                run.over_limit ? "ended, its time was up" : StatusWords(run.status), ", ", SecondsWords(run.took), ", ",
                run.containers.has_value() ? Concat(run.containers->containers.size(), " container(s), ") : "", kinds,
                run.enforced ? " kinds of calls refused" : " kinds of calls would be refused");
}

}  // namespace

bool Verification::Has(VerifyProblemKind kind) const {
  return std::ranges::any_of(problems, [kind](const VerifyProblem& problem) { return problem.kind == kind; });
}

std::vector<const VerifiedRun*> Verification::RunsOf(bool enforced) const {
  std::vector<const VerifiedRun*> found;
  for (const VerifiedRun& run : runs) {
    if (run.enforced == enforced) found.push_back(&run);
  }
  return found;
}

std::string StatusWords(int status) {
  return status > 128 ? Concat("signal ", status - 128) : Concat("exit status ", status);
}

std::string SecondsWords(milliseconds duration) {
  return Concat(duration.count() / 1000, ".", duration.count() % 1000 / 100, " s");
}

void JudgeEndings(Verification& result) {
  const auto reporting = result.RunsOf(false);
  const auto enforced = result.RunsOf(true);
  const size_t failed = Failed(reporting);
  if (failed == reporting.size()) {
    return result.Add(VerifyProblemKind::kFailsAnyway,
                      Concat("the command fails while the profile only reports, too (",
                             StatusWords(reporting.front()->status), "), so that nothing is proven"),
                      "Fix the command first.");
  }
  const bool flaky = failed > 0;
  if (flaky) {
    result.remarks.push_back(Concat("the command failed ", failed, " of ", reporting.size(),
                                    " times while the profile only reported: it is not reliable by itself"));
  }
  const size_t under_profile = Failed(enforced);
  if (under_profile == 0) return;
  const auto first = std::ranges::find_if(enforced, [](const VerifiedRun* run) { return run->Failed(); });
  const std::string what = Concat("the command failed ", under_profile, " of ", enforced.size(),
                                  " times under the profile (", StatusWords((*first)->status), ")");
  // A command that fails sometimes without the profile may fail sometimes with it; failing always is different.
  if (flaky && under_profile < enforced.size()) {
    result.remarks.push_back(what);
  } else {
    const bool explained = result.Has(VerifyProblemKind::kRefused) || result.Has(VerifyProblemKind::kCapability);
    result.Add(VerifyProblemKind::kFails, Concat(what, ", and ", failed, " of ", reporting.size(), " without it"),
               explained ? "" : "No call was refused: --runs 10 shows whether it also fails without the profile.");
  }
}

void JudgeTimes(Verification& result) {
  const auto reporting = result.RunsOf(false);
  milliseconds longest{0};
  for (const VerifiedRun* run : reporting) longest = std::max(longest, run->took);
  for (const VerifiedRun* run : result.RunsOf(true)) {
    if (run->over_limit) {
      return result.Add(VerifyProblemKind::kTakesTooLong,
                        Concat("a run under the profile was ended after ", SecondsWords(run->took),
                               reporting.empty() ? "" : Concat("; without it it took ", SecondsWords(longest))),
                        "It may wait for something that was refused; --limit gives it more time.");
    }
  }
  for (const VerifiedRun* run : reporting) {
    if (run->over_limit) {
      return result.Add(VerifyProblemKind::kTakesTooLong,
                        Concat("a run with the profile only reporting was ended after ", SecondsWords(run->took)),
                        "--limit gives it more time.");
    }
  }
}

absl::StatusOr<Verification> RunPhases(const VerifyRequest& request, RunOnce run_once, JudgeAll judge, Notes& notes) {
  std::vector<VerifiedRun> runs;
  milliseconds longest{0};
  for (const bool enforced : {false, true}) {
    std::optional<milliseconds> limit = request.limit;
    if (enforced && !limit.has_value()) limit = kLimitFactor * longest + kLimitAddition;
    for (uint32_t number = 1; number <= request.runs; ++number) {
      SYSCARVE_ASSIGN_OR_RETURN(VerifiedRun run, run_once(enforced, limit));
      notes.Note(ProgressOf(run, number, request.runs));
      longest = std::max(longest, run.took);
      runs.push_back(std::move(run));
      if (runs.back().start_refused) return judge(std::move(runs));
    }
    Verification so_far = judge(runs);
    if (enforced || !so_far.Passed()) return so_far;
  }
  return absl::InternalError("no run was made");
}

}  // namespace syscarve
