// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/emit_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/recordings.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

EmitRequest Request(const std::string& format) {
  EmitRequest request;
  request.format = format;
  return request;
}

std::string NameFor(const std::string& source, const std::string& name = "") {
  EmitRequest request = Request("spo");
  request.name = name;
  return EmitOptionsOf(request, source, Abi::kX86_64).name;
}

GeneratedProfile MadeOf(const std::vector<Recording>& recordings) {
  const absl::StatusOr<GeneratedProfile> made = Generate(recordings, {.closure = ClosureMode::kNone});
  EXPECT_TRUE(made.ok()) << made.status();
  return made.value_or(GeneratedProfile());
}

TEST(EmitRequestTest, AProfileIsCalledAsItsInputIs) {
  EXPECT_EQ(NameFor("web.recording.json"), "web");
  EXPECT_EQ(NameFor("/tmp/all/web.json"), "web");
  EXPECT_EQ(NameFor("web"), "web");
  EXPECT_EQ(NameFor("web.v2.json"), "web.v2");
  EXPECT_EQ(NameFor("all/web/"), "web");
  EXPECT_EQ(NameFor("-"), "profile");
  EXPECT_EQ(NameFor("all/.json"), "profile");
  EXPECT_EQ(NameFor("/"), "profile");
  EXPECT_EQ(NameFor("web.json", "mine"), "mine");
}

TEST(EmitRequestTest, AFormatHasItsName) {
  for (const OutputFormat format : kAllOutputFormats) {
    EXPECT_EQ(FormatOf(Request(std::string(OutputFormatName(format)))), format);
  }
  EXPECT_EQ(FormatOf(Request("")), OutputFormat::kDocker);
}

TEST(EmitRequestTest, PassesOnWhatAFormatNeeds) {
  EmitRequest request = Request("systemd");
  request.base_profile = "runc";
  request.stricter = true;
  request.sets = true;
  request.kernel = KernelVersion{6, 1};
  const EmitOptions options = EmitOptionsOf(request, "web.json", Abi::kAarch64);
  EXPECT_EQ(options.native, Abi::kAarch64);
  EXPECT_EQ(options.base_profile, "runc");
  EXPECT_TRUE(options.stricter);
  EXPECT_TRUE(options.systemd_sets);
  EXPECT_EQ(options.kernel, (KernelVersion{6, 1}));
}

TEST(EmitRequestTest, CoverageCountsASubjectInARunOnce) {
  RecordingBuilder first("first", std::string(32, 'a'));
  first.Call("read", 100).Call("write").Call("read", 7, Abi::kI386);
  RecordingBuilder second("second", std::string(32, 'b'));
  second.Call("read");
  // A subject that made no call has no part in it.
  second.recording().subjects.push_back({.kind = SubjectKind::kCommand, .name = "idle", .cgroup = "/idle"});
  second.run().subjects[1] = {};
  const std::vector<Recording> recordings = {first.Build(), second.Build(), first.Build()};
  const Coverage coverage = CoverageOf(MadeOf(recordings), recordings);
  EXPECT_EQ(coverage.total, 2U);
  EXPECT_THAT(coverage.calls, ElementsAre(Pair("read", 2U), Pair("write", 1U)));
}

TEST(EmitRequestTest, CoverageCountsThePartsBehindASum) {
  std::vector<Recording> recordings;
  constexpr size_t kParts = kMaxSingleSightings + 50;
  for (size_t i = 0; i < kParts; ++i) {
    std::string id = std::to_string(i);
    id.insert(0, 32 - id.size(), '0');
    recordings.push_back(RecordingBuilder("run", id).Call("read").Build());
  }
  const Coverage coverage = CoverageOf(MadeOf(recordings), recordings);
  EXPECT_EQ(coverage.total, kParts);
  EXPECT_THAT(coverage.calls, ElementsAre(Pair("read", kParts)));
}

TEST(EmitRequestTest, AGeneratedProfileComesWithWhatWasRecorded) {
  const std::vector<Recording> recordings = {
      RecordingBuilder().Call("read").Call("setuid").Capability("SETUID", "setuid", 1, 0).Build()};
  const GeneratedProfile made = MadeOf(recordings);
  const Emitted systemd = EmitGenerated(Request("systemd"), "web.recording.json", made, recordings).value();
  EXPECT_THAT(systemd.text, HasSubstr("CapabilityBoundingSet=CAP_SETUID"));
  const Emitted spo = EmitGenerated(Request("spo"), "web.recording.json", made, recordings).value();
  EXPECT_THAT(spo.text, HasSubstr("name: web"));
  EXPECT_THAT(spo.text, HasSubstr("coverage"));
  const Emitted docker = EmitGenerated(Request("docker"), "web.recording.json", made, recordings).value();
  EXPECT_THAT(docker.text, Not(HasSubstr("coverage")));
}

}  // namespace
}  // namespace syscarve
