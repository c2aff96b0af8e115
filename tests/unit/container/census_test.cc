// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/container/fake_engine.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;

constexpr SyscallId kReadCall{Abi::kX86_64, 0};

std::string CensusId(char digit) {
  return std::string(64, digit);
}

class CensusTest : public testing::Test {
 protected:
  static void Have(FakeEngine& engine, const std::string& id, const std::string& name) {
    engine.On("/containers/" + id + "/json",
              FakeEngine::Json("{\"Id\":\"" + id + "\",\"Name\":\"/" + name +
                               "\",\"State\":{\"Pid\":7},\"Config\":{\"Image\":\"bb:1\"}}"));
  }

  void Watch(const std::vector<std::string>& sockets) {
    auto started = EngineWatchers::Start(
        sockets, {.first_pause = milliseconds(1), .longest_pause = milliseconds(5), .straggler = milliseconds(10)});
    ASSERT_TRUE(started.ok()) << started.status();
    engines_ = *std::move(started);
  }

  // A container that made `calls` calls.
  void Saw(const std::string& cgroup, uint64_t calls) {
    const auto subject = static_cast<SubjectId>(all_.subjects.size());
    all_.subjects.push_back({.kind = SubjectKind::kContainer, .name = cgroup, .cgroup = cgroup});
    if (all_.runs.empty()) all_.runs.push_back({.id = std::string(32, '1'), .name = "default"});
    if (calls == 0) return;
    all_.runs.Update(0, [&](auto& run) { run.subjects[subject].calls[kReadCall] = {.count = calls}; });
  }

  const Census& Take(ContainerChoice choice = {}) {
    choice_ = std::move(choice);
    seen_.recording = &all_;
    census_ = TakeCensus(seen_, engines_, choice_, std::chrono::steady_clock::now() + std::chrono::seconds(20));
    return census_;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, recording] : DivideByName(seen_, census_, choice_)) names.push_back(name);
    return names;
  }
  std::string Reason() const { return std::string(NothingRecorded(seen_, census_).message()); }

  FakeEngine docker_;
  FakeEngine podman_;
  EngineWatchers engines_;
  Recording all_;
  SeenContainers seen_;
  ContainerChoice choice_;
  Census census_;
};

TEST_F(CensusTest, AsksEveryEngineForItsOwn) {
  Have(docker_, CensusId('a'), "web");
  Have(podman_, CensusId('b'), "cache");
  Watch({docker_.path(), podman_.path()});
  Saw("/docker/" + CensusId('a'), 3);
  Saw("/libpod_parent/libpod-" + CensusId('b'), 5);
  EXPECT_THAT(Take().warnings, IsEmpty());
  EXPECT_THAT(Names(), ElementsAre("cache", "web"));
}

TEST_F(CensusTest, AnEngineThatDoesNotAnswerKeepsNobodyFromTheOther) {
  Have(podman_, CensusId('b'), "cache");
  docker_.Stop();
  Watch({docker_.path(), podman_.path()});
  EXPECT_EQ(engines_.problems_at_start().size(), 1u);
  Saw("/libpod_parent/libpod-" + CensusId('b'), 5);
  Take();
  EXPECT_THAT(Names(), ElementsAre("cache"));
}

TEST_F(CensusTest, WhomNoEngineKnowsIsRecordedByItsId) {
  Watch({docker_.path()});
  Saw("/libpod_parent/libpod-" + CensusId('b'), 5);
  EXPECT_THAT(Take().warnings, ElementsAre(HasSubstr("podman system service")));
  EXPECT_THAT(Names(), ElementsAre(CensusId('b').substr(0, 12)));
  EXPECT_EQ(census_.foreign, 0u);
}

TEST_F(CensusTest, WhomTheChosenEngineDoesNotKnowIsLeftOutAndSaid) {
  Watch({docker_.path()});
  Saw("/libpod_parent/libpod-" + CensusId('b'), 5);
  EXPECT_THAT(Take({.known_only = true}).warnings, ElementsAre(HasSubstr("are not recorded")));
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(Reason(), HasSubstr("none of the 1 container(s) that made calls is known to the engine"));
}

TEST_F(CensusTest, SaysWhyNothingWasRecorded) {
  Have(docker_, CensusId('a'), "web-1");
  Watch({docker_.path()});
  Take();
  EXPECT_THAT(Reason(), HasSubstr("no container was started while the recorder ran"));
  seen_.running_at_start = {CensusId('c')};
  Take();
  EXPECT_THAT(Reason(), HasSubstr("1 container(s) ran already: --running"));
  Saw("/docker/" + CensusId('a'), 3);
  Take({.filter = {.names = {"web"}}, .known_only = true});
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(Reason(), HasSubstr("match none of the 1 container(s) that made calls: web-1"));
}

TEST_F(CensusTest, AnIdleContainerIsNotOneThatDoesNotMatch) {
  Have(docker_, CensusId('a'), "web");
  Watch({docker_.path()});
  Saw("/docker/" + CensusId('a'), 0);
  seen_.running_at_start = {CensusId('a')};
  Take({.filter = {.names = {"w*"}}, .known_only = true});
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(Reason(), HasSubstr("no system call was made by web"));
}

TEST_F(CensusTest, NamesThoseThatThereWasNoRoomFor) {
  Have(docker_, CensusId('a'), "web");
  Watch({docker_.path()});
  Saw("/docker/" + CensusId('b'), 0);
  seen_.refused = {"/docker/" + CensusId('a')};
  Take({.max_containers = 1});
  const auto parts = DivideByName(seen_, census_, choice_);
  ASSERT_THAT(parts, ElementsAre(Key("web")));
  EXPECT_EQ(parts.at("web").losses.at(0).what, "containers_full");
}

}  // namespace
}  // namespace syscarve
