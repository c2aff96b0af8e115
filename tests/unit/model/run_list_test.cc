// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/run_list.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/model/full_recording.h"
#include "tests/unit/policy/random_recordings.h"

namespace syscarve {
namespace {

std::vector<syscarve::Run> Unpacked(const RunList& list) {
  std::vector<syscarve::Run> runs;
  for (const auto& run : list) runs.push_back(run);
  return runs;
}

// Every field, with the largest numbers that it can have; also what no file can say.
TEST(RunListTest, GivesBackWhatWasPutIn) {
  syscarve::Run run = FullRecording().runs[0];
  run.command = CommandEnd{.status = 255, .ended_by_recorder = UINT64_MAX};
  run.start = UINT64_MAX;
  run.end = 0;
  SubjectTrace& trace = run.subjects[UINT32_MAX];
  trace.calls[{Abi::kSheb, INT32_MAX}] = {
      .count = UINT64_MAX,
      .first_seen = 0,
      .programs = {{UINT32_MAX, UINT64_MAX}},
      .arguments = SeenArguments{.indexes = {0, 5},
                                 .values = {{{0, UINT64_MAX}, {0, UINT32_MAX}}, {{1, 0}, {7}}},
                                 .files = {{{1, 0}, {"tty", std::string(64, '~')}}},
                                 .open = true}};
  trace.calls[{Abi::kSheb, 1}] = {
      .count = 1, .programs = {{1, 1}}, .arguments = SeenArguments{.indexes = {3}, .pointed_to = true}};
  trace.calls[{Abi::kX86_64, 0}] = {};
  trace.runtime_calls[{Abi::kArm, 7}] = {.count = 3, .programs = {{0, 1}, {1, 1}}};
  trace.baseline_calls[{Abi::kArm, 7}] = {.count = 1, .programs = {{0, UINT64_MAX}, {1, 2}}};
  trace.denials[{Abi::kX32, 9}] = {{.errno_value = -2, .count = UINT64_MAX, .programs = {{0, UINT64_MAX}}},
                                   {.errno_value = 4095, .count = 5}};
  trace.denials[{Abi::kX32, 10}] = {};
  trace.capabilities[63].during[std::nullopt] = {.granted = UINT64_MAX, .denied = UINT64_MAX};
  trace.capabilities[63].sites[std::nullopt] = {{{.functions = {std::string(300, 'x'), ""}, .in_vain = true}, {1, 0}},
                                                {{.functions = {"b"}}, {UINT64_MAX, 2}}};
  trace.capabilities[0].foreign = {.granted = UINT64_MAX, .denied = 1};
  trace.timeline = Timeline{.start = UINT64_MAX, .bucket_nanos = UINT64_MAX, .counts = {0, UINT64_MAX}};
  run.subjects[7].timeline = Timeline();

  RunList list = {run};
  EXPECT_EQ(list[0], run);
  EXPECT_EQ(list.head(0).id, run.id);
  EXPECT_TRUE(list.head(0).subjects.empty());
  list.Update(0, [&](auto& changed) {
    EXPECT_EQ(changed, run);
    changed.start = 5;
    run.start = 5;
  });
  EXPECT_EQ(list.back(), run);
  EXPECT_THROW(list.at(1), std::out_of_range);
}

TEST(RunListTest, BehavesAsAVectorDoes) {
  RandomRecordings random(7);
  RunList list;
  std::vector<syscarve::Run> runs;
  for (int step = 0; step < 500; ++step) {
    const RunList more = random.Next().runs;
    const unsigned choice = random.Below(4);
    if (choice == 0 && !runs.empty()) {
      list.pop_back();
      runs.pop_back();
    } else if (choice == 1 && !runs.empty() && !more.empty()) {
      const size_t i = random.Below(static_cast<unsigned>(runs.size()));
      list.Update(i, [&](auto& run) { run = more[0]; });
      runs[i] = more[0];
    } else {
      for (const auto& run : more) {
        list.push_back(run);
        runs.push_back(run);
      }
    }
    ASSERT_EQ(list.size(), runs.size());
  }
  EXPECT_EQ(Unpacked(list), runs);
  RunList other;
  for (const auto& run : runs) other.push_back(run);
  EXPECT_EQ(other, list);
  EXPECT_EQ(other.numbers(), list.numbers());
  const RunList copy = list;
  list.clear();
  EXPECT_EQ(Unpacked(copy), runs) << "a copy does not depend on where it is from";
}

TEST(RunListTest, KeepsOnceWhatRunsHaveInCommon) {
  syscarve::Run run;
  for (int nr = 0; nr < 250; ++nr) run.subjects[0].calls[{Abi::kX86_64, nr}] = {.count = 1, .programs = {{0, 1}}};
  RunList list;
  for (uint64_t i = 0; i < 1000; ++i) {
    for (auto& [id, seen] : run.subjects[0].calls) seen.count = seen.programs[0] = 1 + i % 100;
    list.push_back(run);
  }
  EXPECT_EQ(list.shape_count(), 1U);
  EXPECT_EQ(list.row_count(), 250U);
  EXPECT_EQ(list.numbers(), 250'000U);
}

// A recorder looks at the open run again and again.
TEST(RunListTest, WhatIsTakenBackLeavesNothingBehind) {
  RunList list = FullRecording().runs;
  const size_t shapes = list.shape_count();
  const size_t text_bytes = list.text_bytes();
  for (int nr = 1; nr < 100; ++nr) {
    syscarve::Run run;
    for (int i = 0; i < nr; ++i) run.subjects[0].calls[{Abi::kX86_64, 0}] = {.count = 1, .programs = {{1, 1}}};
    run.subjects[0].denials[{Abi::kX86_64, nr}] = {{.errno_value = 1}};
    list.push_back(run);
    list.pop_back();
  }
  EXPECT_EQ(list.shape_count(), shapes);
  EXPECT_LT(list.text_bytes(), text_bytes + 1000) << "one row stays";
}

}  // namespace
}  // namespace syscarve
