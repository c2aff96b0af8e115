// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/verify_containers.h"
#include "userspace/base/concat.h"
#include "userspace/base/saturating.h"
#include "userspace/base/sentence.h"
#include "userspace/container/naming.h"
#include "userspace/model/capability.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;

// How much longer than the longest stop without the profile a stop under it may take: allows for a busy machine.
constexpr int kStopFactor = 3;
constexpr milliseconds kStopAddition = std::chrono::seconds(2);
constexpr size_t kNamesShown = 4;

// "a, b and 2 more".
std::string Some(const std::set<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() == kNamesShown) break;
    shown.push_back(name.empty() ? "a program whose path is not known" : name);
  }
  const size_t more = names.size() - shown.size();
  return Concat(absl::StrJoin(shown, ", "), more == 0 ? std::string() : Concat(" and ", more, " more"));
}

std::string RefusalWords(const ContainerRefusal& call, const ContainerRefusals& refusals, bool enforced) {
  std::string text = Concat(call.service, ": ", enforced ? "refused " : "would refuse ", DisplayName(call.call), " (",
                            call.answer, "), ", Times(refusals.count));
  if (call.by_runtime) text += ", to the container runtime";
  if (!refusals.programs.empty()) text += Concat(", by ", Some(refusals.programs));
  if (!refusals.tests.empty()) text += Concat(", in test ", Some(refusals.tests));
  return text;
}

std::string FixOf(const ContainerRefusal& call, const ContainerRefusals& refusals) {
  if (call.by_runtime) {
    return "The container runtime makes it under the filter: `syscarve baseline` measures which calls those are, and "
           "`syscarve generate` adds them.";
  }
  return Concat(
      "Record what makes it and generate the profile from that recording, too (syscarve record --docker -o MORE -- "
      "COMMAND; syscarve generate RECORDINGS MORE -o PROFILES); or allow the call: generate --allow ",
      DisplayName(call.call), ".",
      refusals.joined ? " If an exec session or a health check made it: generate --with exec, or --with health." : "");
}

struct Ends {
  std::set<int> statuses;
  milliseconds longest_stop{0};
  size_t containers = 0;
};

std::string EndWords(const VerifiedContainer& container) {
  std::string text = Concat("status ", *container.status);
  if (container.stop.has_value()) text += Concat(" ", SecondsWords(*container.stop), " after the request to stop");
  return text;
}

class ContainerJudge {
 public:
  ContainerJudge(std::span<const ServiceProfile> profiles, Verification& result)
      : profiles_(profiles), result_(result), reporting_(result.RunsOf(false)), enforced_(result.RunsOf(true)) {}

  void Refusals() {
    const auto enforced = Together(enforced_);
    for (const auto& [call, refusals] : enforced) Refusal(call, refusals, true);
    for (const auto& [call, refusals] : Together(reporting_)) {
      if (!enforced.contains(call)) Refusal(call, refusals, false);
    }
  }

  void Capabilities() {
    std::set<ContainerCapability> told;
    for (const VerifiedRun& run : result_.runs) {
      for (const auto& [key, words] : run.containers->capabilities) {
        if (!told.insert(key).second) continue;
        result_.Add(VerifyProblemKind::kCapability, words, CapabilityFix(key, run.enforced), key.service);
      }
    }
  }

  // A program that raises its limit of descriptors above the line's hard limit causes a check of CAP_SYS_RESOURCE
  // (do_prlimit, kernel/sys.c), and usually works with the lower limit.
  std::string CapabilityFix(const ContainerCapability& key, bool enforced) const {
    const auto service = std::ranges::find(profiles_, key.service, &ServiceProfile::title);
    const bool has_limit =
        service != profiles_.end() && service->line.has_value() && service->line->open_files.has_value();
    if (enforced && has_limit && CapabilityName(key.capability) == "CAP_SYS_RESOURCE") {
      return "The line's limit of descriptors may be lower than what it is configured for: lower that, or leave the limit "
             "out (`syscarve harden --leave-out open-files`).";
    }
    return Concat("Add it to the service's --cap-add (", kCapabilitiesName,
                  " beside the profile), or record what needs it and generate anew.");
  }

  void Confinement() {
    for (const VerifiedRun& run : result_.runs) {
      for (const std::string& problem : run.containers->problems) Once(problem);
    }
    std::set<std::string> told;
    for (const VerifiedRun* run : enforced_) {
      for (const VerifiedContainer& container : run->containers->containers) {
        if (container.confined || !told.insert(container.service).second) continue;
        result_.Add(VerifyProblemKind::kNotConfined,
                    Concat(container.service, ": container ", NameOf(container), " ran without the profile"),
                    "The command must create its containers itself, through the engine that DOCKER_HOST names (docker "
                    "compose up --force-recreate, docker run --rm).",
                    container.service);
      }
    }
  }

