// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/split_recording.h"

#include <gtest/gtest.h>

#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

constexpr SyscallId kRead{Abi::kX86_64, 0};
constexpr SyscallId kOpen{Abi::kX86_64, 2};
constexpr SyscallId kCapset{Abi::kX86_64, 126};

Observation Seen(uint64_t count, std::map<ProgramId, uint64_t> programs) {
  return {.count = count, .programs = std::move(programs)};
}

// Two replicas of web (subjects 0 and 2) and one of db, in two runs.
Recording Everything() {
  Recording all;
  all.programs = {{.path = "/init"}, {.path = "/nginx"}, {.path = "/postgres"}};
  for (const char* name : {"aaa", "bbb", "ccc"}) {
    all.subjects.push_back({.kind = SubjectKind::kContainer, .name = name, .cgroup = std::string("/docker/") + name});
  }
  all.subjects[1].hardening.emplace().files[{.path = "/x"}].uses[2] = FileUse::kRead;
  all.losses = {{.what = "ring_full", .count = 1}};
  Run first{.id = std::string(32, '1'), .name = "setup"};
  first.subjects[0].calls[kRead] = Seen(3, {{0, 1}, {1, 2}});
  first.subjects[0].baseline_calls[kCapset] = Seen(1, {{0, 1}});
  first.subjects[1].calls[kOpen] = Seen(5, {{2, 5}});
  first.subjects[1].calls[kOpen].arguments = SeenArguments{.indexes = {0}, .values = {{{7}, {2}}}};
  first.subjects[1].denials[kRead] = {{.errno_value = 1, .count = 2, .programs = {{2, 2}}}};
  first.subjects[2];
  Run second{.id = std::string(32, '2'), .name = "test"};
  second.subjects[2].runtime_calls[kRead] = Seen(1, {{1, 1}});
  all.runs = {first, second};
  return all;
}

TEST(SplitByName, GivesEachNameItsOwn) {
  const auto parts = SplitByName(
      Everything(), {{0, {"web", {.id = "a", .name = "web-1"}}}, {1, {"db", {.id = "b"}}}, {2, {"web", {.id = "c"}}}});
  ASSERT_EQ(parts.size(), 2u);
  const Recording& web = parts.at("web");
  ASSERT_EQ(web.subjects.size(), 2u);
  EXPECT_EQ(web.subjects[0].name, "web");
  EXPECT_EQ(web.subjects[0].cgroup, "/docker/aaa");
  EXPECT_EQ(web.subjects[0].container->name, "web-1");
  EXPECT_EQ(web.subjects[1].container->id, "c");
  ASSERT_EQ(web.programs.size(), 2u) << "postgres is not web's";
  ASSERT_EQ(web.runs.size(), 2u);
  EXPECT_EQ(web.runs[0].subjects.at(0).calls.at(kRead), Seen(3, {{0, 1}, {1, 2}}));
  EXPECT_EQ(web.runs[0].subjects.at(0).baseline_calls.size(), 1u);
  EXPECT_FALSE(web.runs[0].subjects.contains(1)) << "it was silent then";
  EXPECT_EQ(web.runs[1].subjects.at(1).runtime_calls.size(), 1u);

  const Recording& db = parts.at("db");
  ASSERT_EQ(db.programs.size(), 1u);
  EXPECT_EQ(db.programs[0].path, "/postgres");
  EXPECT_EQ(db.runs[0].subjects.at(0).calls.at(kOpen).programs, (std::map<ProgramId, uint64_t>{{0, 5}}));
  EXPECT_EQ(db.runs[0].subjects.at(0).calls.at(kOpen).arguments->values.at({7}), std::set<ProgramId>{0});
  EXPECT_EQ(db.runs[0].subjects.at(0).denials.at(kRead)[0].programs, (std::map<ProgramId, uint64_t>{{0, 2}}));
  EXPECT_TRUE(db.runs[1].subjects.empty()) << "the run was watched all the same";
  EXPECT_EQ(db.losses, Everything().losses);
  EXPECT_EQ(db.subjects[0].hardening->files.at({.path = "/x"}).uses.at(0), FileUses(FileUse::kRead));
}

TEST(SplitByName, LeavesOutWhatWasNotChosen) {
  const auto parts = SplitByName(Everything(), {{1, {"db", {}}}});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts.begin()->second.subjects.size(), 1u);
}

TEST(SplitByName, MakesFilesThatCanBeRead) {
  for (const auto& [name, part] : SplitByName(Everything(), {{0, {"web", {.id = std::string(64, 'a')}}}})) {
    const auto read = ParseRecording(FormatRecording(part));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, part);
  }
}

}  // namespace
}  // namespace syscarve
