// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/generate_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/job_test.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string RecordingOfCall(std::string_view call, char id = 'a') {
  return FormatRecording(RecordingBuilder("default", std::string(32, id)).Call(call).Build());
}

class GenerateFolderTest : public JobTest {
 protected:
  FolderRequest Request(std::vector<std::string> folders) const {
    FolderRequest request;
    request.folders = std::move(folders);
    request.output = Path("profiles");
    request.emit.format = "docker";
    request.options.closure = ClosureMode::kNone;
    request.native = Abi::kX86_64;
    return request;
  }

  std::set<std::string> Allowed(std::string_view name) const {
    std::set<std::string> names;
    const absl::StatusOr<Profile> profile = ParseProfile(Read(name));
    EXPECT_TRUE(profile.ok()) << profile.status();
    if (!profile.ok()) return names;
    for (const Rule& rule : profile->rules) {
      if (rule.action.kind == ActionKind::kAllow) names.insert(rule.names.begin(), rule.names.end());
    }
    return names;
  }

  std::string Error(const FolderRequest& request) {
    const absl::StatusOr<std::string> summary = GenerateFolder(request, notes_);
    EXPECT_FALSE(summary.ok());
    return std::string(summary.status().message());
  }

  KeptNotes notes_;
};

TEST_F(GenerateFolderTest, WritesAProfileForEachService) {
  Write("monday/web.recording.json", RecordingOfCall("read"));
  Write("monday/db.recording.json", RecordingOfCall("fsync"));
  Write("tuesday/web.recording.json", RecordingOfCall("write", 'b'));
  const absl::StatusOr<std::string> summary = GenerateFolder(Request({Path("monday"), Path("tuesday")}), notes_);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(In("profiles"), ElementsAre("SUMMARY.md", "capabilities.yaml", "db.json", "web.json"));
  EXPECT_THAT(Read("profiles/capabilities.yaml"), EndsWith("\n\"db\": []\n\"web\": []\n"));
  EXPECT_THAT(Allowed("profiles/web.json"), ElementsAre("read", "write"));
  EXPECT_THAT(Allowed("profiles/db.json"), ElementsAre("fsync"));
  EXPECT_THAT(*summary, StartsWith(Path("profiles/db.json") + "\n  "));
  EXPECT_THAT(*summary, HasSubstr("\n" + Path("profiles/web.json") + "\n  "));
  EXPECT_THAT(Read("profiles/SUMMARY.md"), HasSubstr("web"));
  EXPECT_THAT(notes_.warnings, ElementsAre(StartsWith("db: recorded without a container: "),
                                           StartsWith("web: recorded without a container: ")));
  EXPECT_THAT(notes_.notes, IsEmpty());
  // The same again replaces what it wrote.
  EXPECT_TRUE(GenerateFolder(Request({Path("monday"), Path("tuesday")}), notes_).ok());
}

TEST_F(GenerateFolderTest, WarningsNameTheService) {
  Recording incomplete = RecordingBuilder().Call("read").Build();
  incomplete.losses.push_back({.what = "slots_full", .count = 1, .missed_calls = true, .detail = "A test's."});
  Write("all/web.recording.json", FormatRecording(incomplete));
  Write("all/db.recording.json", RecordingOfCall("read"));
  FolderRequest request = Request({Path("all")});
  request.options.allow_incomplete = true;
  ASSERT_TRUE(GenerateFolder(request, notes_).ok());
  EXPECT_THAT(notes_.warnings, ElementsAre(StartsWith("db: recorded without a container: "),
                                           StartsWith("web: a recording is incomplete: "),
                                           StartsWith("web: recorded without a container: ")));
}

