// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/checkpoint_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/app/job_test.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/app/recording_output.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckpointFilesTest : public JobTest {
 protected:
  void TearDown() override {
    files_.Remove();
    JobTest::TearDown();
  }

  const Recording recording_ = RecordingBuilder().Call("read").Build();
  KeptNotes notes_;
  CheckpointFiles files_{std::nullopt, notes_};
};

TEST_F(CheckpointFilesTest, StandBesideTheOutput) {
  const std::string output = Path("web.json");
  EXPECT_EQ(CheckpointPath(output), output + ".partial");
  // Another recorder's is not replaced.
  Write("web.json.partial", "");
  EXPECT_EQ(CheckpointPath(output), output + ".partial.2");
  Write("web.json.partial.2", "");
  EXPECT_EQ(CheckpointPath(output), output + ".partial.3");
}

TEST_F(CheckpointFilesTest, StandElsewhereWhereTheOutputIsNoFile) {
  for (const std::string output : {"-", "/dev/stdout", "/proc/self/fd/1"}) {
    EXPECT_THAT(CheckpointPath(output), HasSubstr("/syscarve-recording." + std::to_string(getpid()) + ".json.partial"));
  }
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(CheckpointPath(Path("pipe")), HasSubstr("/syscarve-recording."));
}

TEST_F(CheckpointFilesTest, AnOutputKeepsItsPath) {
  const std::string path = files_.PathFor(Path("web.json"));
  EXPECT_EQ(path, Path("web.json.partial"));
  files_.Write(path, recording_);
  EXPECT_EQ(files_.PathFor(Path("web.json")), path);
  EXPECT_EQ(Read("web.json.partial"), FormatRecording(recording_));
  EXPECT_THAT(files_.Paths(), ElementsAre(path));
}

TEST_F(CheckpointFilesTest, KeepsOnlyThoseThatAreNamed) {
  files_.Write(Path("a"), recording_);
  files_.Write(Path("b"), recording_);
  files_.Write(Path("c"), recording_);
  files_.KeepOnly({Path("b"), Path("never-written")});
  EXPECT_THAT(In(), ElementsAre("b"));
  EXPECT_THAT(files_.Paths(), ElementsAre(Path("b")));
  files_.Remove();
  EXPECT_THAT(In(), IsEmpty());
  EXPECT_THAT(files_.Paths(), IsEmpty());
}

TEST_F(CheckpointFilesTest, WarnsOnceAndGoesOnTrying) {
  const std::string path = Path("gone/web.json.partial");
  files_.Write(path, recording_);
  files_.Write(path, recording_);
  EXPECT_THAT(notes_.warnings,
              ElementsAre(testing::StartsWith("if the recorder is killed, what it recorded is lost: ")));
  EXPECT_THAT(files_.Paths(), IsEmpty());
  std::filesystem::create_directory(Path("gone"));
  files_.Write(path, recording_);
  EXPECT_THAT(files_.Paths(), ElementsAre(path));
  EXPECT_EQ(notes_.warnings.size(), 1U);
}

TEST_F(CheckpointFilesTest, AreNamedWhereTheRecordingIsLost) {
  files_.Write(Path("a"), recording_);
  EndCheckpoints(files_, /*lost=*/true, notes_);
  EXPECT_THAT(notes_.warnings, ElementsAre("what was recorded until shortly before is in " + Path("a")));
  EXPECT_THAT(In(), ElementsAre("a"));
  EndCheckpoints(files_, /*lost=*/false, notes_);
  EXPECT_THAT(In(), IsEmpty());
  EXPECT_EQ(notes_.warnings.size(), 1U);
}

}  // namespace
}  // namespace syscarve
