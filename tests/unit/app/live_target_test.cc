// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/live_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/unit/container/fake_engine.h"

namespace syscarve {
namespace {

using testing::HasSubstr;

class LiveTargetTest : public testing::Test {
 protected:
  // A container of this name, which runs as process `pid`.
  void Is(const std::string& name, int pid, const std::string& state = "running") {
    engine_.On("/containers/" + name + "/json",
               FakeEngine::Json("{\"Id\":\"" + std::string(64, 'a') + "\",\"Name\":\"/" + name +
                                "\",\"State\":{\"Pid\":" + std::to_string(pid) + ",\"Status\":\"" + state + "\"}}"));
  }
  absl::StatusOr<pid_t> Resolve(const std::string& target) { return ResolveLiveTarget(target, engine_.path()); }

  FakeEngine engine_;
};

TEST_F(LiveTargetTest, ANumberIsAProcessAndNobodyIsAsked) {
  EXPECT_EQ(Resolve("42").value(), 42);
  EXPECT_EQ(Resolve("live:42").value(), 42);
  EXPECT_EQ(engine_.Requests("/containers/42/json"), 0u);
}

TEST_F(LiveTargetTest, ANameIsAContainer) {
  Is("web", 17);
  Is("42", 18);
  EXPECT_EQ(Resolve("web").value(), 17);
  EXPECT_EQ(Resolve("live:web").value(), 17);
  EXPECT_EQ(Resolve("live:container:web").value(), 17);
  // Unless it is said, a number is no container.
  EXPECT_EQ(Resolve("container:42").value(), 18);
}

TEST_F(LiveTargetTest, WhatCannotBeEitherIsNotAskedFor) {
  for (const char* target : {"", "live:", "container:", "0", "-1", "99999999999999999999", "../web", "a/b", "a b",
                             ".web", "live:container:a%2e"}) {
    const absl::Status status = Resolve(target).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << target;
    EXPECT_THAT(status.message(), HasSubstr("is no process id and no container"));
  }
}

TEST_F(LiveTargetTest, AContainerThatDoesNotRunOrIsNotThere) {
  Is("web", 0, "exited");
  const absl::Status stopped = Resolve("web").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(stopped));
  EXPECT_THAT(stopped.message(), HasSubstr("container web does not run (exited)"));
  EXPECT_TRUE(absl::IsNotFound(Resolve("other").status()));
  engine_.Stop();
  EXPECT_FALSE(Resolve("web").ok());
}

}  // namespace
}  // namespace syscarve
