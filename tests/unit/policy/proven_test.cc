// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/proven.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/policy/argument_recordings.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/policy/generate.h"
#include "userspace/policy/merge.h"

namespace syscarve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const ProvenNeed kNeeded = {.verdict = ProofVerdict::kNeeded, .why = "a ends with user 0 instead of 33"};
const ProvenNeed kNotNeeded = {.verdict = ProofVerdict::kNotNeeded, .why = ""};
const ProvenNeed kUndecided = {.verdict = ProofVerdict::kUndecided, .why = "out of time"};

Recording Proven(SubjectProofs proofs, const std::string& run_id = std::string(32, 'a')) {
  Recording recording = RecordingBuilder("default", run_id)
                            .Calls({"openat", "close", "chown", "personality"})
                            .Capability("CAP_CHOWN", "chown", 3, 0)
                            .Build();
  recording.proofs["program"] = std::move(proofs);
  return recording;
}

GeneratedProfile MadeWith(const std::vector<Recording>& recordings, bool only_needed = false) {
  GenerateOptions options;
  options.only_needed = only_needed;
  absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : GeneratedProfile();
}

std::string ReasonWords(const GeneratedProfile& made, const std::string& name) {
  for (const Rule& rule : made.profile.rules) {
    for (const std::string& one : rule.names) {
      if (one == name) return rule.comment;
    }
  }
  return "";
}

TEST(ProvenTest, ACapabilityThatIsProvenNotToBeNeededIsNotRecommended) {
  EXPECT_THAT(MadeWith({Proven({})}).cap_add, ElementsAre("CAP_CHOWN"));
  const GeneratedProfile made = MadeWith({Proven({.capabilities = {{CAP_CHOWN, kNotNeeded}}, .calls = {}})});
  EXPECT_THAT(made.cap_add, IsEmpty());
  ASSERT_EQ(made.capabilities.size(), 1U);
  EXPECT_EQ(made.capabilities.front().verdict, Verdict::kNotNeeded);
  EXPECT_THAT(made.capabilities.front().why, HasSubstr("Proven not needed"));
}

TEST(ProvenTest, ACapabilityThatIsProvenToBeNeededIsRecommendedAlsoWhereNobodySawIt) {
  const GeneratedProfile made =
      MadeWith({Proven({.capabilities = {{CAP_SETUID, kNeeded}, {CAP_KILL, kNotNeeded}}, .calls = {}})});
  EXPECT_THAT(made.cap_add, ElementsAre("CAP_CHOWN", "CAP_SETUID"));
  EXPECT_EQ(made.capabilities.back().why, "Proven needed: without it, a ends with user 0 instead of 33.");
}

TEST(ProvenTest, WhatIsUndecidedChangesNothing) {
  EXPECT_EQ(
      MadeWith({Proven({.capabilities = {{CAP_CHOWN, kUndecided}}, .calls = {{"chown", kUndecided}}})}, true).cap_add,
      MadeWith({Proven({})}).cap_add);
}

TEST(ProvenTest, WhatIsNotNeededByOneSubjectMayBeByAnother) {
  Recording recording = Proven({.capabilities = {{CAP_CHOWN, kNotNeeded}}, .calls = {}});
  recording.subjects.push_back(recording.subjects.front());
  recording.subjects.back().name = "other";
  EXPECT_THAT(MadeWith({recording}).cap_add, ElementsAre("CAP_CHOWN"));
  recording.proofs["other"].capabilities[CAP_CHOWN] = kNotNeeded;
  EXPECT_THAT(MadeWith({recording}).cap_add, IsEmpty());
}

TEST(ProvenTest, MergingKeepsProofsAndNeededWins) {
  const Recording a = Proven({.capabilities = {{CAP_CHOWN, kNotNeeded}}, .calls = {{"chown", kNeeded}}});
  const Recording b =
      Proven({.capabilities = {{CAP_CHOWN, kNeeded}}, .calls = {{"chown", kNotNeeded}, {"close", kUndecided}}},
             std::string(32, 'b'));
  const Proofs merged = Merge(a, b).value().proofs;
  EXPECT_EQ(merged, Merge(b, a).value().proofs);
  EXPECT_EQ(merged.at("program").capabilities.at(CAP_CHOWN), kNeeded);
  EXPECT_EQ(merged.at("program").calls.at("chown"), kNeeded);
  EXPECT_EQ(merged.at("program").calls.at("close"), kUndecided);
}

TEST(ProvenTest, OnlyNeededLeavesOutWhatIsNotAndAnswersAsWhenItWasProven) {
  const Recording recording = Proven({.capabilities = {}, .calls = {{"personality", kNotNeeded}, {"chown", kNeeded}}});
  const GeneratedProfile all = MadeWith({recording});
  EXPECT_EQ(ReasonWords(all, "personality"), "seen");
  EXPECT_THAT(all.not_needed, IsEmpty());
  const GeneratedProfile made = MadeWith({recording}, /*only_needed=*/true);
  EXPECT_THAT(made.not_needed, ElementsAre("personality"));
  EXPECT_THAT(ReasonWords(made, "personality"), HasSubstr("proven not to be needed"));
  EXPECT_THAT(ReasonWords(made, "chown"), HasSubstr("seen"));
}

