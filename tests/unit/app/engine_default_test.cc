// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/engine_default.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/job_test.h"
#include "tests/unit/policy/recordings.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kByCapability[] =
    R"({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]})";

class CeilingSourceTest : public JobTest {
 protected:
  KeptNotes notes_;
};

TEST_F(CeilingSourceTest, NoneIsNone) {
  CeilingSource source = CeilingSource::Load({}, notes_).value();
  const Ceiling ceiling = source.For({}).value();
  EXPECT_FALSE(ceiling.profile.has_value());
  EXPECT_THAT(ceiling.warnings, IsEmpty());
}

TEST_F(CeilingSourceTest, AProfileIsTheCeilingOfEverything) {
  CeilingRequest request;
  request.ceiling = Write("ceiling.json", kByCapability);
  CeilingSource source = CeilingSource::Load(request, notes_).value();
  EXPECT_THAT(notes_.warnings, ElementsAre(testing::StartsWith(request.ceiling + ": it depends on the container's")));
  EXPECT_TRUE(source.For({}).value().profile.has_value());
  request.ceiling = Path("none.json");
  EXPECT_TRUE(absl::IsNotFound(CeilingSource::Load(request, notes_).status()));
}

TEST_F(CeilingSourceTest, APrivilegedContainerHasNone) {
  CeilingRequest request;
  request.ceiling = "engine-default";
  request.engine_socket = Path("no.sock");
  CeilingSource source = CeilingSource::Load(request, notes_).value();
  RecordingBuilder builder;
  builder.recording().subjects[0].container = Container{};
  builder.recording().subjects[0].container->privileged = true;
  const std::vector<Recording> privileged = {builder.Build()};
  const Ceiling ceiling = source.For(privileged).value();
  EXPECT_FALSE(ceiling.profile.has_value());
  EXPECT_THAT(ceiling.warnings, ElementsAre(testing::StartsWith("the container is privileged")));
  // Of others the engine is asked.
  const std::vector<Recording> others = {RecordingBuilder().Build()};
  EXPECT_FALSE(source.For(others).ok());
}

TEST(TarOfOneProgramTest, IsOneExecutableFile) {
  const std::string tar = TarOfOneProgram("wait", std::string(700, 'x'));
  // A header, two blocks of content, two empty ones at the end.
  ASSERT_EQ(tar.size(), size_t{5} * 512);
  EXPECT_STREQ(tar.c_str(), "wait");
  EXPECT_EQ(tar.substr(100, 7), "0000755");
  EXPECT_EQ(tar.substr(124, 11), "00000001274");
  EXPECT_EQ(tar[156], '0');
  EXPECT_EQ(tar.substr(257, 8), std::string("ustar\0"
                                            "00",
                                            8));
  EXPECT_EQ(tar.substr(512, 700), std::string(700, 'x'));
  EXPECT_EQ(tar.substr(512 + 700), std::string(5 * 512 - 512 - 700, '\0'));
  unsigned sum = 0;
  for (size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(tar[i]);
  EXPECT_EQ(std::stoul(tar.substr(148, 6), nullptr, 8), sum);
}

}  // namespace
}  // namespace syscarve
