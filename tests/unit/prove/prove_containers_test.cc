// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/prove_containers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/model/capability.h"

namespace syscarve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

using Numbers = std::set<int>;

// Keeps what is said of trials.
class ToldTrials : public Notes {
 public:
  void Warn(std::string_view) override {}
  void Note(std::string_view message) override { notes.emplace_back(message); }
  void Error(const absl::Status&) override {}

  std::vector<std::string> notes;
};

// Runs without an engine. A service's container ends with an error when it lacks what it needs.
class PlayedRuns final : public ContainerRuns {
 public:
  struct Service {
    Numbers has;                         // Capabilities, when nothing is changed.
    Numbers needs;                       // Capabilities.
    std::set<std::string> needed_calls;  // Calls.
    bool seen = true;                    // The engine is asked to end its container, so that its processes are seen.
  };

  absl::StatusOr<ShownRun> RunWith(const ContainerChanges& changes,
                                   std::optional<std::chrono::milliseconds> limit) override {
    made.push_back(changes);
    limits.push_back(limit);
    ShownRun shown;
    shown.run.took = std::chrono::milliseconds(10);
    for (const auto& [title, service] : services) Play(title, service, changes, shown);
    SYSCARVE_RETURN_IF_ERROR(change_run(changes, shown));
    return shown;
  }
  std::string WhyUnwatched() const override { return unwatched; }
  std::string EngineName() const override { return engine; }
  absl::StatusOr<std::optional<Profile>> DefaultProfile(const Container& container) override {
    asked_for_profile_of.push_back(container.name);
    return default_profile;
  }
  bool HostHas(int capability) const override { return capability != lacking; }

  // Of how many runs something was removed.
  size_t Trials() const {
    size_t trials = 0;
    for (const ContainerChanges& changes : made) trials += changes.empty() ? 0 : 1;
    return trials;
  }

  std::map<std::string, Service> services;
  // Has the last word on what a run shows.
  std::function<absl::Status(const ContainerChanges&, ShownRun&)> change_run = [](const ContainerChanges&, ShownRun&) {
    return absl::OkStatus();
  };
  std::string unwatched;
  std::string engine = "docker";
  absl::StatusOr<std::optional<Profile>> default_profile = std::optional<Profile>();
  int lacking = -1;  // The capability that the host lacks.

  std::vector<ContainerChanges> made;
  std::vector<std::optional<std::chrono::milliseconds>> limits;  // Of these runs.
  std::vector<std::string> asked_for_profile_of;

 private:
  static void Play(const std::string& title, const Service& service, const ContainerChanges& changes, ShownRun& shown) {
    Numbers has = service.has;
    bool fails = false;
    if (const auto change = changes.find(title); change != changes.end()) {
      if (const auto& kept = change->second.kept; kept.has_value()) {
        std::erase_if(has, [&](int capability) { return !kept->contains(capability); });
      }
      const Refusals refused = change->second.refused.value_or(Refusals());
      for (const std::string& call : service.needed_calls) fails = fails || refused.calls.contains(call);
    }
    for (const int capability : service.needs) fails = fails || !has.contains(capability);
    shown.run.containers.push_back({.service = title, .name = title + "-1", .confined = true, .status = fails ? 1 : 0});
    if (!service.seen) return;
    const uint64_t bits = CapabilityBits(has);
    shown.processes[title].bounding = bits;
    shown.run.endings.insert(
        {.program = "/bin/server", .state = {.permitted = bits, .effective = bits, .root = "/"}, .service = title});
  }
};

std::string WhyOf(const std::vector<Proven>& proven, std::string_view name) {
  for (const Proven& one : proven) {
    if (one.name == name) return one.why;
  }
  return "it is not there";
}

std::vector<std::string> NamesIn(const std::vector<Proven>& proven) {
  std::vector<std::string> names;
  for (const Proven& one : proven) names.push_back(one.name);
  return names;
}

