// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/bundle.h"

#include <gtest/gtest.h>

#include "userspace/base/strict_json.h"

namespace syscarve {
namespace {

TEST(BundleTest, SaysWhatWasAskedFor) {
  const std::string text =
      FormatBundleConfig({.program = "/stub", .cgroup_path = "/abc", .no_new_privs = true, .uid = 7, .gid = 8});
  const auto value = ParseStrictJson(text, {.bytes = 1 << 16, .values = 1000, .depth = 16});
  ASSERT_TRUE(value.ok()) << value.status();
  std::string error;
  const JsonReader root(*value, &error);
  const JsonReader process = root.Required("process");
  EXPECT_TRUE(process.Required("noNewPrivileges").Bool());
  EXPECT_EQ(process.Required("user").Required("uid").Uint(), 7u);
  EXPECT_EQ(process.Required("user").Required("gid").Uint(), 8u);
  EXPECT_TRUE(process.Required("capabilities").Required("effective").IsEmptyContainer());
  EXPECT_EQ(root.Required("linux").Required("cgroupsPath").Text(10), "/abc");
  EXPECT_EQ(root.Required("linux").Required("seccomp").Required("defaultAction").Text(20), "SCMP_ACT_ALLOW");
  EXPECT_FALSE(root.Required("linux").Required("seccomp").Required("syscalls").IsEmptyContainer());
  EXPECT_EQ(error, "");
}

TEST(BundleTest, RootHoldsCapabilities) {
  const std::string text = FormatBundleConfig({.program = "/stub", .cgroup_path = "/abc"});
  EXPECT_EQ(text.find("\"effective\": []"), std::string::npos);
  EXPECT_NE(text.find("\"noNewPrivileges\": false"), std::string::npos);
}

}  // namespace
}  // namespace syscarve