TEST_F(GenerateFolderTest, ABadRecordingAndNothingIsWritten) {
  Write("all/db.recording.json", RecordingOfCall("read"));
  Write("all/web.recording.json", "{]");
  EXPECT_THAT(Error(Request({Path("all")})), HasSubstr(Path("all/web.recording.json")));
  EXPECT_THAT(In(), ElementsAre("all"));
  Recording incomplete = RecordingBuilder().Call("read").Build();
  incomplete.losses.push_back({.what = "slots_full", .count = 1, .missed_calls = true, .detail = "A test's."});
  Write("all/web.recording.json", FormatRecording(incomplete));
  EXPECT_THAT(Error(Request({Path("all")})), StartsWith(Path("all/web.recording.json") + ": "));
  EXPECT_THAT(In(), ElementsAre("all"));
  EXPECT_THAT(notes_.warnings, IsEmpty());
}

TEST_F(GenerateFolderTest, SomebodyElsesSummaryIsNotReplaced) {
  Write("all/web.recording.json", RecordingOfCall("read"));
  Write("profiles/SUMMARY.md", "Mine.\n");
  EXPECT_THAT(Error(Request({Path("all")})), HasSubstr("was not made by syscarve"));
  EXPECT_THAT(In("profiles"), ElementsAre("SUMMARY.md"));
  EXPECT_EQ(Read("profiles/SUMMARY.md"), "Mine.\n");
}

TEST_F(GenerateFolderTest, RefusesWhatAFolderCannotBe) {
  Write("all/web.recording.json", RecordingOfCall("read"));
  FolderRequest names = Request({Path("all")});
  names.emit.format = "names";
  EXPECT_EQ(Error(names), "--format names makes no profiles, as a folder needs them");
  FolderRequest compose = Request({Path("all")});
  compose.emit.format = "kafel";
  compose.compose = Path("docker-compose.yml");
  EXPECT_EQ(Error(compose), "Compose takes profiles as docker or oci, not as kafel");
  FolderRequest named = Request({Path("all")});
  named.emit.name = "web";
  EXPECT_THAT(Error(named), HasSubstr("--name is for one profile"));
  FolderRequest output = Request({Path("all")});
  output.output = "-";
  EXPECT_THAT(Error(output), StartsWith("the profiles of a folder do not fit in standard output"));
  output.output = Write("file", "");
  EXPECT_THAT(Error(output), StartsWith(Path("file") + ": "));
  Write("empty/nothing.json", "");
  EXPECT_THAT(Error(Request({Path("empty")})), StartsWith(Path("empty") + ": no *.recording.json in it"));
  Write("odd/web.recording.recording.json", RecordingOfCall("read"));
  EXPECT_THAT(Error(Request({Path("odd")})), HasSubstr("would be called like a recording"));
  EXPECT_FALSE(std::filesystem::exists(Path("profiles")));
}

TEST_F(GenerateFolderTest, AnOverrideIsForTheServicesOfTheComposeFile) {
  RecordingBuilder builder;
  builder.Call("read");
  Subject& subject = builder.recording().subjects[0];
  subject.kind = SubjectKind::kContainer;
  subject.name = "web";
  subject.container = Container{};
  subject.container->labels = {{"com.docker.compose.service", "web"}};
  Write("all/web.recording.json", FormatRecording(builder.Build()));
  Write("all/tool.recording.json", RecordingOfCall("read", 'b'));
  FolderRequest request = Request({Path("all")});
  request.baseline.baseline = "none";
  request.compose = Write("project/docker-compose.yml", "services:\n  web:\n    image: nginx\n");
  ASSERT_TRUE(GenerateFolder(request, notes_).ok());
  EXPECT_THAT(In("profiles"),
              ElementsAre("SUMMARY.md", "capabilities.yaml", "docker-compose.override.yml", "tool.json", "web.json"));
  EXPECT_THAT(Read("profiles/docker-compose.override.yml"), HasSubstr("../profiles/web.json"));
  EXPECT_THAT(notes_.warnings, testing::Contains("tool: recorded without a container, so it is not in the override"));
}

}  // namespace
}  // namespace syscarve
