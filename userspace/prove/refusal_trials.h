// SPDX-License-Identifier: Apache-2.0
// Trials for calls and arguments of calls that may not be needed, the same for a command and for a service's
// containers.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "userspace/app/call_refusals.h"
#include "userspace/base/status.h"
#include "userspace/prove/proof.h"
#include "userspace/prove/proof_trials.h"

namespace syscarve {

class RefusalTrials {
 public:
  using Run = std::function<absl::StatusOr<ProofRun>(const Refusals& refused, ProofTrials::Limit limit)>;

  // `trials` must outlive this object. `service` and `ignored` are as in ProofTrials. With an `obstacle` nothing is
  // tried, and everything is undecided for that reason.
  RefusalTrials(ProofTrials& trials, std::string service, uint64_t ignored, std::string obstacle, Run run)
      : trials_(trials),
        service_(std::move(service)),
        ignored_(ignored),
        obstacle_(std::move(obstacle)),
        run_(std::move(run)) {}

  // A verdict on each of `calls`, ascending. `refused` contains what is refused in every trial; calls that are not
  // needed are added to it.
  absl::StatusOr<std::vector<Proven>> ProveCalls(const std::set<std::string>& calls, Refusals& refused) const;

  // The same for the recorded arguments, except those of calls in `refused`.
  absl::StatusOr<std::vector<Proven>> ProveArguments(const RecordedUse& use, Refusals& refused) const;

 private:
  // `refuse` adds the element of `names` at the given index.
  absl::StatusOr<std::vector<Proven>> Decide(const std::string& kind, const std::vector<std::string>& names,
                                             const std::function<void(size_t, Refusals&)>& refuse,
                                             Refusals& refused) const;

  ProofTrials& trials_;
  std::string service_;
  uint64_t ignored_;
  std::string obstacle_;
  Run run_;
};

}  // namespace syscarve