// A program that was seen to make these sockets, and what was proven of some of them.
Recording WithSockets(const std::vector<std::vector<uint64_t>>& sockets,
                      const std::map<std::vector<uint64_t>, ProvenNeed>& proven) {
  RecordingBuilder builder("default", std::string(32, 'a'));
  builder.Calls({"openat", "close"});
  CallWith(builder, "socket", sockets);
  Recording recording = builder.Build();
  for (const auto& [values, need] : proven) {
    recording.proofs["program"].arguments[{.call = "socket", .values = values}] = need;
  }
  return recording;
}

const std::vector<uint64_t> kUnix = {AF_UNIX, SOCK_STREAM, 0};
const std::vector<uint64_t> kPacket = {AF_PACKET, SOCK_RAW, 3};
const std::vector<uint64_t> kInet = {AF_INET, SOCK_STREAM, 0};
const std::vector<uint64_t> kInet6 = {AF_INET6, SOCK_STREAM, 0};

// By the first conditions of the rules: the families that `socket` is allowed for.
bool AllowsFamily(const GeneratedProfile& made, uint64_t family) {
  for (const NarrowedCall& call : made.narrowed) {
    for (const ArgumentRule& rule : call.rules) {
      const ArgumentCondition& first = rule.conditions.front();
      if (call.name == "socket" && first.index == 0 && (family & first.value) == first.value_two) return true;
    }
  }
  return false;
}

const NarrowedCall& Sockets(const GeneratedProfile& made) {
  const auto found = std::ranges::find(made.narrowed, "socket", &NarrowedCall::name);
  EXPECT_NE(found, made.narrowed.end());
  return *found;
}

TEST(ProvenTest, OnlyNeededLeavesOutArguments) {
  const Recording recording = WithSockets({kUnix, kPacket}, {{kPacket, kNotNeeded}, {kUnix, kNeeded}});
  EXPECT_TRUE(AllowsFamily(MadeWith({recording}), AF_PACKET));
  const GeneratedProfile made = MadeWith({recording}, /*only_needed=*/true);
  EXPECT_FALSE(AllowsFamily(made, AF_PACKET));
  EXPECT_TRUE(AllowsFamily(made, AF_UNIX));
  EXPECT_FALSE(Sockets(made).seen.empty());
  for (const ArgumentSighting& seen : Sockets(made).seen) {
    EXPECT_EQ(seen.left_out, seen.values == kPacket) << seen.call;
    EXPECT_EQ(seen.proven, seen.values == kPacket ? kNotNeeded : kNeeded) << seen.call;
  }
}

TEST(ProvenTest, ArgumentsThatAreLikeNeededOnesStay) {
  const GeneratedProfile made = MadeWith({WithSockets({kInet, kInet6}, {{kInet6, kNotNeeded}})}, /*only_needed=*/true);
  EXPECT_TRUE(AllowsFamily(made, AF_INET6));
  EXPECT_FALSE(Sockets(made).seen.empty());
  for (const ArgumentSighting& seen : Sockets(made).seen) EXPECT_FALSE(seen.left_out) << seen.call;
}

TEST(ProvenTest, ACallWithNoArgumentsThatAreNeededIsLeftOut) {
  const GeneratedProfile made =
      MadeWith({WithSockets({kUnix, kPacket}, {{kUnix, kNotNeeded}, {kPacket, kNotNeeded}})}, true);
  EXPECT_THAT(made.not_needed, ElementsAre("socket"));
  EXPECT_THAT(MadeWith({WithSockets({kUnix, kPacket}, {{kUnix, kNotNeeded}, {kPacket, kUndecided}})}, true).not_needed,
              IsEmpty());
}

TEST(ProvenTest, OfArgumentsNeededWinsToo) {
  const Recording a = WithSockets({kUnix}, {{kUnix, kNotNeeded}});
  Recording b = WithSockets({kUnix}, {{kUnix, kNeeded}});
  b.runs.Update(0, [](auto& run) { run.id = std::string(32, 'b'); });
  const Proofs merged = Merge(a, b).value().proofs;
  EXPECT_EQ(merged, Merge(b, a).value().proofs);
  EXPECT_EQ(merged.at("program").arguments.at({.call = "socket", .values = kUnix}), kNeeded);
}

TEST(ProvenTest, WhatIsAskedForStays) {
  const Recording recording = Proven({.capabilities = {}, .calls = {{"personality", kNotNeeded}}});
  GenerateOptions options;
  options.only_needed = true;
  options.allow = {"personality"};
  const absl::StatusOr<GeneratedProfile> made = Generate({&recording, 1}, options);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(ReasonWords(*made, "personality"), "requested: --allow");
}

}  // namespace
}  // namespace syscarve
