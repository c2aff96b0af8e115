// SPDX-License-Identifier: Apache-2.0
// Recordings that are drawn by chance, and texts with every kind of damage.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/unit/effort.h"
#include "tests/unit/model/full_recording.h"
#include "tests/unit/model/recording_texts.h"
#include "tests/unit/policy/random_recordings.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/recording_words.h"

namespace syscarve {
namespace {

// `recording` with `count` runs that differ from its own only in numbers.
Recording WithRuns(Recording recording, RandomRecordings& random, unsigned count) {
  const RunList originals = recording.runs;
  if (originals.empty()) return recording;
  recording.runs.clear();
  for (unsigned i = 0; i < count; ++i) {
    syscarve::Run run = originals[random.Below(static_cast<unsigned>(originals.size()))];
    run.id = std::string(24, '0') + std::to_string(10'000'000 + i);
    for (auto& [subject, trace] : run.subjects) {
      for (auto& [id, seen] : trace.calls) {
        const uint64_t more = random.Below(1000);
        seen.count += more;
        seen.programs.begin()->second += more;
      }
    }
    recording.runs.push_back(run);
  }
  return recording;
}

TEST(RecordingJsonTest, RandomRecordingsRoundTripInBothForms) {
  RandomRecordings random(11);
  for (int round = 0; round < 200; ++round) {
    const Recording recording = WithRuns(random.Next(), random, random.Below(30));
    const std::string full = FormatRecording(recording);
    const std::string dense = FormatRecording(recording, kDense);
    const auto from_full = ParseRecording(full);
    const auto from_dense = ParseRecording(dense);
    ASSERT_TRUE(from_full.ok()) << from_full.status();
    ASSERT_TRUE(from_dense.ok()) << from_dense.status() << dense;
    ASSERT_EQ(*from_full, recording);
    ASSERT_EQ(*from_dense, recording);
    ASSERT_EQ(FormatRecording(*from_full, kDense), dense) << "the same recording, the same bytes";
    const size_t front =
        FormatRecording(
            Recording{recording.host, recording.method, recording.programs, recording.subjects, {}, recording.losses})
            .size();
    ASSERT_LE(dense.size(), front + recording.runs.text_bytes() + 100);
  }
}

// At limits of any size: what the writer leaves in, the reader takes, and what it leaves out it names.
TEST(RecordingJsonTest, TheWriterNeverWritesWhatTheReaderRefuses) {
  RandomRecordings random(12);
  int left_out = 0;
  for (int round = 0; round < 400; ++round) {
    const Recording recording = WithRuns(random.Next(), random, random.Below(40));
    const RecordingLimits limits = {.bytes = 1 + random.Below(20'000),
                                    .values = 1 + random.Below(random.Below(2) == 0 ? 200 : 100'000),
                                    .full_numbers = random.Below(2) == 0 ? 0U : 100'000U};
    const std::string text = FormatRecording(recording, limits);
    const auto whole = FormatWholeRecording(recording, limits);
    if (text.empty()) {
      EXPECT_FALSE(whole.ok());
      continue;
    }
    const auto read = ParseRecording(text, limits);
    ASSERT_TRUE(read.ok()) << read.status();
    if (*read == recording) {
      ASSERT_TRUE(whole.ok()) << whole.status();
      EXPECT_EQ(*whole, text);
      continue;
    }
    ++left_out;
    EXPECT_FALSE(whole.ok());
    Recording expected = recording;
    while (expected.runs.size() > read->runs.size()) expected.runs.pop_back();
    expected.losses.push_back(RunsFullLoss(recording.runs.size() - expected.runs.size()));
    ASSERT_EQ(*read, expected);
    EXPECT_FALSE(read->complete());
  }
  EXPECT_GT(left_out, 50);
}

// The full recording without line breaks and indentation, to make the exhaustive tests shorter.
std::string WithoutLayout(const std::string& text) {
  std::string dense;
  for (const char c : text) {
    const bool at_line_start = dense.empty() || dense.back() == '\n';
    if (at_line_start && c == ' ') continue;
    if (at_line_start && !dense.empty()) dense.pop_back();
    dense += c;
  }
  return dense;
}

class RecordingJsonFormTest : public testing::TestWithParam<size_t> {
 protected:
  // In the form that is used above so many numbers.
  static std::string Text() { return WithoutLayout(FormatRecording(FullRecording(), {.full_numbers = GetParam()})); }
};

INSTANTIATE_TEST_SUITE_P(Forms, RecordingJsonFormTest, testing::Values(0, 100'000));

TEST_P(RecordingJsonFormTest, ATruncatedRecordingIsRefused) {
  const std::string text = Text();
  for (size_t size = 0; size < text.size() - 1; size += InputsToTry<size_t>(1, 7)) {
    ASSERT_FALSE(ParseRecording(std::string_view(text).substr(0, size)).ok()) << size;
  }
}

// Whatever one wrong byte makes of a recording, it is refused or is again a recording that keeps its meaning.
TEST_P(RecordingJsonFormTest, AChangedByteIsRefusedOrRoundTrips) {
  const std::string text = Text();
  ASSERT_TRUE(ParseRecording(text).ok());
  constexpr std::array<int, 3> kChanges = {0x01, 0x20, 0x80};
  for (size_t place = 0; place < text.size(); place += InputsToTry<size_t>(1, 5)) {
    for (size_t i = 0; i < InputsToTry(kChanges.size(), size_t{1}); ++i) {
      std::string changed = text;
      changed[place] = static_cast<char>(changed[place] ^ kChanges[(place + i) % kChanges.size()]);
      const auto parsed = ParseRecording(changed);
      if (!parsed.ok()) continue;
      const auto again = ParseRecording(FormatRecording(*parsed));
      ASSERT_TRUE(again.ok()) << "byte " << place << ": " << again.status();
      ASSERT_EQ(*again, *parsed) << "byte " << place;
    }
  }
}

}  // namespace
}  // namespace syscarve
