// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/service.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

Subject ContainerNamed(std::string name, std::optional<ContainerStart> start) {
  return {
      .kind = SubjectKind::kContainer,
      .name = "web",
      .container =
          Container{.name = std::move(name), .image = "nginx", .labels = {{std::string(kComposeServiceLabel), "web"}}},
      .start = start};
}

TEST(DescribeServiceTest, GathersFromAllSubjectsOfAllRecordings) {
  Recording first;
  first.subjects = {ContainerNamed("web-1", ContainerStart{.filtered = true, .no_new_privs = true}),
                    ContainerNamed("web-2", ContainerStart{.filtered = false, .no_new_privs = true})};
  first.subjects[1].container->privileged = true;
  first.runs = {{.id = "1", .name = "unit"}, {.id = "2", .name = ""}};
  Recording second;
  second.subjects = {ContainerNamed("web-3", ContainerStart{.filtered = true, .no_new_privs = true})};
  second.runs = {{.id = "3", .name = "e2e"}};
  const std::vector<Recording> recordings = {first, second};
  ServiceFacts expected;
  expected.names = {"web"};
  expected.compose_services = {"web"};
  expected.container_names = {"web-1", "web-2", "web-3"};
  expected.images = {"nginx"};
  expected.runs = {"e2e", "unit"};
  expected.containers = 3;
  expected.privileged = 1;
  expected.unconfined = 1;
  expected.no_new_privs = true;
  EXPECT_EQ(DescribeService(recordings), expected);
  EXPECT_EQ(ServiceWarnings(expected, false).size(), 2U);
  EXPECT_EQ(ServiceWarnings(expected, true).size(), 1U);
}

TEST(DescribeServiceTest, NoNewPrivsHoldsOnlyWhenItHoldsForAll) {
  const auto holds = [](std::vector<Subject> subjects) {
    Recording recording;
    recording.subjects = std::move(subjects);
    return DescribeService({&recording, 1}).no_new_privs;
  };
  const Subject with = ContainerNamed("a", ContainerStart{.no_new_privs = true});
  const Subject without = ContainerNamed("b", ContainerStart{.no_new_privs = false});
  Subject configured = ContainerNamed("c", std::nullopt);
  EXPECT_TRUE(holds({with, with}));
  EXPECT_FALSE(holds({with, without}));
  EXPECT_FALSE(holds({with, configured})) << "nobody told";
  configured.container->no_new_privs = true;
  EXPECT_TRUE(holds({with, configured}));
  configured.start = ContainerStart{.no_new_privs = false};
  EXPECT_FALSE(holds({with, configured})) << "what the kernel saw counts";
  EXPECT_FALSE(holds({}));
  EXPECT_FALSE(holds({with, {.kind = SubjectKind::kCommand}}));
}

TEST(DescribeServiceTest, ACommandIsToldOf) {
  Recording recording;
  recording.subjects = {{.kind = SubjectKind::kCommand, .name = "sh"}};
  const ServiceFacts facts = DescribeService({&recording, 1});
  EXPECT_EQ(facts.others, 1U);
  ASSERT_EQ(ServiceWarnings(facts, false).size(), 1U);
  EXPECT_NE(ServiceWarnings(facts, false)[0].find("without a container"), std::string::npos);
}

}  // namespace
}  // namespace syscarve
