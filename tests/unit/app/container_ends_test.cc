// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/container_ends.h"

#include <gtest/gtest.h>

#include <csignal>

namespace syscarve {
namespace {

using std::chrono::milliseconds;

constexpr UnixNanos kMilli = 1'000'000;

class ContainerEndsTest : public testing::Test {
 protected:
  EngineEvent& Happened(EngineEventKind kind, UnixNanos milli, const std::string& name = "web") {
    EngineEvent& event = events_.emplace_back();
    event.kind = kind;
    event.id = "id of " + name;
    event.name = name;
    event.labels["label"] = "";
    event.time = milli * kMilli;
    return event;
  }
  void Killed(UnixNanos milli, int signal) { Happened(EngineEventKind::kKill, milli).signal = signal; }
  void Died(UnixNanos milli, int status) { Happened(EngineEventKind::kDie, milli).exit_code = status; }

  std::vector<VerifiedContainer> Ends(std::vector<VerifiedContainer> found = {}) {
    const auto service_of = [](const Container& container) -> std::optional<std::string> {
      if (container.name == "other") return std::nullopt;
      return "service " + container.name;
    };
    AddContainerEnds(events_, "label", service_of, found);
    return found;
  }

  std::vector<EngineEvent> events_;
};

TEST_F(ContainerEndsTest, AStopIsMeasuredFromTheSignalThatAsksForIt) {
  Happened(EngineEventKind::kStart, 1000);
  Killed(2000, SIGHUP);
  Killed(3000, SIGTERM);
  Killed(13000, SIGKILL);
  Died(13100, 137);
  const std::vector<VerifiedContainer> ends = Ends();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].service, "service web");
  EXPECT_EQ(ends[0].name, "web");
  EXPECT_TRUE(ends[0].confined);
  EXPECT_FALSE(ends[0].running);
  EXPECT_EQ(ends[0].status, 137);
  EXPECT_EQ(ends[0].stop, milliseconds(10100));
}

TEST_F(ContainerEndsTest, WhatIsOnlyKilledIsMeasuredFromThat) {
  Happened(EngineEventKind::kStart, 1000);
  Killed(2000, SIGKILL);
  Died(2050, 137);
  EXPECT_EQ(Ends().at(0).stop, milliseconds(50));
}

TEST_F(ContainerEndsTest, OfARestartTheLastLifeCounts) {
  Happened(EngineEventKind::kStart, 1000);
  Killed(2000, SIGTERM);
  Died(2050, 143);
  Happened(EngineEventKind::kStart, 3000);
  EXPECT_TRUE(Ends().at(0).running);
  EXPECT_EQ(Ends().at(0).status, std::nullopt);
  Died(9000, 0);
  EXPECT_EQ(Ends().at(0).status, 0);
  EXPECT_EQ(Ends().at(0).stop, std::nullopt);
}

TEST_F(ContainerEndsTest, WhatWasNotStartedOrIsOfNoServiceIsLeftOut) {
  Happened(EngineEventKind::kCreate, 1000);
  Happened(EngineEventKind::kStart, 1000, "other");
  EXPECT_TRUE(Ends().empty());
}

TEST_F(ContainerEndsTest, AContainerThatIsKnownIsCompleted) {
  Happened(EngineEventKind::kStart, 1000);
  Died(2000, 3);
  VerifiedContainer known;
  known.service = "as recorded";
  known.id = "id of web";
  known.confined = true;
  const std::vector<VerifiedContainer> ends = Ends({known});
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].service, "as recorded");
  EXPECT_TRUE(ends[0].confined);
  EXPECT_EQ(ends[0].status, 3);
}

}  // namespace
}  // namespace syscarve