class ProveContainersTest : public testing::Test {
 protected:
  // A service with these capabilities; the recording saw `granted`.
  PlayedRuns::Service& Add(const std::string& title, const Numbers& has, const Numbers& granted) {
    ServiceToProve service{.title = title, .recording = title + ".recording.json", .granted = granted, .held = has};
    service.container.name = title + "-1";
    request_.services.push_back(std::move(service));
    runs_.services[title].has = has;
    return runs_.services[title];
  }

  Proof Prove() {
    absl::StatusOr<Proof> proof = ProveContainers(request_, runs_, notes_);
    EXPECT_TRUE(proof.ok()) << proof.status();
    return proof.ok() ? *std::move(proof) : Proof();
  }
  absl::Status Failure() { return ProveContainers(request_, runs_, notes_).status(); }

  ToldTrials notes_;
  PlayedRuns runs_;
  ProveContainersRequest request_ = {.proof = {.runs = 1}, .capabilities = true};
};

TEST_F(ProveContainersTest, FindsWhatEachOfTwoServicesNeeds) {
  Add("web", {CAP_CHOWN, CAP_KILL, CAP_SETUID}, {CAP_CHOWN, CAP_KILL, CAP_SETUID}).needs = {CAP_CHOWN, CAP_SETUID};
  Add("job", {CAP_KILL, CAP_MKNOD}, {CAP_KILL, CAP_MKNOD});
  const Proof proof = Prove();
  EXPECT_EQ(proof.unproven, "");
  EXPECT_TRUE(proof.Complete());
  ASSERT_EQ(proof.services.size(), 2U);
  EXPECT_EQ(proof.services.at(0).service, "web");
  EXPECT_EQ(proof.services.at(0).recording, "web.recording.json");
  EXPECT_THAT(NamesIn(proof.services.at(0).capabilities), ElementsAre("CAP_CHOWN", "CAP_KILL", "CAP_SETUID"));
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kNeeded),
              ElementsAre("CAP_CHOWN", "CAP_SETUID"));
  EXPECT_EQ(WhyOf(proof.services.at(0).capabilities, "CAP_CHOWN"),
            "container web-1 ends with exit status 1 instead of exit status 0");
  EXPECT_EQ(proof.services.at(1).service, "job");
  EXPECT_THAT(NamesOf(proof.services.at(1).capabilities, ProofVerdict::kNotNeeded),
              ElementsAre("CAP_KILL", "CAP_MKNOD"));
  EXPECT_THAT(proof.services.at(1).calls, IsEmpty());
  EXPECT_THAT(proof.remarks, IsEmpty());
}

TEST_F(ProveContainersTest, TriesOneServiceAfterTheOtherThenAllTogetherAndLastWithNothingRemoved) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN}).needs = {CAP_CHOWN};
  Add("job", {CAP_KILL}, {CAP_KILL});
  request_.proof.runs = 2;
  const Proof proof = Prove();
  ASSERT_EQ(runs_.made.size(), 6U);
  EXPECT_EQ(proof.reference.size(), 2U);
  EXPECT_EQ(proof.trials, 3U);
  EXPECT_THAT(runs_.made.at(0), IsEmpty());
  EXPECT_THAT(runs_.made.at(1), IsEmpty());
  EXPECT_EQ(runs_.made.at(2).at("web").kept, Numbers());
  EXPECT_EQ(runs_.made.at(2).size(), 1U);
  EXPECT_EQ(runs_.made.at(3).at("job").kept, Numbers());
  EXPECT_EQ(runs_.made.at(3).size(), 1U);
  EXPECT_EQ(runs_.made.at(4).at("web").kept, Numbers({CAP_CHOWN}));
  EXPECT_EQ(runs_.made.at(4).at("job").kept, Numbers());
  EXPECT_THAT(runs_.made.at(5), IsEmpty());
  for (const ContainerChanges& changes : runs_.made) {
    for (const auto& [service, change] : changes) EXPECT_FALSE(change.refused.has_value());
  }
  EXPECT_THAT(proof.tried.back().without, ElementsAre("job with none", "web with CAP_CHOWN"));
  EXPECT_EQ(proof.tried.back().service, "");
}

