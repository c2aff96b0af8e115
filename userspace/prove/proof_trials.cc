// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/proof_trials.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/verification.h"
#include "userspace/base/concat.h"
#include "userspace/prove/minimize.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Added to ten times the longest reference run. Shorter than in `verify`: many programs hang when refused, and every
// such trial takes the full limit.
constexpr milliseconds kTrialAddition = std::chrono::seconds(5);

std::string NamesWords(const std::vector<std::string>& names, const std::set<size_t>& some) {
  std::vector<std::string> chosen;
  for (const size_t i : some) chosen.push_back(names[i]);
  return absl::StrJoin(chosen, " ");
}

std::set<size_t> AllBut(size_t size, const std::set<size_t>& kept) {
  std::set<size_t> gone;
  for (size_t i = 0; i < size; ++i) {
    if (!kept.contains(i)) gone.insert(i);
  }
  return gone;
}

std::string TakenWords(const std::vector<std::string>& names, const std::set<size_t>& kept, const std::string& kind) {
  constexpr size_t kMostNamed = 4;
  const size_t taken = names.size() - kept.size();
  if (taken <= kMostNamed) return NamesWords(names, AllBut(names.size(), kept));
  return Concat(taken == names.size() ? "all " : "", taken, " ", kind,
                kept.size() <= kMostNamed && !kept.empty() ? Concat(" but ", NamesWords(names, kept)) : "");
}

}  // namespace

ProofTrials::ProofTrials(const ProofRequest& request, Notes& notes)
    : request_(request), notes_(notes), begin_(Clock::now()) {}

bool ProofTrials::OutOfTime() const {
  return request_.budget.has_value() && Clock::now() - begin_ >= *request_.budget;
}

milliseconds ProofTrials::LimitOfRun() const {
  return request_.limit.value_or(kLimitFactor * reference_->longest() + kTrialAddition);
}

void ProofTrials::Checkpoint() const {
  if (!request_.checkpoint) return;
  Proof so_far = proof_;
  if (so_far.unproven.empty()) so_far.unproven = "the proof did not come to its end";
  request_.checkpoint(so_far);
}

absl::StatusOr<bool> ProofTrials::RunReference(Run run) {
  std::vector<ProofRun> runs;
  for (uint32_t number = 1; number <= request_.runs; ++number) {
    SYSCARVE_ASSIGN_OR_RETURN(ProofRun made, run(request_.limit));
    notes_.Note(Concat("reference run ", number, " of ", request_.runs, ": ",
                       made.over_limit ? "ended, its time was up" : StatusWords(made.status), ", ",
                       SecondsWords(made.took)));
    runs.push_back(std::move(made));
  }
  reference_.emplace(runs);
  proof_.reference = std::move(runs);
  if (reference_->Attempts() == 0) {
    proof_.unproven =
        Concat("the command fails with nothing removed (", StatusWords(proof_.reference.front().status), ")");
  } else if (reference_->failed() > 0) {
    proof_.remarks.push_back(Concat("the command failed ", reference_->failed(), " of ", request_.runs,
                                    " times with nothing removed: what fails is tried up to ", reference_->Attempts(),
                                    " times"));
  }
  Checkpoint();
  return proof_.unproven.empty();
}

const Tried* ProofTrials::FindTried(const Tried& what) const {
  for (const std::vector<Tried>* const tried : {&proof_.tried, &request_.tried}) {
    const auto found = std::ranges::find_if(
        *tried, [&](const Tried& one) { return one.service == what.service && one.without == what.without; });
    if (found != tried->end()) return &*found;
  }
  return nullptr;
}

absl::StatusOr<std::optional<std::string>> ProofTrials::Attempt(uint64_t ignored, Run run, uint64_t* count) {
  std::optional<std::string> difference;
  uint32_t attempts = reference_->Attempts();
  for (uint32_t attempt = 1; attempt <= attempts; ++attempt) {
    if (count != nullptr) ++*count;
    SYSCARVE_ASSIGN_OR_RETURN(const ProofRun made, run(LimitOfRun()));
    difference = reference_->Difference(made, ignored);
    if (!difference.has_value()) break;
    constexpr uint32_t kOfRefusals = 2;
    if (reference_->DiffersInRefusalsOnly(made, ignored)) attempts = std::max(attempts, kOfRefusals);
  }
  return difference;
}

absl::StatusOr<std::optional<std::string>> ProofTrials::Try(Tried what, std::string_view words, uint64_t ignored,
                                                            Run run) {
  std::ranges::sort(what.without);
  const Tried* const known = FindTried(what);
  if (known != nullptr) {
    what.difference = known->difference;
  } else {
    SYSCARVE_ASSIGN_OR_RETURN(what.difference, Attempt(ignored, run, &proof_.trials));
  }
  notes_.Note(Concat(what.service, what.service.empty() ? "" : ": ", "without ", words, ": ",
                     what.difference.value_or("no difference"), known != nullptr ? " (tried before)" : ""));
  std::optional<std::string> difference = what.difference;
  if (std::ranges::find(proof_.tried, what) == proof_.tried.end()) proof_.tried.push_back(std::move(what));
  if (known == nullptr) Checkpoint();
  return difference;
}

absl::StatusOr<std::vector<Proven>> ProofTrials::Decide(const Items& items) {
  const std::vector<std::string>& names = items.names;
  std::map<std::set<size_t>, std::string> differences;
  const auto attempt = [&](const std::set<size_t>& kept) -> absl::StatusOr<Trial> {
    Tried what{.service = items.service, .without = items.others, .difference = std::nullopt};
    for (const size_t i : AllBut(names.size(), kept)) what.without.push_back(names[i]);
    std::ranges::sort(what.without);
    if (OutOfTime() && FindTried(what) == nullptr) return Trial::kNoTime;
    SYSCARVE_ASSIGN_OR_RETURN(const std::optional<std::string> difference,
                              Try(std::move(what), TakenWords(names, kept, items.kind), items.ignored(kept),
                                  [&](Limit limit) { return items.run(kept, limit); }));
    if (!difference.has_value()) return Trial::kPasses;
    differences[kept] = *difference;
    return Trial::kFails;
  };
  SYSCARVE_ASSIGN_OR_RETURN(const Minimized found, Minimize(names.size(), attempt));
  std::vector<Proven> proven;
  for (size_t i = 0; i < names.size(); ++i) {
    Proven one{.name = names[i], .verdict = ProofVerdict::kNotNeeded, .why = ""};
    if (found.needed.contains(i)) {
      std::set<size_t> others = found.kept;
      others.erase(i);
      one.verdict = ProofVerdict::kNeeded;
      one.why = differences.at(others);
    } else if (found.kept.contains(i)) {
      one.verdict = ProofVerdict::kUndecided;
      one.why = "out of time";
    }
    proven.push_back(std::move(one));
  }
  return proven;
}

absl::Status ProofTrials::Confirm(uint64_t ignored, Run run) {
  if (proof_.trials == 0) return absl::OkStatus();
  SYSCARVE_ASSIGN_OR_RETURN(const std::optional<std::string> difference, Attempt(ignored, run, /*count=*/nullptr));
  if (!difference.has_value()) return absl::OkStatus();
  proof_.unproven = Concat("with nothing removed the command no longer goes as in the beginning: ", *difference);
  return absl::OkStatus();
}

}  // namespace syscarve
