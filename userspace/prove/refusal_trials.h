// SPDX-License-Identifier: Apache-2.0
// Which calls, and which arguments of calls, are not needed: the same trials of a command and of a service's
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

  // `trials` must outlive it. `service` and `ignored` are as of ProofTrials. With an `obstacle` nothing is tried, and
  // all is undecided for that reason.
  RefusalTrials(ProofTrials& trials, std::string service, uint64_t ignored, std::string obstacle, Run run)
      : trials_(trials),
        service_(std::move(service)),
        ignored_(ignored),
        obstacle_(std::move(obstacle)),
        run_(std::move(run)) {}

  // A verdict on each of `calls`, ascending. `refused` has what is refused in every trial, and gets what is not needed.
  absl::StatusOr<std::vector<Proven>> ProveCalls(const std::set<std::string>& calls, Refusals& refused) const;

  // The same of the arguments that are known, but for those of calls that `refused` has.
  absl::StatusOr<std::vector<Proven>> ProveArguments(const RecordedUse& use, Refusals& refused) const;

 private:
  // `names` are of what `refuse` adds, by their places.
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