TEST_F(ProveContainersTest, WhatTheRecordingHasNotGrantedIsRemovedInOneTrial) {
  Add("web", {CAP_CHOWN, CAP_FOWNER, CAP_KILL, CAP_MKNOD, CAP_SETUID}, {CAP_KILL}).needs = {CAP_KILL};
  const Proof proof = Prove();
  EXPECT_EQ(runs_.Trials(), 2U);
  EXPECT_EQ(runs_.made.at(1).at("web").kept, Numbers({CAP_KILL}));
  EXPECT_THAT(notes_.notes.at(1), HasSubstr("the 4 capabilities that the recording has not granted: no difference"));
  // They are removed in the trials that follow, too.
  EXPECT_EQ(runs_.made.at(2).at("web").kept, Numbers());
  EXPECT_THAT(proof.tried.at(1).without, ElementsAre("CAP_CHOWN", "CAP_FOWNER", "CAP_KILL", "CAP_MKNOD", "CAP_SETUID"));
  EXPECT_THAT(NamesIn(proof.services.at(0).capabilities),
              ElementsAre("CAP_CHOWN", "CAP_FOWNER", "CAP_KILL", "CAP_SETUID", "CAP_MKNOD"));
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kNeeded), ElementsAre("CAP_KILL"));
  EXPECT_THAT(proof.remarks, IsEmpty());
}

TEST_F(ProveContainersTest, WhatTheRecordingMissedIsFoundAllTheSame) {
  Add("web", {CAP_CHOWN, CAP_KILL, CAP_SETUID}, {CAP_KILL}).needs = {CAP_SETUID};
  const Proof proof = Prove();
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kNeeded), ElementsAre("CAP_SETUID"));
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kNotNeeded),
              ElementsAre("CAP_CHOWN", "CAP_KILL"));
  EXPECT_THAT(proof.remarks, ElementsAre("web needs capabilities that the recording has not granted: container web-1 "
                                         "ends with exit status 1 instead of exit status 0"));
  EXPECT_TRUE(proof.Complete());
}

TEST_F(ProveContainersTest, WhatTheContainersHaveHereCountsAndNotTheirRecording) {
  Add("web", {CAP_CHOWN, CAP_KILL}, {CAP_CHOWN, CAP_KILL, CAP_MKNOD});
  request_.services[0].held = {CAP_CHOWN, CAP_KILL, CAP_SETUID};
  const Proof proof = Prove();
  EXPECT_THAT(NamesIn(proof.services.at(0).capabilities), ElementsAre("CAP_CHOWN", "CAP_KILL"));
}

TEST_F(ProveContainersTest, OfContainersThatEndByThemselvesTheConfigurationCounts) {
  Add("job", {CAP_CHOWN, CAP_KILL}, {CAP_CHOWN}).needs = {CAP_CHOWN};
  runs_.services["job"].seen = false;
  const Proof proof = Prove();
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kNeeded), ElementsAre("CAP_CHOWN"));
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kNotNeeded), ElementsAre("CAP_KILL"));
}

TEST_F(ProveContainersTest, AGrantedCapabilityThatContainersDoNotHaveHereIsUndecided) {
  Add("web", {CAP_KILL}, {CAP_CHOWN, CAP_KILL, CAP_BPF, CAP_SYS_ADMIN});
  // CAP_SYS_ADMIN was asked for with others' credentials.
  request_.services[0].held = {CAP_CHOWN, CAP_KILL, CAP_BPF};
  runs_.lacking = CAP_BPF;
  const Proof proof = Prove();
  EXPECT_THAT(NamesIn(proof.services.at(0).capabilities), ElementsAre("CAP_CHOWN", "CAP_KILL", "CAP_BPF"));
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kUndecided),
              ElementsAre("CAP_CHOWN", "CAP_BPF"));
  EXPECT_EQ(WhyOf(proof.services.at(0).capabilities, "CAP_CHOWN"), "its containers do not have it here");
  EXPECT_EQ(WhyOf(proof.services.at(0).capabilities, "CAP_BPF"), "this host lacks it");
  EXPECT_FALSE(proof.Complete());
}

