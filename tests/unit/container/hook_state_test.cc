// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/hook_state.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

TEST(HookStateTest, ReadsWhatRuncWrites) {
  const auto state = ParseHookState(R"({
      "ociVersion": "1.0.2-dev", "id": "0123", "status": "creating", "pid": 4711, "bundle": "/run/b", "rootfs": "/r",
      "created": "2024-01-01T00:00:00Z", "owner": "",
      "annotations": {"io.containers.trace-syscall": "of:/srv/out.json", "other": "x"}})");
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(*state, (HookState{.pid = 4711, .annotation = "of:/srv/out.json"}));
}

TEST(HookStateTest, NeedsNoOtherField) {
  EXPECT_TRUE(ParseHookState(R"({"pid": 1, "annotations": {"io.containers.trace-syscall": "of:/a"}})").ok());
}

TEST(HookStateTest, RefusesTheRest) {
  const char* const cases[] = {
      "",
      "not json",
      "[]",
      "null",
      "{}",
      R"({"pid": 1})",
      R"({"pid": 1, "annotations": null})",
      R"({"pid": 1, "annotations": {}})",
      R"({"pid": 1, "annotations": {"io.containers.trace-syscall": ""}})",
      R"({"pid": 1, "annotations": {"io.containers.trace-syscall": 1}})",
      R"({"pid": 1, "annotations": ["io.containers.trace-syscall"]})",
      R"({"annotations": {"io.containers.trace-syscall": "of:/a"}})",
      R"({"pid": 0, "annotations": {"io.containers.trace-syscall": "of:/a"}})",
      R"({"pid": -1, "annotations": {"io.containers.trace-syscall": "of:/a"}})",
      R"({"pid": "1", "annotations": {"io.containers.trace-syscall": "of:/a"}})",
      R"({"pid": 2147483648, "annotations": {"io.containers.trace-syscall": "of:/a"}})",
      R"({"pid": 1, "pid": 2, "annotations": {"io.containers.trace-syscall": "of:/a"}})",
      R"({"pid": 1, "annotations": {"io.containers.trace-syscall": "of:/a"}} {})",
  };
  for (const char* text : cases) {
    EXPECT_EQ(ParseHookState(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace syscarve
