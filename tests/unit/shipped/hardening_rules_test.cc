// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/hardening_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

using testing::HasSubstr;

std::string PathError(std::string_view classes, std::string_view rules) {
  const std::string text = Concat(
      R"({"schema": "syscarve.directories/1", "source": "x", "links": [], "shared": ["/"], "same_everywhere": ["/run"], "apart": ["/dev"], "set_by_engine": ["/a"],)",
      R"( "devices": ["/dev/null"], "masked": ["/proc/x"], "engine_sockets": ["/s"], "classes": [)", classes,
      R"(], "rules": [)", rules, "]}");
  return std::string(ParseDirectoryRules(text).status().message());
}

constexpr std::string_view kOther = R"({"name": "other", "mount": "volume", "why": "x"})";

TEST(DirectoryRulesTest, AreShipped) {
  const absl::StatusOr<const DirectoryRules*> rules = ShippedDirectoryRules();
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ((*rules)->classes.at("run").mount, PathMount::kTmpfs);
  for (const auto& [name, of_class] : (*rules)->classes) EXPECT_TRUE(of_class.why.ends_with('.')) << name;
}

TEST(DirectoryRulesTest, MistakesAreRefused) {
  EXPECT_EQ(PathError(kOther, ""), "");
  EXPECT_THAT(PathError(R"({"name": "run", "mount": "tmpfs", "size": "1m", "why": "x"})", ""), HasSubstr("other"));
  EXPECT_THAT(PathError(R"({"name": "other", "mount": "tmpfs", "why": "x"})", ""), HasSubstr("has a size"));
  EXPECT_THAT(PathError(R"({"name": "other", "mount": "bind", "why": "x"})", ""), HasSubstr("expected"));
  EXPECT_THAT(PathError(kOther, R"({"path": "/run", "class": "run", "below": 0})"), HasSubstr("is no class"));
  EXPECT_THAT(PathError(kOther, R"({"path": "run", "class": "other", "below": 0})"), HasSubstr("absolute path"));
  EXPECT_THAT(
      PathError(kOther,
                R"({"path": "/a", "class": "other", "below": 0}, {"path": "/a", "class": "other", "below": 1})"),
      HasSubstr("has a rule already"));
}

TEST(LimitRulesTest, AreShippedAndWhole) {
  const absl::StatusOr<const LimitRules*> rules = ShippedLimitRules();
  ASSERT_TRUE(rules.ok()) << rules.status();
  for (const char* const name : {"memory", "cpus", "pids", "nofile", "nofile_hard"})
    EXPECT_TRUE((*rules)->contains(name)) << name;
  EXPECT_FALSE(ParseLimitRules(R"({"schema": "syscarve.limits/1", "source": "x", "limits": []})").ok());
}

}  // namespace
}  // namespace syscarve