TEST_F(ProveContainersTest, OfAServiceThatIsNeverStartedNothingIsSaid) {
  Add("web", {CAP_CHOWN, CAP_KILL}, {CAP_CHOWN});
  request_.services[0].calls = {"chown"};
  request_.calls = true;
  runs_.services.clear();
  const Proof proof = Prove();
  EXPECT_EQ(runs_.made.size(), 1U);
  ASSERT_EQ(proof.services.size(), 1U);
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kUndecided), ElementsAre("CAP_CHOWN"));
  EXPECT_THAT(NamesIn(proof.services.at(0).capabilities), ElementsAre("CAP_CHOWN"));
  EXPECT_THAT(NamesOf(proof.services.at(0).calls, ProofVerdict::kUndecided), ElementsAre("chown"));
  EXPECT_EQ(WhyOf(proof.services.at(0).calls, "chown"), "the command starts no container of it");
  EXPECT_THAT(proof.remarks, ElementsAre("web: the command starts no container of it"));
}

TEST_F(ProveContainersTest, OfAContainerThatIsNotOursNothingIsSaid) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN});
  Add("job", {CAP_KILL}, {CAP_KILL});
  runs_.change_run = [](const ContainerChanges&, ShownRun& shown) {
    for (VerifiedContainer& container : shown.run.containers) container.confined = container.service != "web";
    return absl::OkStatus();
  };
  const Proof proof = Prove();
  constexpr char kWhy[] = "container web-1 is privileged, or was not created through DOCKER_HOST";
  EXPECT_EQ(WhyOf(proof.services.at(0).capabilities, "CAP_CHOWN"), kWhy);
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kUndecided), ElementsAre("CAP_CHOWN"));
  EXPECT_THAT(proof.remarks, ElementsAre(Concat("web: ", kWhy)));
  // The other one is proven.
  EXPECT_THAT(NamesOf(proof.services.at(1).capabilities, ProofVerdict::kNotNeeded), ElementsAre("CAP_KILL"));
  EXPECT_EQ(proof.unproven, "");
}

TEST_F(ProveContainersTest, AContainerThatIsNotOursInATrialEndsTheProof) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN});
  runs_.change_run = [](const ContainerChanges& changes, ShownRun& shown) {
    shown.run.containers[0].confined = changes.empty();
    return absl::OkStatus();
  };
  const absl::Status failure = Failure();
  EXPECT_EQ(failure.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(failure.message(), "container web-1 of web was created past the relay in a trial");
}

TEST_F(ProveContainersTest, ACapabilityThatWasDroppedAndIsThereEndsTheProof) {
  Add("web", {CAP_CHOWN, CAP_KILL}, {CAP_CHOWN, CAP_KILL}).needs = {CAP_CHOWN};
  runs_.change_run = [](const ContainerChanges& changes, ShownRun& shown) {
    if (!changes.empty()) shown.processes["web"].bounding |= CapabilityBits({CAP_KILL});
    return absl::OkStatus();
  };
  const absl::Status failure = Failure();
  EXPECT_EQ(failure.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(failure.message(), "the engine gave containers of web CAP_KILL, which was dropped");
}

TEST_F(ProveContainersTest, AContainerThatOutlivesTheReferenceRunVoidsTheProof) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN});
  runs_.change_run = [](const ContainerChanges&, ShownRun& shown) {
    shown.run.containers[0].running = true;
    shown.left = true;
    return absl::OkStatus();
  };
  const Proof proof = Prove();
  EXPECT_EQ(proof.unproven,
            "container web-1 outlives the command, so that its end is not seen and the next run finds it there");
  EXPECT_THAT(proof.services, IsEmpty());
  EXPECT_EQ(runs_.Trials(), 0U);
}

