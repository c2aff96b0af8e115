// SPDX-License-Identifier: Apache-2.0
// The course of a proof, for any kind of run: reference runs, trials with something removed, minimizing what is needed,
// and a last run with nothing removed. Trials of an earlier proof are not repeated.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/prove/proof.h"

namespace syscarve {

struct ProofRequest {
  uint32_t runs = 3;                                // Reference runs at the start; at least 1.
  std::optional<std::chrono::milliseconds> budget;  // For the whole proof; whatever remains then is undecided.
  std::optional<std::chrono::milliseconds> limit;   // Per run; nullopt: ten times the longest reference run, and 5 s.
  std::chrono::milliseconds grace = std::chrono::seconds(5);  // How long processes may outlive the command.
  bool refusals = true;                                       // Compare refusals by the kernel.
  std::vector<Tried> tried;                                   // From an earlier proof of the same command.
  // Called after the reference runs and after each trial, with the results so far; `unproven` states that the proof is
  // unfinished.
  std::function<void(const Proof&)> checkpoint;
};

class ProofTrials {
 public:
  using Limit = std::optional<std::chrono::milliseconds>;
  using Run = absl::FunctionRef<absl::StatusOr<ProofRun>(Limit limit)>;

  // Both must outlive this object. The budget starts here.
  ProofTrials(const ProofRequest& request, Notes& notes);

  // Makes the reference runs. False if they leave nothing to prove; the proof contains the reason.
  absl::StatusOr<bool> RunReference(Run run);
  // REQUIRES: RunReference was called, as for all below.
  const ReferenceRuns& reference() const { return *reference_; }
  std::chrono::milliseconds LimitOfRun() const;

  // Makes a trial and returns its difference, or nullopt. `what` has everything but the difference; `words` describe
  // what is removed; the capabilities in the set `ignored` are not compared.
  absl::StatusOr<std::optional<std::string>> Try(Tried what, std::string_view words, uint64_t ignored, Run run);

  // The items that can be removed, and how. Indices refer to `names`.
  struct Items {
    std::string service;
    std::string kind;  // "capabilities"
    std::vector<std::string> names;
    // What else is removed in every trial.
    std::vector<std::string> others;
    // Capabilities that are not compared if these names are kept.
    absl::FunctionRef<uint64_t(const std::set<size_t>& kept)> ignored;
    absl::FunctionRef<absl::StatusOr<ProofRun>(const std::set<size_t>& kept, Limit limit)> run;
  };
  // A verdict on each, in their order.
  absl::StatusOr<std::vector<Proven>> Decide(const Items& items);

  // Compares a run with nothing removed with the reference runs. A difference means that the command changed its own
  // preconditions and trials failed for that reason; the proof is then marked as unproven.
  absl::Status Confirm(uint64_t ignored, Run run);

  Proof& proof() { return proof_; }

 private:
  bool OutOfTime() const;
  // Repeats the run as often as needed and returns the last difference; `count`, unless null, is the number of runs
  // made.
  absl::StatusOr<std::optional<std::string>> Attempt(uint64_t ignored, Run run, uint64_t* count);
  const Tried* FindTried(const Tried& what) const;
  void Checkpoint() const;

  const ProofRequest& request_;
  Notes& notes_;
  std::chrono::steady_clock::time_point begin_;
  std::optional<ReferenceRuns> reference_;
  Proof proof_;
};

}  // namespace syscarve
