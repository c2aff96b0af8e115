// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/recording_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/job_test.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/app/standard_input.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::string RecordingOfRun(const std::string& run, std::string_view call) {
  return FormatRecording(RecordingBuilder(run, std::string(32, run[0])).Call(call).Build());
}

class RecordingInputsTest : public JobTest {};

TEST_F(RecordingInputsTest, AFolderStandsForItsRecordingsInTheOrderOfTheirNames) {
  Write("all/b.recording.json", "");
  Write("all/a.recording.json", "");
  Write("all/.c.recording.json", "");
  Write("all/notes.json", "");
  Write("all/below/d.recording.json", "");
  EXPECT_THAT(RecordingPaths({Path("all")}).value(),
              ElementsAre(Path("all/a.recording.json"), Path("all/b.recording.json")));
  // A file is what it is called, whether it is there or not.
  EXPECT_THAT(RecordingPaths({"z.log", Path("all"), "-"}).value(),
              ElementsAre("z.log", Path("all/a.recording.json"), Path("all/b.recording.json"), "-"));
}

TEST_F(RecordingInputsTest, AFolderWithoutRecordingsIsAnError) {
  Write("empty/.hidden.recording.json", "");
  const absl::Status status = RecordingPaths({Path("empty")}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_EQ(status.message(), Path("empty") + ": no *.recording.json in it");
  RecordingMerger merger;
  EXPECT_EQ(AddRecordings({Path("empty")}, merger).status(), status);
}

TEST_F(RecordingInputsTest, EachRecordingOfAFolderComesWithItsStem) {
  Write("all/web.recording.json", "");
  Write("all/db.recording.json", "");
  std::vector<std::string> stems;
  const auto count = ForEachRecordingIn(Path("all"), [&](const std::string& path, std::string_view stem) {
    EXPECT_EQ(path, Path("all/" + std::string(stem) + ".recording.json"));
    stems.emplace_back(stem);
    return absl::OkStatus();
  });
  EXPECT_EQ(count.value(), 2U);
  EXPECT_THAT(stems, UnorderedElementsAre("db", "web"));
  int calls = 0;
  const auto failed = ForEachRecordingIn(Path("all"), [&](const std::string&, std::string_view) {
    ++calls;
    return absl::AbortedError("enough");
  });
  EXPECT_TRUE(absl::IsAborted(failed.status()));
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(std::string(ForEachRecordingIn(Path("none"),
                                             [](const std::string&, std::string_view) { return absl::OkStatus(); })
                              .status()
                              .message()),
              HasSubstr("list " + Path("none")));
}

TEST_F(RecordingInputsTest, StandardInputIsReadOnlyOnce) {
  const std::string words = "standard input can be read only once";
  EXPECT_EQ(RecordingPaths({"-", "a", "-"}).status(), absl::InvalidArgumentError(words));
  RecordingMerger merger;
  EXPECT_EQ(AddRecordings({"-", "-"}, merger).status(), absl::InvalidArgumentError(words));
  EXPECT_TRUE(CheckStandardInput({}).ok());
  EXPECT_TRUE(CheckStandardInput({"a", "a", "-"}).ok());
  EXPECT_EQ(InputName("-"), "standard input");
  EXPECT_EQ(InputName("./-"), "./-");
}

TEST_F(RecordingInputsTest, AnErrorNamesTheFile) {
  const std::string bad = Write("bad.json", "{]");
  const absl::Status status = ReadRecordingInput(bad).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), testing::StartsWith(bad + ": "));
  EXPECT_TRUE(absl::IsNotFound(ReadRecordingInput(Path("none")).status()));
  EXPECT_THAT(std::string(ReadRecordingInput(Write("a\nb.json", "{]")).status().message()),
              testing::Not(HasSubstr("\n")));
}

TEST_F(RecordingInputsTest, AddsFilesAndFoldersTogether) {
  Write("all/a.recording.json", RecordingOfRun("a", "read"));
  Write("all/b.recording.json", RecordingOfRun("b", "write"));
  const std::string single = Write("c.json", RecordingOfRun("c", "close"));
  RecordingMerger merger;
  EXPECT_EQ(AddRecordings({single, Path("all")}, merger).value(), 3U);
  EXPECT_EQ(merger.Result().value().runs.size(), 3U);
  RecordingMerger failing;
  Write("all/c.recording.json", "{]");
  EXPECT_THAT(std::string(AddRecordings({Path("all")}, failing).status().message()),
              HasSubstr(Path("all/c.recording.json")));
}

}  // namespace
}  // namespace syscarve