TEST_F(ProveContainersTest, WhatATrialOrAFailedRunLeavesVoidsNothing) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN}).needs = {CAP_CHOWN};
  request_.proof.runs = 2;
  runs_.change_run = [this](const ContainerChanges& changes, ShownRun& shown) {
    const bool first = runs_.made.size() == 1;
    if (first || !changes.empty()) {
      shown.run.status = 1;
      shown.run.containers[0].running = true;
      shown.left = true;
    }
    return absl::OkStatus();
  };
  const Proof proof = Prove();
  EXPECT_EQ(proof.unproven, "");
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kNeeded), ElementsAre("CAP_CHOWN"));
}

TEST_F(ProveContainersTest, WhatFailsTogetherAlthoughEachPassesVoidsTheProof) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN});
  Add("job", {CAP_KILL}, {CAP_KILL});
  runs_.change_run = [](const ContainerChanges& changes, ShownRun& shown) {
    if (changes.size() > 1) shown.run.status = 3;
    return absl::OkStatus();
  };
  const Proof proof = Prove();
  EXPECT_EQ(proof.unproven,
            "without all that is not needed at once the command goes otherwise: exit status 3 instead of success");
  EXPECT_FALSE(proof.Complete());
  // What each trial showed is kept.
  EXPECT_EQ(proof.services.size(), 2U);
}

TEST_F(ProveContainersTest, ACommandThatFailsAnywayProvesNothing) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN});
  runs_.unwatched = "the kernel does not let us see what it refuses";
  runs_.change_run = [](const ContainerChanges&, ShownRun& shown) {
    shown.run.status = 1;
    return absl::OkStatus();
  };
  const Proof proof = Prove();
  EXPECT_THAT(proof.unproven, HasSubstr("fails with nothing removed (exit status 1)"));
  EXPECT_THAT(proof.services, IsEmpty());
  EXPECT_THAT(proof.remarks, ElementsAre("the kernel does not let us see what it refuses"));
  EXPECT_EQ(runs_.made.size(), 1U);
}

TEST_F(ProveContainersTest, ACommandThatNoLongerGoesAsInTheBeginningProvesNothing) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN});
  runs_.change_run = [this](const ContainerChanges& changes, ShownRun& shown) {
    if (changes.empty() && runs_.made.size() > 1) shown.run.status = 1;
    return absl::OkStatus();
  };
  EXPECT_THAT(Prove().unproven, HasSubstr("no longer goes as in the beginning: exit status 1 instead of success"));
}

TEST_F(ProveContainersTest, AnErrorOfARunEndsTheProof) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN});
  runs_.change_run = [](const ContainerChanges& changes, ShownRun&) {
    return changes.empty() ? absl::OkStatus() : absl::UnavailableError("the engine went away");
  };
  EXPECT_EQ(Failure(), absl::UnavailableError("the engine went away"));
}

TEST_F(ProveContainersTest, OutOfTimeTheRestIsUndecidedAndKept) {
  Add("web", {CAP_CHOWN, CAP_KILL}, {CAP_CHOWN, CAP_KILL});
  Add("job", {CAP_MKNOD}, {CAP_MKNOD});
  request_.proof.budget = std::chrono::milliseconds(0);
  const Proof proof = Prove();
  ASSERT_EQ(proof.services.size(), 2U);
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kUndecided),
              ElementsAre("CAP_CHOWN", "CAP_KILL"));
  EXPECT_EQ(WhyOf(proof.services.at(0).capabilities, "CAP_KILL"), "out of time");
  EXPECT_THAT(NamesOf(proof.services.at(1).capabilities, ProofVerdict::kUndecided), ElementsAre("CAP_MKNOD"));
  // Together with the others, what is undecided is kept.
  ASSERT_EQ(runs_.Trials(), 1U);
  EXPECT_EQ(runs_.made.at(1).at("web").kept, Numbers({CAP_CHOWN, CAP_KILL}));
  EXPECT_EQ(runs_.made.at(1).at("job").kept, Numbers({CAP_MKNOD}));
}

