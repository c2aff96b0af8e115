// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/hook_config.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

TEST(HookConfigTest, ReadsDirectoriesAndNormalisesThem) {
  const auto config = ParseHookConfig(R"({"schema": "syscarve.hook/1", "output_directories": ["/srv//p/", "/a/./b"]})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->output_directories, (std::vector<std::string>{"/srv/p", "/a/b"}));
  EXPECT_EQ(config->input_directories, config->output_directories);
}

TEST(HookConfigTest, InputsMayBeElsewhereOrNowhere) {
  const auto config =
      ParseHookConfig(R"({"schema": "syscarve.hook/1", "output_directories": ["/out"], "input_directories": ["/in"]})");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->input_directories, std::vector<std::string>{"/in"});
  const auto none =
      ParseHookConfig(R"({"schema": "syscarve.hook/1", "output_directories": ["/out"], "input_directories": []})");
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->input_directories.empty());
}

TEST(HookConfigTest, RefusesWhatItDoesNotUnderstand) {
  const char* const cases[] = {
      "",
      "{}",
      R"({"schema": "syscarve.hook/1"})",
      R"({"schema": "syscarve.hook/2", "output_directories": ["/out"]})",
      R"({"schema": "syscarve.hook/1", "output_directories": ["/out"], "outputs": []})",
      R"({"schema": "syscarve.hook/1", "output_directories": "/out"})",
      R"({"schema": "syscarve.hook/1", "output_directories": ["out"]})",
      R"({"schema": "syscarve.hook/1", "output_directories": [""]})",
      R"({"schema": "syscarve.hook/1", "output_directories": ["/"]})",
      R"({"schema": "syscarve.hook/1", "output_directories": ["//."]})",
      R"({"schema": "syscarve.hook/1", "output_directories": ["/srv/../etc"]})",
      R"({"schema": "syscarve.hook/1", "output_directories": ["/srv\u0000"]})",
      R"({"schema": "syscarve.hook/1", "output_directories": ["/a"], "output_directories": ["/b"]})",
  };
  for (const char* text : cases) {
    EXPECT_EQ(ParseHookConfig(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

absl::StatusOr<AllowedFile> Find(const std::vector<std::string>& directories, std::string_view path) {
  return FindAllowed(directories, path, "output file", "output_directories");
}

TEST(HookConfigTest, FindsTheDeepestAllowedDirectory) {
  const std::vector<std::string> directories = {"/srv", "/srv/p", "/var/lib"};
  const struct {
    const char* path;
    AllowedFile expected;
  } cases[] = {
      {"/srv/a.json", {"/srv", "a.json"}},
      {"/srv/p/web/a.json", {"/srv/p", "web/a.json"}},
      {"//var/./lib//a", {"/var/lib", "a"}},
      {"/srv/pp/a", {"/srv", "pp/a"}},
  };
  for (const auto& [path, expected] : cases) {
    const auto found = Find(directories, path);
    ASSERT_TRUE(found.ok()) << path << ": " << found.status();
    EXPECT_EQ(*found, expected) << path;
  }
}

TEST(HookConfigTest, AllowsNothingElse) {
  for (const char* path : {"/srv", "/srvx/a", "/etc/passwd", "/a/srv/b"}) {
    const auto found = Find({"/srv"}, path);
    EXPECT_EQ(found.status().code(), absl::StatusCode::kPermissionDenied) << path;
    EXPECT_NE(found.status().message().find("output_directories"), std::string::npos);
  }
  EXPECT_FALSE(Find({}, "/srv/a").ok());
}

}  // namespace
}  // namespace syscarve
