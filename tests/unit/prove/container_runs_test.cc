// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/container_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

#include <string>
#include <vector>

#include "userspace/model/capability.h"
#include "userspace/model/profile_target.h"

namespace syscarve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;
using ::testing::StartsWith;

CreateRequest AskedWith(std::vector<std::string> cap_add, std::vector<std::string> cap_drop) {
  CreateRequest asked;
  asked.container.cap_add = std::move(cap_add);
  asked.container.cap_drop = std::move(cap_drop);
  return asked;
}

std::set<int> CapabilitiesWith(const std::vector<std::string>& cap_add, const std::vector<std::string>& cap_drop) {
  return ConfiguredCapabilities(AskedWith(cap_add, cap_drop).container);
}

TEST(ConfiguredCapabilitiesTest, AreDockersDefaultWithWhatIsAddedAndDropped) {
  EXPECT_EQ(CapabilitiesWith({}, {}), DefaultEngineCapabilities());
  std::set<int> expected = DefaultEngineCapabilities();
  expected.erase(CAP_CHOWN);
  expected.insert(CAP_NET_ADMIN);
  EXPECT_EQ(CapabilitiesWith({"NET_ADMIN"}, {"CAP_CHOWN"}), expected);
  EXPECT_EQ(CapabilitiesWith({"NO_SUCH"}, {"NO_SUCH"}), DefaultEngineCapabilities());
}

TEST(ConfiguredCapabilitiesTest, AllIsAllWhicheverWayItIsSpelt) {
  EXPECT_THAT(CapabilitiesWith({"KILL"}, {"all"}), ElementsAre(CAP_KILL));
  EXPECT_THAT(CapabilitiesWith({}, {"CAP_ALL"}), ElementsAre());
  EXPECT_EQ(CapabilitiesWith({"ALL"}, {}).size(), size_t{kCapabilityCount});
  EXPECT_EQ(CapabilitiesWith({"ALL"}, {"KILL"}).count(CAP_KILL), 0U);
  // What is added comes after what is dropped.
  EXPECT_EQ(CapabilitiesWith({"ALL"}, {"ALL"}).size(), size_t{kCapabilityCount});
}

TEST(ConfinementWithTest, KeepsNoCapabilityThatWasNotAskedFor) {
  ContainerChange change;
  change.kept = {CAP_KILL, CAP_SETUID, CAP_SYS_ADMIN};
  const Confinement confinement = ConfinementWith(AskedWith({}, {"SETUID"}), change);
  EXPECT_THAT(confinement.cap_add, Optional(ElementsAre("CAP_KILL")));
  EXPECT_FALSE(confinement.profile.has_value());
  change.kept->clear();
  EXPECT_THAT(ConfinementWith(AskedWith({}, {}), change).cap_add, Optional(ElementsAre()));
}

TEST(ConfinementWithTest, LeavesWhatIsNotToBeChanged) {
  const Confinement confinement = ConfinementWith(AskedWith({"NET_ADMIN"}, {}), ContainerChange());
  EXPECT_FALSE(confinement.cap_add.has_value());
  EXPECT_FALSE(confinement.profile.has_value());
  EXPECT_FALSE(confinement.line.has_value());
  EXPECT_EQ(confinement.label, "");
}

TEST(ConfinementWithTest, RefusesOnTopOfWhatTheEngineEnforces) {
  ContainerChange change;
  change.refused = {.calls = {"chown"}, .values = {}};
  change.by_default = Profile{.default_action = kAllowAction, .abis = HostAbis()};
  change.by_default->rules.push_back({.names = {"mkdir"}, .action = {ActionKind::kErrno, 1}});
  const Confinement confinement = ConfinementWith(AskedWith({}, {}), change);
  EXPECT_FALSE(confinement.cap_add.has_value());
  ASSERT_TRUE(confinement.profile.has_value());
  EXPECT_THAT(*confinement.profile, StartsWith("{"));
  EXPECT_THAT(*confinement.profile, HasSubstr("\"chown\""));
  EXPECT_THAT(*confinement.profile, HasSubstr("\"mkdir\""));
  // The engine's own does not count where the request has one.
  CreateRequest asked = AskedWith({}, {});
  asked.seccomp = "unconfined";
  EXPECT_THAT(ConfinementWith(asked, change).profile, Optional(Not(HasSubstr("\"mkdir\""))));
}

TEST(ConfinementWithTest, WithoutAProfileTheContainerIsNotCreated) {
  CreateRequest asked;
  asked.seccomp = "{";
  ContainerChange change;
  change.refused = Refusals();
  EXPECT_THAT(ConfinementWith(asked, change).profile, Optional(StartsWith("no profile could be made: ")));
}

}  // namespace
}  // namespace syscarve
