// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/prove_containers.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/call_refusals.h"
#include "userspace/base/concat.h"
#include "userspace/model/capability.h"
#include "userspace/prove/refusal_trials.h"

namespace syscarve {
namespace {

// Name of the removed item in the report if only a profile is written anew.
constexpr std::string_view kOwnProfile = "its own profile";

using Capabilities = std::set<int>;  // By number.

std::vector<std::string> NamesOf(const Capabilities& capabilities) {
  std::vector<std::string> names;
  for (const int capability : capabilities) names.push_back(CapabilityName(capability));
  return names;
}

Capabilities Minus(Capabilities all, const Capabilities& some) {
  for (const int capability : some) all.erase(capability);
  return all;
}

ContainerChange KeepingOnly(const Capabilities& kept) {
  return {.kept = kept, .refused = std::nullopt, .by_default = std::nullopt};
}

ContainerChange Refusing(const Refusals& refused, const std::optional<Profile>& by_default) {
  return {.kept = std::nullopt, .refused = refused, .by_default = by_default};
}

class ContainerProver {
 public:
  ContainerProver(const ProveContainersRequest& request, ContainerRuns& runs, Notes& notes)
      : request_(request), runs_(runs), trials_(request.proof, notes) {}

  absl::StatusOr<Proof> Prove() {
    const auto unchanged = [this](ProofTrials::Limit limit) { return RunWith({}, limit); };
    SYSCARVE_ASSIGN_OR_RETURN(const bool goes_on, trials_.RunReference(unchanged));
    const std::string unwatched = runs_.WhyUnwatched();
    if (!unwatched.empty()) Remark(unwatched);
    if (!goes_on) return std::move(proof_);
    if (!left_running_.empty()) {
      proof_.unproven = Concat("container ", left_running_,
                               " outlives the command, so that its end is not seen and the next run finds it there");
      return std::move(proof_);
    }
    for (const ServiceToProve& service : request_.services) {
      SYSCARVE_RETURN_IF_ERROR(ProveService(service));
    }
    SYSCARVE_RETURN_IF_ERROR(TryTogether());
    SYSCARVE_RETURN_IF_ERROR(trials_.Confirm(0, unchanged));
    return std::move(proof_);
  }

 private:
  // Makes a run, and stores its observations.
  absl::StatusOr<ProofRun> RunWith(const ContainerChanges& changes, ProofTrials::Limit limit) {
    SYSCARVE_ASSIGN_OR_RETURN(ShownRun shown, runs_.RunWith(changes, limit));
    for (const std::string& problem : shown.problems) Remark(problem);
    for (const VerifiedContainer& container : shown.run.containers) {
      if (!container.confined) not_ours_[container.service] = container.name;
      if (container.running && shown.left && changes.empty() && !shown.run.Failed()) left_running_ = container.name;
    }
    for (const auto& [service, processes] : shown.processes) bounding_[service] |= processes.bounding;
    for (const auto& [service, change] : changes) SYSCARVE_RETURN_IF_ERROR(CheckChange(service, change, shown));
    return std::move(shown.run);
  }

  // Checks that the engine complied; otherwise a trial shows nothing.
  absl::Status CheckChange(const std::string& service, const ContainerChange& change, const ShownRun& shown) const {
    if (const auto not_ours = not_ours_.find(service); not_ours != not_ours_.end()) {
      return absl::FailedPreconditionError(
          Concat("container ", not_ours->second, " of ", service, " was created past the relay in a trial"));
    }
    const auto processes = shown.processes.find(service);
    if (processes == shown.processes.end()) return absl::OkStatus();
    if (change.refused.has_value() && processes->second.unfiltered) {
      return absl::FailedPreconditionError(
          Concat("the engine runs containers of ", service, " without the profile that they were created with"));
    }
    if (!change.kept.has_value()) return absl::OkStatus();
    const uint64_t more = processes->second.bounding & ~CapabilityBits(*change.kept);
    for (int capability = 0; capability < kCapabilityCount; ++capability) {
      if ((more >> capability & 1) != 0) {
        return absl::FailedPreconditionError(
            Concat("the engine gave containers of ", service, " ", CapabilityName(capability), ", which was dropped"));
      }
    }
    return absl::OkStatus();
  }

  void Remark(std::string text) {
    if (std::ranges::find(proof_.remarks, text) == proof_.remarks.end()) proof_.remarks.push_back(std::move(text));
  }

  // The capabilities that its containers have when nothing is changed.
  Capabilities HeldBy(const ServiceToProve& service) const {
    const auto bounding = bounding_.find(service.title);
    if (bounding == bounding_.end()) return service.held;
    Capabilities held;
    for (int capability = 0; capability < kCapabilityCount; ++capability) {
      if ((bounding->second >> capability & 1) != 0) held.insert(capability);
    }
    return held;
  }