TEST_F(ProveContainersTest, WhatAnEarlierProofTriedIsNotRunAgain) {
  Add("web", {CAP_CHOWN, CAP_KILL}, {CAP_CHOWN}).needs = {CAP_CHOWN};
  request_.proof.tried = Prove().tried;
  runs_.made.clear();
  const Proof proof = Prove();
  EXPECT_EQ(proof.trials, 0U);
  EXPECT_EQ(runs_.made.size(), 1U);
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kNeeded), ElementsAre("CAP_CHOWN"));
}

TEST_F(ProveContainersTest, ATrialHasALimitByTheReferenceRuns) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN});
  Prove();
  ASSERT_EQ(runs_.limits.size(), 3U);
  EXPECT_EQ(runs_.limits[0], std::nullopt);
  EXPECT_THAT(runs_.limits[1], Optional(std::chrono::milliseconds(5100)));
  EXPECT_THAT(runs_.limits[2], Optional(std::chrono::milliseconds(5100)));
}

TEST_F(ProveContainersTest, AProblemOfTheRelayIsToldOnce) {
  Add("web", {CAP_CHOWN}, {CAP_CHOWN});
  runs_.change_run = [](const ContainerChanges&, ShownRun& shown) {
    shown.problems = {"a request was not passed on"};
    return absl::OkStatus();
  };
  EXPECT_THAT(Prove().remarks, ElementsAre("a request was not passed on"));
}

// A service of which capabilities are not proven.
class ProveContainerCallsTest : public ProveContainersTest {
 protected:
  void SetUp() override {
    request_.capabilities = false;
    request_.calls = true;
    Add("web", {CAP_CHOWN}, {CAP_CHOWN}).needed_calls = {"read"};
    request_.services[0].calls = {"chown", "execve", "read", "write"};
  }

  void ExpectUndecided(const Proof& proof, const std::string& why) {
    ASSERT_EQ(proof.services.size(), 1U);
    // What is never refused needs no trial.
    EXPECT_THAT(NamesIn(proof.services.at(0).calls), ElementsAre("chown", "execve", "read", "write"));
    EXPECT_THAT(NamesOf(proof.services.at(0).calls, ProofVerdict::kUndecided), ElementsAre("chown", "read", "write"));
    EXPECT_EQ(WhyOf(proof.services.at(0).calls, "chown"), why);
    EXPECT_THAT(proof.remarks, ElementsAre("web: " + why));
    EXPECT_FALSE(proof.Complete());
  }
};

TEST_F(ProveContainerCallsTest, FindsTheCallsThatAreNeeded) {
  const Profile enforced = {.default_action = kAllowAction, .abis = HostAbis()};
  runs_.default_profile = std::optional<Profile>(enforced);
  const Proof proof = Prove();
  ASSERT_EQ(proof.services.size(), 1U);
  EXPECT_TRUE(proof.Complete());
  EXPECT_THAT(proof.services.at(0).capabilities, IsEmpty());
  EXPECT_THAT(NamesOf(proof.services.at(0).calls, ProofVerdict::kNeeded), ElementsAre("execve", "read"));
  EXPECT_THAT(NamesOf(proof.services.at(0).calls, ProofVerdict::kNotNeeded), ElementsAre("chown", "write"));
  EXPECT_EQ(WhyOf(proof.services.at(0).calls, "read"),
            "container web-1 ends with exit status 1 instead of exit status 0");
  EXPECT_THAT(runs_.asked_for_profile_of, ElementsAre("web-1"));
  // First nothing is refused, and all is on top of what the engine enforces.
  EXPECT_EQ(runs_.made.at(1).at("web").refused, Refusals());
  EXPECT_THAT(runs_.made.at(2).at("web").refused->calls, ElementsAre("chown", "read", "write"));
  for (const ContainerChanges& changes : runs_.made) {
    for (const auto& [service, change] : changes) {
      EXPECT_FALSE(change.kept.has_value());
      ASSERT_TRUE(change.by_default.has_value());
      EXPECT_EQ(change.by_default->abis, enforced.abis);
    }
  }
  // One service and one kind: there is nothing to try together.
  EXPECT_EQ(proof.tried.back().service, "web");
}

