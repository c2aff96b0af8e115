// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/strace_summary.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "userspace/model/recording_json.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr std::string_view kHeader =
    "% time     seconds  usecs/call     calls    errors syscall\n"
    "------ ----------- ----------- --------- --------- ----------------\n";
constexpr std::string_view kTotal =
    "------ ----------- ----------- --------- --------- ----------------\n"
    "100.00    0.001000           4       222         4 total\n";

Recording Read(const std::string& text, Abi native = Abi::kX86_64) {
  EXPECT_TRUE(LooksLikeStraceSummary(text));
  const auto recording = ReadStraceSummary(text, native);
  EXPECT_TRUE(recording.ok()) << recording.status();
  if (!recording.ok()) return {};
  const auto again = ParseRecording(FormatRecording(*recording));
  EXPECT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *recording);
  EXPECT_FALSE(recording->complete());
  return *recording;
}

std::map<std::string, uint64_t> SummaryCalls(const Recording& recording) {
  std::map<std::string, uint64_t> calls;
  const Run run = recording.runs.at(0);
  for (const auto& [id, seen] : run.subjects.at(0).calls) calls[DisplayName(id)] = seen.count;
  return calls;
}

std::set<std::string> SummaryLosses(const Recording& recording) {
  std::set<std::string> words;
  for (const Loss& loss : recording.losses) words.insert(loss.what);
  return words;
}

using Counts = std::map<std::string, uint64_t>;

std::string Table(std::string_view rows) {
  return std::string(kHeader).append(rows).append(kTotal);
}

TEST(StraceSummaryTest, NamesAndCounts) {
  const Recording recording = Read("strace: Process 12 attached\nhello\n" +
                                   Table(" 61.20    0.000612           6       102         4 openat\n"
                                         " 38.80    0.000388           3       120           read\n") +
                                   "and more words of the program\n");
  EXPECT_EQ(SummaryCalls(recording), (Counts{{"openat", 102}, {"read", 120}}));
  EXPECT_EQ(SummaryLosses(recording), std::set<std::string>{"summary_only"});
  EXPECT_EQ(recording.programs.at(0).path, "");
}

TEST(StraceSummaryTest, TablesOfSeveralModes) {
  const Recording recording =
      Read("System call usage summary for 64 bit mode:\n" + Table("100.00    0.1    6    2    brk\n") +
           "System call usage summary for 32 bit mode:\n" + Table("100.00    0.1    6    3    brk\n"));
  EXPECT_EQ(SummaryCalls(recording), (Counts{{"brk", 2}, {"brk:i386", 3}}));
}

TEST(StraceSummaryTest, WhatIsUnclearIsALoss) {
  const std::string brk = " 1.0 0.1 6 2 brk\n";
  EXPECT_EQ(SummaryLosses(Read(Table(brk + " 1.0 0.1 6 2 nosuchcall\n"))),
            (std::set<std::string>{"summary_only", "unknown_name"}));
  EXPECT_EQ(SummaryLosses(Read(Table(brk + " 1.0 0.1 6 2 mmap2\n"))),
            (std::set<std::string>{"summary_only", "unclear_abi"}));
  const Recording recording = Read(Table(brk + "words in between\n 1.0 0.1 6 -2 read\n"));
  EXPECT_EQ(recording.losses.at(1).detail, "Rows of the table could not be read. Lines 4, 5.");
}

TEST(StraceSummaryTest, OtherColumnsAndEmptyTablesAreRefused) {
  for (const std::string& text : {std::string("% time     calls syscall\n 10.0  3 read\n"), Table("")}) {
    EXPECT_TRUE(LooksLikeStraceSummary(text));
    EXPECT_EQ(ReadStraceSummary(text, Abi::kX86_64).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace syscarve