  // Judges whether containers of each profile's service were started.
  void Started(bool chosen) {
    bool any = false;
    for (const ServiceProfile& profile : profiles_) any |= EndsOf(reporting_, profile.title).containers > 0;
    for (const ServiceProfile& profile : profiles_) {
      const bool reporting = EndsOf(reporting_, profile.title).containers > 0;
      const bool enforced = enforced_.empty() || EndsOf(enforced_, profile.title).containers > 0;
      if (reporting && enforced) continue;
      std::string message = Concat("no container of ", profile.title, " was started",
                                   reporting ? " under the profiles" : "", ": its profile was not tried");
      if (chosen && any && !reporting) {
        result_.remarks.push_back(std::move(message));
      } else {
        result_.Add(
            VerifyProblemKind::kNeverStarted, std::move(message),
            "Let the command start it, or leave its profile out; a profile's file is called as the service (the "
            "recording) is, else name it as SERVICE=FILE; --by chooses what makes a service.",
            profile.title);
      }
    }
  }

  void Stops() {
    for (const ServiceProfile& profile : profiles_) {
      const Ends before = EndsOf(reporting_, profile.title);
      const milliseconds most = before.longest_stop * kStopFactor + kStopAddition;
      const VerifiedContainer* const other = FirstThat(enforced_, profile.title, [&](const VerifiedContainer& one) {
        return one.status.has_value() && (!before.statuses.contains(*one.status) || one.stop.value_or(most) > most);
      });
      if (other == nullptr || before.statuses.empty()) continue;
      const VerifiedContainer* const first =
          FirstThat(reporting_, profile.title, [](const VerifiedContainer& one) { return one.status.has_value(); });
      result_.Add(VerifyProblemKind::kStops,
                  Concat(profile.title, ": under the profile container ", NameOf(*other), " ended with ",
                         EndWords(*other), "; without it with ", EndWords(*first)),
                  result_.Has(VerifyProblemKind::kRefused) || result_.Has(VerifyProblemKind::kCapability)
                      ? ""
                      : "How it stops was not recorded: stop the containers while `syscarve record --docker` runs, and "
                        "generate anew.",
                  profile.title);
    }
  }

  void LeftRunning() {
    for (const ServiceProfile& profile : profiles_) {
      for (const auto& runs : {reporting_, enforced_}) {
        const VerifiedContainer* const left =
            FirstThat(runs, profile.title, [](const VerifiedContainer& one) { return one.running; });
        if (left == nullptr) continue;
        result_.Add(VerifyProblemKind::kLeftRunning,
                    Concat(profile.title, ": container ", NameOf(*left),
                           " outlived the command: how it stops was not seen, and another run would find it there"),
                    "Stop it in the command: docker stop, docker compose down.", profile.title);
        break;
      }
    }
  }

 private:
  using Runs = std::vector<const VerifiedRun*>;

  static std::string NameOf(const VerifiedContainer& container) {
    return container.name.empty() ? std::string(ShortId(container.id)) : container.name;
  }

  static std::map<ContainerRefusal, ContainerRefusals> Together(const Runs& runs) {
    std::map<ContainerRefusal, ContainerRefusals> all;
    for (const VerifiedRun* run : runs) {
      for (const auto& [call, refusals] : run->containers->refused) {
        ContainerRefusals& sum = all[call];
        AddSaturating(refusals.count, sum.count);
        sum.programs.insert(refusals.programs.begin(), refusals.programs.end());
        sum.tests.insert(refusals.tests.begin(), refusals.tests.end());
        sum.excuse = refusals.excuse;
        sum.joined = sum.joined || refusals.joined;
      }
    }
    return all;
  }

  static Ends EndsOf(const Runs& runs, const std::string& service) {
    Ends ends;
    for (const VerifiedRun* run : runs) {
      for (const VerifiedContainer& container : run->containers->containers) {
        if (container.service != service) continue;
        ++ends.containers;
        if (container.status.has_value()) ends.statuses.insert(*container.status);
        ends.longest_stop = std::max(ends.longest_stop, container.stop.value_or(milliseconds{0}));
      }
    }
    return ends;
  }

  template <typename Predicate>
  static const VerifiedContainer* FirstThat(const Runs& runs, const std::string& service, Predicate predicate) {
    for (const VerifiedRun* run : runs) {
      for (const VerifiedContainer& container : run->containers->containers) {
        if (container.service == service && predicate(container)) return &container;
      }
    }
    return nullptr;
  }

  void Refusal(const ContainerRefusal& call, const ContainerRefusals& refusals, bool enforced) {
    std::string message = RefusalWords(call, refusals, enforced);
    if (refusals.excuse.empty()) {
      result_.Add(VerifyProblemKind::kRefused, std::move(message), FixOf(call, refusals), call.service);
    } else {
      result_.remarks.push_back(Concat(message, ": ", refusals.excuse));
    }
  }

  void Once(const std::string& remark) {
    if (std::ranges::find(result_.remarks, remark) == result_.remarks.end()) result_.remarks.push_back(remark);
  }

  std::span<const ServiceProfile> profiles_;
  Verification& result_;
  Runs reporting_;
  Runs enforced_;
};

}  // namespace

Verification JudgeContainers(std::vector<VerifiedRun> runs, std::span<const ServiceProfile> profiles, bool chosen) {
  Verification result{.runs = std::move(runs), .problems = {}, .remarks = {}};
  ContainerJudge judge(profiles, result);
  judge.Refusals();
  judge.Capabilities();
  judge.Confinement();
  judge.Started(chosen);
  JudgeEndings(result);
  judge.Stops();
  judge.LeftRunning();
  JudgeTimes(result);
  return result;
}

}  // namespace syscarve