TEST_F(ProveContainerCallsTest, CapabilitiesAndCallsOfAServiceAreTriedTogether) {
  request_.capabilities = true;
  runs_.default_profile = std::optional<Profile>(Profile{.abis = HostAbis()});
  const Proof proof = Prove();
  EXPECT_TRUE(proof.Complete());
  const ContainerChange& together = runs_.made.at(runs_.made.size() - 2).at("web");
  EXPECT_EQ(together.kept, Numbers());
  ASSERT_TRUE(together.refused.has_value());
  EXPECT_THAT(together.refused->calls, ElementsAre("chown", "write"));
  EXPECT_TRUE(together.by_default.has_value());
  EXPECT_THAT(proof.tried.back().without, ElementsAre("web with none", "web without chown write"));
}

TEST_F(ProveContainerCallsTest, WithPodmanCallsAreUndecidedAndNothingIsRun) {
  runs_.engine = "podman";
  ExpectUndecided(Prove(), "calls are not tried with Podman");
  EXPECT_EQ(runs_.made.size(), 1U);
  EXPECT_THAT(runs_.asked_for_profile_of, IsEmpty());
}

TEST_F(ProveContainerCallsTest, WithPodmanCapabilitiesAreProven) {
  runs_.engine = "podman";
  request_.capabilities = true;
  const Proof proof = Prove();
  EXPECT_THAT(NamesOf(proof.services.at(0).capabilities, ProofVerdict::kNotNeeded), ElementsAre("CAP_CHOWN"));
  ExpectUndecided(proof, "calls are not tried with Podman");
}

TEST_F(ProveContainerCallsTest, WithoutTheEnginesOwnProfileCallsAreUndecided) {
  runs_.default_profile = absl::PermissionDeniedError("no filter can be read");
  ExpectUndecided(Prove(), "the engine's own profile is not known: no filter can be read");
  EXPECT_EQ(runs_.Trials(), 0U);
}

TEST_F(ProveContainerCallsTest, WhenTheOwnProfileWrittenAnewDiffersCallsAreUndecided) {
  runs_.change_run = [](const ContainerChanges& changes, ShownRun& shown) {
    if (!changes.empty()) shown.run.status = 1;
    return absl::OkStatus();
  };
  const Proof proof = Prove();
  ExpectUndecided(proof, "with its own profile written anew it goes otherwise: exit status 1 instead of success");
  EXPECT_EQ(runs_.Trials(), 1U);
  EXPECT_THAT(proof.tried.at(0).without, ElementsAre("its own profile"));
}

TEST_F(ProveContainerCallsTest, AContainerWithoutTheProfileOfATrialEndsTheProof) {
  runs_.change_run = [](const ContainerChanges&, ShownRun& shown) {
    shown.processes["web"].unfiltered = true;
    return absl::OkStatus();
  };
  const absl::Status failure = Failure();
  EXPECT_EQ(failure.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(failure.message(), "the engine runs containers of web without the profile that they were created with");
}

TEST_F(ProveContainerCallsTest, AContainerWithoutAFilterIsNoObstacleToCapabilities) {
  request_.capabilities = true;
  request_.calls = false;
  runs_.change_run = [](const ContainerChanges&, ShownRun& shown) {
    shown.processes["web"].unfiltered = true;
    return absl::OkStatus();
  };
  EXPECT_TRUE(Prove().Complete());
}

}  // namespace
}  // namespace syscarve
