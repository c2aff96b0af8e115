// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/engine_default.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/app/job_test.h"
#include "tests/unit/container/fake_engine.h"
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

// An engine that tells what it was asked to do, in order. The container that it starts is a process that has ended.
class AskEngineTest : public CeilingSourceTest {
 protected:
  void SetUp() override {
    CeilingSourceTest::SetUp();
    Answer("/images/create", "import", FakeEngine::Json(R"({"status":"sha256:)" + kId + R"("})"));
    Answer("/images/sha256:" + kId + "/tag", "tag", FakeEngine::Json("", 201));
    Answer("/images/sha256%3A" + kId, "remove image by id", FakeEngine::Json("[]"));
    Answer("/containers/create", "create", FakeEngine::Json(R"({"Id":")" + kId + R"("})", 201));
    Answer("/containers/" + kId + "/start", "start", FakeEngine::Json("", 204));
    Answer("/containers/" + kId + "/json", "inspect", Running(DeadChild()));
    Answer("/containers/" + kId, "remove container", FakeEngine::Json("", 204));
  }

  // What is answered from now on.
  void Answer(const std::string& target, const std::string& what, FakeEngine::Reply reply) {
    engine_.On(target, [this, what, reply = std::move(reply)](const FakeEngine::Request& request) {
      Note(what);
      // The image's name is known from here on.
      constexpr std::string_view kTag = "&tag=";
      if (const size_t at = request.target.find(kTag); at != std::string::npos) {
        Answer("/images/syscarve-ceiling%3A" + request.target.substr(at + kTag.size()), "remove image",
               FakeEngine::Json("[]"));
      }
      return reply;
    });
  }
  static FakeEngine::Reply Refuses() { return FakeEngine::Json(R"({"message":"no"})", 500); }
  static FakeEngine::Reply Running(pid_t pid) {
    return FakeEngine::Json(R"({"Id":")" + kId + R"(","Name":"/c","Config":{"Image":"i"},"State":{"Pid":)" +
                            std::to_string(pid) + "}}");
  }
  static pid_t DeadChild() {
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    waitpid(pid, nullptr, 0);
    return pid;
  }

  void Note(const std::string& what) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(what);
  }
  // Since it was last called.
  std::vector<std::string> Asked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }

  CeilingSource Source() {
    CeilingRequest request;
    request.ceiling = "engine-default";
    request.engine_socket = engine_.path();
    return CeilingSource::Load(request, notes_).value();
  }
  absl::Status Fails() { return Source().For({}).status(); }

  static inline const std::string kId = std::string(64, 'c');
  std::mutex mutex_;
  std::vector<std::string> asked_;
  FakeEngine engine_;  // Ends before what its answers use.
};

TEST_F(AskEngineTest, AContainerThatDoesNotStartIsRemovedWithItsImage) {
  const absl::Status status = Fails();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("did not start (process "));
  EXPECT_THAT(Asked(), ElementsAre("import", "tag", "create", "start", "inspect", "remove container", "remove image"));
}

TEST_F(AskEngineTest, WhateverFailsNothingIsLeft) {
  Answer("/containers/" + kId + "/json", "inspect", Refuses());
  EXPECT_FALSE(Fails().ok());
  EXPECT_THAT(Asked(), ElementsAre("import", "tag", "create", "start", "inspect", "remove container", "remove image"));
  Answer("/containers/" + kId + "/start", "start", Refuses());
  EXPECT_FALSE(Fails().ok());
  EXPECT_THAT(Asked(), ElementsAre("import", "tag", "create", "start", "remove container", "remove image"));
  Answer("/containers/create", "create", Refuses());
  EXPECT_FALSE(Fails().ok());
  EXPECT_THAT(Asked(), ElementsAre("import", "tag", "create", "remove image"));
  Answer("/images/sha256:" + kId + "/tag", "tag", Refuses());
  EXPECT_FALSE(Fails().ok());
  EXPECT_THAT(Asked(), ElementsAre("import", "tag", "remove image by id"));
  Answer("/images/create", "import", Refuses());
  EXPECT_FALSE(Fails().ok());
  EXPECT_THAT(Asked(), ElementsAre("import"));
}

TEST_F(AskEngineTest, WhatCannotBeRemovedHidesNoError) {
  Answer("/containers/" + kId, "remove container", Refuses());
  EXPECT_TRUE(absl::IsFailedPrecondition(Fails()));
}

TEST_F(AskEngineTest, TheContainerIsConfiguredAsThoseThatWereRecorded) {
  RecordingBuilder builder;
  Container& container = builder.recording().subjects[0].container.emplace();
  container.cap_add = {"CAP_NET_ADMIN", "CAP_SYS_ADMIN"};
  container.cap_drop = {"CAP_CHOWN"};
  const std::vector<Recording> recordings = {builder.Build()};
  EXPECT_FALSE(Source().For(recordings).ok());
  const FakeEngine::Request created = engine_.WaitForRequest("/containers/create");
  EXPECT_THAT(created.body,
              testing::HasSubstr(R"("CapAdd":["CAP_NET_ADMIN","CAP_SYS_ADMIN"],"CapDrop":["CAP_CHOWN"])"));
  EXPECT_THAT(created.body, testing::HasSubstr(R"("Cmd":["/wait"],"NetworkDisabled":true)"));
  EXPECT_THAT(created.body, testing::HasSubstr(R"("Image":"syscarve-ceiling:)"));
  EXPECT_THAT(created.target, testing::HasSubstr("?name=syscarve-ceiling-"));
}

TEST_F(AskEngineTest, AFailureIsNotRemembered) {
  CeilingSource source = Source();
  EXPECT_FALSE(source.For({}).ok());
  EXPECT_FALSE(source.For({}).ok());
  EXPECT_EQ(engine_.Requests("/containers/create"), 2U);
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
