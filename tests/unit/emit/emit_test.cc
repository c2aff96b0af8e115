#include "userspace/emit/emit.h"

#include <gtest/gtest.h>

#include "userspace/model/profile_json.h"

namespace syscarve {
namespace {

Profile Example() {
  Profile profile{.default_action = {ActionKind::kErrno, 38}, .abis = {Abi::kX86_64}};
  profile.rules = {{.names = {"write", "read"}, .action = {ActionKind::kAllow, 0}, .comment = "seen"},
                   {.names = {"read"}, .action = {ActionKind::kAllow, 0}},
                   {.names = {"mount"}, .action = {ActionKind::kErrno, 1}, .comment = "refused"},
                   {.names = {"sync"}, .action = {ActionKind::kLog, 0}}};
  return profile;
}

TEST(EmitTest, DockerReadsBackAsTheSameProfile) {
  const absl::StatusOr<Profile> read = ParseProfile(Emit(OutputFormat::kDocker, Example()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Example());
}

TEST(EmitTest, OciHasNoComments) {
  const std::string text = Emit(OutputFormat::kOci, Example());
  EXPECT_EQ(text.find("comment"), std::string::npos);
  Profile plain = Example();
  for (Rule& rule : plain.rules) rule.comment.clear();
  const absl::StatusOr<Profile> read = ParseProfile(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, plain);
}

TEST(EmitTest, NamesAreTheAllowedOnesOncePerLine) {
  EXPECT_EQ(Emit(OutputFormat::kNames, Example()), "read\nwrite\n");
  EXPECT_EQ(Emit(OutputFormat::kNames, Profile{}), "");
}

TEST(EmitTest, FormatsHaveNames) {
  EXPECT_EQ(OutputFormatFromName("docker"), OutputFormat::kDocker);
  EXPECT_EQ(OutputFormatFromName("oci"), OutputFormat::kOci);
  EXPECT_EQ(OutputFormatFromName("names"), OutputFormat::kNames);
  EXPECT_EQ(OutputFormatFromName("Docker"), std::nullopt);
}

}  // namespace
}  // namespace syscarve