  // Why a service cannot be proven, or "".
  std::string ObstacleTo(const ServiceToProve& service) const {
    bool started = false;
    for (const ProofRun& run : proof_.reference) {
      for (const VerifiedContainer& container : run.containers) started = started || container.service == service.title;
    }
    if (!started) return "the command starts no container of it";
    const auto not_ours = not_ours_.find(service.title);
    if (not_ours == not_ours_.end()) return "";
    return Concat("container ", not_ours->second, " is privileged, or was not created through DOCKER_HOST");
  }

  absl::StatusOr<std::optional<std::string>> Try(const std::string& service, const Capabilities& held,
                                                 const Capabilities& kept, const std::string& words) {
    const Capabilities gone = Minus(held, kept);
    return trials_.Try({.service = service, .without = NamesOf(gone), .difference = std::nullopt}, words,
                       CapabilityBits(gone), [&](ProofTrials::Limit limit) {
                         return RunWith({{service, KeepingOnly(kept)}}, limit);
                       });
  }

  // The capabilities to try individually: the granted ones if a run without all others does not differ, else `held`.
  absl::StatusOr<Capabilities> WorthTrying(const ServiceToProve& service, const Capabilities& held) {
    Capabilities granted;
    for (const int capability : held) {
      if (service.granted.contains(capability)) granted.insert(capability);
    }
    if (granted.size() == held.size()) return held;
    SYSCARVE_ASSIGN_OR_RETURN(
        const std::optional<std::string> difference,
        Try(service.title, held, granted,
            Concat("the ", held.size() - granted.size(), " capabilities that the recording has not granted")));
    if (!difference.has_value()) return granted;
    Remark(Concat(service.title, " needs capabilities that the recording has not granted: ", *difference));
    return held;
  }

  absl::Status ProveService(const ServiceToProve& service) {
    ServiceProof proven{.service = service.title, .recording = service.recording};
    const std::string obstacle = ObstacleTo(service);
    if (!obstacle.empty()) Remark(Concat(service.title, ": ", obstacle));
    if (request_.capabilities) SYSCARVE_RETURN_IF_ERROR(ProveCapabilities(service, obstacle, proven));
    if (request_.calls) SYSCARVE_RETURN_IF_ERROR(ProveCalls(service, obstacle, proven));
    proof_.services.push_back(std::move(proven));
    return absl::OkStatus();
  }

  absl::Status ProveCapabilities(const ServiceToProve& service, const std::string& obstacle, ServiceProof& proven) {
    const Capabilities held = HeldBy(service);
    // A granted capability that the container does not have was checked with other credentials.
    Capabilities granted;
    std::ranges::set_intersection(service.granted, service.held, std::inserter(granted, granted.end()));
    for (const int capability : obstacle.empty() ? Minus(granted, held) : granted) {
      std::string why = obstacle;
      if (why.empty()) {
        why = runs_.HostHas(capability) ? "its containers do not have it here" : "this host lacks it";
      }
      proven.capabilities.push_back({CapabilityName(capability), ProofVerdict::kUndecided, std::move(why)});
    }
    if (obstacle.empty()) SYSCARVE_RETURN_IF_ERROR(DecideCapabilities(service, held, proven));
    std::ranges::sort(proven.capabilities, {},
                      [](const Proven& one) { return CapabilityFromName(one.name).value_or(0); });
    return absl::OkStatus();
  }

  absl::Status DecideCapabilities(const ServiceToProve& service, const Capabilities& held, ServiceProof& proven) {
    SYSCARVE_ASSIGN_OR_RETURN(const Capabilities tried, WorthTrying(service, held));
    const std::vector<int> items(tried.begin(), tried.end());
    const auto given = [&](const std::set<size_t>& kept) {
      Capabilities capabilities;
      for (const size_t i : kept) capabilities.insert(items[i]);
      return capabilities;
    };
    SYSCARVE_ASSIGN_OR_RETURN(
        std::vector<Proven> decided,
        trials_.Decide(
            {.service = service.title,
             .kind = "capabilities",
             .names = NamesOf(tried),
             .others = NamesOf(Minus(held, tried)),
             .ignored = [&](const std::set<size_t>& kept) { return CapabilityBits(Minus(held, given(kept))); },
             .run =
                 [&](const std::set<size_t>& kept, ProofTrials::Limit limit) {
                   return RunWith({{service.title, KeepingOnly(given(kept))}}, limit);
                 }}));
    Capabilities result;
    for (const Proven& one : decided) {
      if (one.verdict != ProofVerdict::kNotNeeded) result.insert(CapabilityFromName(one.name).value_or(0));
    }
    removed_ |= CapabilityBits(Minus(held, result));
    results_[service.title].kept = std::move(result);
    ++decided_;
    proven.capabilities.insert(proven.capabilities.end(), decided.begin(), decided.end());
    // The rest was removed in every trial.
    for (const int capability : Minus(held, tried)) {
      proven.capabilities.push_back({CapabilityName(capability), ProofVerdict::kNotNeeded, ""});
    }
    return absl::OkStatus();
  }

