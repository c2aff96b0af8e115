// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/hook_annotation.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

using namespace std::string_literals;

TEST(HookAnnotationTest, TakesEveryDocumentedForm) {
  const struct {
    std::string annotation;
    HookPaths paths;
  } cases[] = {
      {"of:/srv/out.json", {.output = "/srv/out.json"}},
      {"if:/srv/in.json;of:/srv/out.json", {.output = "/srv/out.json", .input = "/srv/in.json"}},
      {"of:/srv/out.json;if:/srv/in.json", {.output = "/srv/out.json", .input = "/srv/in.json"}},
      {"if: \t/srv/in.json ;of:  /srv/out.json\n", {.output = "/srv/out.json", .input = "/srv/in.json"}},
      {"of:/srv/my profile.json", {.output = "/srv/my profile.json"}},
      {"of:/srv/of:if:.json", {.output = "/srv/of:if:.json"}},
      {"of:/a..b/..c", {.output = "/a..b/..c"}},
  };
  for (const auto& [annotation, paths] : cases) {
    const auto parsed = ParseHookAnnotation(annotation);
    ASSERT_TRUE(parsed.ok()) << annotation << ": " << parsed.status();
    EXPECT_EQ(*parsed, paths) << annotation;
  }
}

TEST(HookAnnotationTest, RefusesEverythingElse) {
  const std::string cases[] = {
      "",
      ";",
      "/srv/out.json",
      "of:",
      "of:  ",
      "of:out.json",
      "of:./out.json",
      "if:/srv/in.json",
      "if:in.json;of:/srv/out.json",
      "if:/srv/in.json;of:out.json",
      "of:/srv/out.json;",
      ";of:/srv/out.json",
      " of:/srv/out.json",
      "if:/srv/in.json; of:/srv/out.json",
      "OF:/srv/out.json",
      "o:/srv/out.json",
      "of=/srv/out.json",
      "if:/a;if:/b;of:/c",
      "if:/a;of:/b;",
      "if:/a;if:/b",
      "of:/a;of:/b",
      "of:/srv/../etc/passwd",
      "of:/..",
      "of:/srv/..",
      "if:/srv/../etc/shadow;of:/srv/out.json",
      "of:/",
      "of:/srv/",
      "of:/srv/.",
      "of:/srv/out\0.json"s,
      "of:/srv/out.json\0"s,
  };
  for (const std::string& annotation : cases) {
    const auto parsed = ParseHookAnnotation(annotation);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << annotation;
  }
}

TEST(HookAnnotationTest, AnErrorIsSafeToShow) {
  const auto parsed = ParseHookAnnotation("of:\x1b[2J\nout");
  EXPECT_EQ(std::string(parsed.status().message()).find('\x1b'), std::string::npos);
  EXPECT_EQ(std::string(parsed.status().message()).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace syscarve
