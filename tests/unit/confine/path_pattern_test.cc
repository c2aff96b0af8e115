// SPDX-License-Identifier: Apache-2.0
#include "userspace/confine/path_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace syscarve {
namespace {

PathPattern Of(std::string_view before, PatternPart part, std::string_view after = "") {
  PathPattern pattern(before);
  pattern.Add(std::move(part));
  pattern.Add(after);
  return pattern;
}

PatternPart Kind(PatternPartKind kind, size_t count = 0) {
  return {.kind = kind, .text = "", .count = count};
}

TEST(PathPattern, APathIsItselfAlone) {
  const std::string path = "/srv/a*b?[c]{d}\n\xff";
  EXPECT_TRUE(PathPattern(path).IsPath());
  EXPECT_TRUE(PathPattern(path).Matches(path));
  EXPECT_FALSE(PathPattern(path).Matches("/srv/axb?[c]{d}\n\xff"));
  EXPECT_FALSE(PathPattern(path).Matches(path + "/"));
  EXPECT_EQ(PathPattern(path).text(), path);
}

TEST(PathPattern, AnyStaysInOneName) {
  const PathPattern library = Of("/lib/libz.so", Kind(PatternPartKind::kAny));
  EXPECT_TRUE(library.Matches("/lib/libz.so"));
  EXPECT_TRUE(library.Matches("/lib/libz.so.1.2.13"));
  EXPECT_FALSE(library.Matches("/lib/libz.so/x"));
  const PathPattern name = Of("/srv/", Kind(PatternPartKind::kAny));
  EXPECT_TRUE(name.Matches("/srv/a"));
  EXPECT_FALSE(name.Matches("/srv/")) << "a name has a byte at least";
  EXPECT_FALSE(name.Matches("/srv/a/b"));
  const PathPattern between = Of("/srv/", Kind(PatternPartKind::kAny), "/x");
  EXPECT_TRUE(between.Matches("/srv/a/x"));
  EXPECT_FALSE(between.Matches("/srv//x"));
}

TEST(PathPattern, DeepIsAllBelow) {
  const PathPattern tree = Of("/usr/share/zoneinfo/", Kind(PatternPartKind::kDeep));
  EXPECT_TRUE(tree.Matches("/usr/share/zoneinfo/Europe/Berlin"));
  EXPECT_FALSE(tree.Matches("/usr/share/zoneinfo/"));
  EXPECT_FALSE(tree.Matches("/usr/share/zoneinfo"));
}

TEST(PathPattern, Numbers) {
  const PathPattern number = Of("/dev/pts/", Kind(PatternPartKind::kNumber));
  EXPECT_TRUE(number.Matches("/dev/pts/0"));
  EXPECT_TRUE(number.Matches("/dev/pts/12"));
  EXPECT_TRUE(number.Matches("/dev/pts/1x")) << "AppArmor cannot say it more narrowly";
  EXPECT_FALSE(number.Matches("/dev/pts/ptmx"));
  const PathPattern pid = Of("/proc/", Kind(PatternPartKind::kPid), "/status");
  EXPECT_TRUE(pid.Matches("/proc/1/status"));
  EXPECT_TRUE(pid.Matches("/proc/4194304/status"));
  EXPECT_FALSE(pid.Matches("/proc/5000000/status"));
  EXPECT_FALSE(pid.Matches("/proc/01/status"));
  EXPECT_FALSE(pid.Matches("/proc/self/status"));
}

TEST(PathPattern, CountedCharacters) {
  const PathPattern hex = Of("/c/", Kind(PatternPartKind::kHex, 4), ".bin");
  EXPECT_TRUE(hex.Matches("/c/00fF.bin"));
  EXPECT_FALSE(hex.Matches("/c/00f.bin"));
  EXPECT_FALSE(hex.Matches("/c/00fg.bin"));
  const PathPattern word = Of("/tmp/x", Kind(PatternPartKind::kWord, 6));
  EXPECT_TRUE(word.Matches("/tmp/xaZ09_q"));
  EXPECT_FALSE(word.Matches("/tmp/xaZ09_"));
  EXPECT_FALSE(word.Matches("/tmp/xaZ0.-q"));
  EXPECT_EQ(word.text(), "/tmp/x<word:6>");
}

// The work is bounded by the product of parts and bytes: hostile paths take no time.
TEST(PathPattern, TakesNoTimeForLongPaths) {
  PathPattern pattern("/");
  for (int i = 0; i < 8; ++i) {
    pattern.Add({.kind = PatternPartKind::kDeep, .text = "", .count = 0});
    pattern.Add("a");
  }
  EXPECT_FALSE(pattern.Matches("/" + std::string(4000, 'a') + "b"));
}

}  // namespace
}  // namespace syscarve
