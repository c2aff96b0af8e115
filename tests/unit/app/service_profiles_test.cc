// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/service_profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/app/job_test.h"
#include "userspace/app/profile_input.h"
#include "userspace/base/concat.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kProfile[] = R"({"defaultAction": "SCMP_ACT_ALLOW"})";

class ServiceProfilesTest : public JobTest {
 protected:
  absl::StatusOr<std::vector<ServiceProfile>> ReadAll(const std::vector<std::string>& words) {
    return ReadServiceProfiles(words, ProfileTargetOf({}).value());
  }
};

std::vector<std::string> Titles(const std::vector<ServiceProfile>& profiles) {
  std::vector<std::string> titles;
  for (const ServiceProfile& profile : profiles) titles.push_back(profile.title);
  return titles;
}

TEST(CapabilitiesTest, WritesWhatItReads) {
  const ServiceCapabilities services = {{"db", {}},
                                        {"a \"b\": [x]", {.add = {"CAP_CHOWN", "CAP_NET_RAW"}, .not_needed = {}}},
                                        {"web", {.add = {}, .not_needed = {"CAP_KILL"}}}};
  const auto read = ParseCapabilities(FormatCapabilities(services));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, services);
  EXPECT_EQ(ParseCapabilities(FormatCapabilities({})).value(), ServiceCapabilities());
  EXPECT_THAT(ParseCapabilities("web: [chown, CAP_KILL]\n")->at("web").add, ElementsAre("CAP_CHOWN", "CAP_KILL"));
}

TEST(CapabilitiesTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "web: CHOWN\n", "web: [FLY]\n", "web: [1]\n", "web: [CHOWN]\n---\nb: []\n", "web: {}\n"}) {
    EXPECT_FALSE(ParseCapabilities(text).ok()) << text;
  }
}

TEST_F(ServiceProfilesTest, ReadsAFolderWithItsCapabilities) {
  Write("web.json", kProfile);
  Write("db.json", kProfile);
  Write(".hidden.json", "no profile");
  Write("SUMMARY.md", "no profile");
  Write("capabilities.yaml", "web: [CHOWN]\nother: []\n");
  const auto read = ReadAll({folder_});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(Titles(*read), ElementsAre("db", "web"));
  EXPECT_EQ((*read)[0].cap_add, std::nullopt);
  EXPECT_THAT((*read)[1].cap_add.value(), ElementsAre("CAP_CHOWN"));
  // As it is in the file.
  EXPECT_EQ((*read)[1].engine_profile, kProfile);
}

TEST_F(ServiceProfilesTest, ReadsFilesUnderOtherNames) {
  const std::string file = Write("a/one.json", kProfile);
  const auto read = ReadAll({file, Concat("web=", file)});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(Titles(*read), ElementsAre("one", "web"));
}

TEST_F(ServiceProfilesTest, SaysWhatIsWrong) {
  EXPECT_THAT(ReadAll({}).status().message(), HasSubstr("no profiles"));
  EXPECT_THAT(ReadAll({folder_}).status().message(), HasSubstr("no profile is in"));
  EXPECT_THAT(ReadAll({folder_ + "/none.json"}).status().message(), HasSubstr("none.json"));
  const std::string file = Write("web.json", kProfile);
  EXPECT_THAT(ReadAll({file, folder_}).status().message(), HasSubstr("two profiles for web"));
  Write("capabilities.yaml", "web: [FLY]\n");
  EXPECT_THAT(ReadAll({folder_}).status().message(), HasSubstr("FLY"));
}

TEST(ProfileForTest, TakesTheProjectsOwnFirst) {
  const std::vector<ServiceProfile> profiles = {{.title = "web"}, {.title = "shop-web"}, {.title = "odd_name"}};
  Container container;
  container.name = "shop_web_1";
  EXPECT_EQ(ProfileFor(container, By::kService, profiles), nullptr);
  container.labels[std::string(kComposeServiceLabel)] = "web";
  EXPECT_EQ(ProfileFor(container, By::kService, profiles)->title, "web");
  container.labels[std::string(kComposeProjectLabel)] = "shop";
  EXPECT_EQ(ProfileFor(container, By::kService, profiles)->title, "shop-web");
  container.name = "odd name";
  EXPECT_EQ(ProfileFor(container, By::kContainer, profiles)->title, "odd_name");
  EXPECT_EQ(ProfileFor({}, By::kService, profiles), nullptr);
}

}  // namespace
}  // namespace syscarve