  // Why calls of the service cannot be refused, or "". Tried with containers that have a generated profile which
  // refuses no more than theirs: a difference in that run would be one in every trial. `by_default` becomes the
  // engine's profile if none is requested.
  absl::StatusOr<std::string> ObstacleToRefusals(const ServiceToProve& service, std::optional<Profile>& by_default) {
    // Podman opens a path where Docker is sent the text.
    if (runs_.EngineName() == "podman") return "calls are not tried with Podman";
    const absl::StatusOr<std::optional<Profile>> enforced = runs_.DefaultProfile(service.container);
    if (!enforced.ok()) return Concat("the engine's own profile is not known: ", enforced.status().message());
    by_default = *enforced;
    SYSCARVE_ASSIGN_OR_RETURN(
        const std::optional<std::string> difference,
        trials_.Try({.service = service.title, .without = {std::string(kOwnProfile)}, .difference = std::nullopt},
                    "anything but with its own profile written anew", 0, [&](ProofTrials::Limit limit) {
                      return RunWith({{service.title, Refusing({}, by_default)}}, limit);
                    }));
    if (!difference.has_value()) return "";
    return Concat("with its own profile written anew it goes otherwise: ", *difference);
  }

  absl::Status ProveCalls(const ServiceToProve& service, std::string obstacle, ServiceProof& proven) {
    std::optional<Profile> by_default;
    if (obstacle.empty()) {
      SYSCARVE_ASSIGN_OR_RETURN(obstacle, ObstacleToRefusals(service, by_default));
      if (!obstacle.empty()) Remark(Concat(service.title, ": ", obstacle));
    }
    const RefusalTrials refusals(trials_, service.title, /*ignored=*/0, obstacle,
                                 [&](const Refusals& refused, ProofTrials::Limit limit) {
                                   return RunWith({{service.title, Refusing(refused, by_default)}}, limit);
                                 });
    Refusals result;
    SYSCARVE_ASSIGN_OR_RETURN(proven.calls, refusals.ProveCalls(service.calls, result));
    if (!obstacle.empty()) return absl::OkStatus();
    results_[service.title].refused = std::move(result);
    results_[service.title].by_default = std::move(by_default);
    ++decided_;
    return absl::OkStatus();
  }

  // Each service was tried with the others unchanged, and capabilities separately.
  absl::Status TryTogether() {
    if (decided_ < 2) return absl::OkStatus();
    std::vector<std::string> words;
    for (const auto& [service, change] : results_) {
      if (change.kept.has_value()) {
        words.push_back(
            Concat(service, " with ", change.kept->empty() ? "none" : absl::StrJoin(NamesOf(*change.kept), " ")));
      }
      if (change.refused.has_value()) words.push_back(Concat(service, " without ", RefusalsWords(*change.refused)));
    }
    SYSCARVE_ASSIGN_OR_RETURN(
        const std::optional<std::string> difference,
        trials_.Try({.service = "", .without = words, .difference = std::nullopt}, "all that is not needed, at once",
                    removed_, [&](ProofTrials::Limit limit) { return RunWith(results_, limit); }));
    if (difference.has_value()) {
      proof_.unproven = Concat("without all that is not needed at once the command goes otherwise: ", *difference);
    }
    return absl::OkStatus();
  }

  const ProveContainersRequest& request_;
  ContainerRuns& runs_;
  ProofTrials trials_;
  Proof& proof_ = trials_.proof();
  // From all runs so far, by service: the bounding sets of the observed processes, and a container that was not created
  // through the relay or is privileged.
  std::map<std::string, uint64_t> bounding_;
  std::map<std::string, std::string> not_ours_;
  std::string left_running_;  // A container that outlived a reference run.
  ContainerChanges results_;  // All that is not needed is removed.
  size_t decided_ = 0;        // The number of services and kinds in `results_`.
  uint64_t removed_ = 0;      // Capabilities that are not needed, of any service.
};

}  // namespace

absl::StatusOr<Proof> ProveContainers(const ProveContainersRequest& request, ContainerRuns& runs, Notes& notes) {
  return ContainerProver(request, runs, notes).Prove();
}

absl::StatusOr<Proof> ProveContainers(const ProveContainersRequest& request, const Command& command,
                                      SignalForwarder& signals, Notes& notes) {
  ContainerRunsRequest wanted{.filter = request.filter,
                              .by = request.by,
                              .refusals = request.proof.refusals,
                              .grace = request.proof.grace,
                              .engine_socket = request.engine_socket};
  for (const ServiceToProve& service : request.services) wanted.services.insert(service.title);
  SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<ContainerRuns> runs,
                            RunsWithRelay(std::move(wanted), command, signals, notes));
  return ProveContainers(request, *runs, notes);
}

}  // namespace syscarve
