// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/harden_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/job_test.h"
#include "tests/unit/harden/services.h"
#include "userspace/app/hardening_files.h"
#include "userspace/app/line_proofs.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class HardenServicesTest : public JobTest {
 protected:
  void SetUp() override {
    JobTest::SetUp();
    Write("recordings/shop-web.recording.json", FormatRecording(NginxRecording()));
    request_.inputs = {Path("recordings")};
    request_.output = Path("out");
    request_.baseline.baseline = "none";
    request_.native = Abi::kX86_64;
  }

  std::vector<PlannedService> Harden() {
    absl::StatusOr<std::vector<PlannedService>> services = HardenServices(request_, notes_);
    EXPECT_TRUE(services.ok()) << services.status();
    return services.ok() ? *std::move(services) : std::vector<PlannedService>(1);
  }
  std::string Error() {
    const absl::StatusOr<std::vector<PlannedService>> services = HardenServices(request_, notes_);
    EXPECT_FALSE(services.ok());
    return std::string(services.status().message());
  }
  // What `verify` reads of the folder.
  std::vector<ServiceProfile> Profiles() {
    const std::vector<std::string> words = {Path("out")};
    absl::StatusOr<std::vector<ServiceProfile>> profiles = ReadServiceProfiles(words, {});
    EXPECT_TRUE(profiles.ok()) << profiles.status();
    return profiles.ok() ? *std::move(profiles) : std::vector<ServiceProfile>();
  }
  static Verification Passed(bool confined) {
    Verification result;
    VerifiedRun run;
    run.enforced = true;
    run.containers.emplace();
    run.containers->containers.push_back({.service = "shop-web",
                                          .name = "c",
                                          .id = "i",
                                          .confined = confined,
                                          .running = false,
                                          .status = 0,
                                          .stop = std::nullopt});
    result.runs.push_back(run);
    return result;
  }

  HardenServicesRequest request_;
  KeptNotes notes_;
};

TEST_F(HardenServicesTest, WritesProfilesPlansAndLines) {
  const std::vector<PlannedService> services = Harden();
  ASSERT_EQ(services.size(), 1U);
  EXPECT_THAT(In("out"),
              ElementsAre("SUMMARY.md", "capabilities.yaml", "hardening.json", "shop-web.json", "shop-web.run.sh"));
  EXPECT_THAT(Read("out/shop-web.run.sh"), HasSubstr("docker run"));
  const auto lines = ParseHardening(Read("out/hardening.json"));
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(lines->at("shop-web"), services[0].plan.line);
  // The same again replaces what it wrote.
  Harden();
}

TEST_F(HardenServicesTest, WithoutAFolderNothingIsWritten) {
  request_.output.clear();
  const std::vector<PlannedService> services = Harden();
  EXPECT_EQ(services[0].plan.profile, "");
  EXPECT_THAT(In(), ElementsAre("recordings"));
}

TEST_F(HardenServicesTest, RecordingsAreOfOneService) {
  request_.inputs = {Path("recordings/shop-web.recording.json"), Path("recordings/shop-web.recording.json")};
  EXPECT_EQ(Harden()[0].plan.title, "shop-web");
  request_.inputs = {Path("recordings/shop-web.recording.json"), Path("recordings")};
  EXPECT_THAT(Error(), HasSubstr("either recordings"));
}

TEST_F(HardenServicesTest, AnOverrideForAComposeFile) {
  Write("docker-compose.yml", "services:\n  web:\n    image: nginx:1.25\n    cap_add: [NET_ADMIN]\n");
  request_.target = HardenTarget::kCompose;
  request_.compose = Path("docker-compose.yml");
  Harden();
  const std::string text = Read("out/docker-compose.override.yml");
  EXPECT_THAT(text, HasSubstr("    read_only: true\n"));
  EXPECT_THAT(text, HasSubstr("      - \"/run:rw,"));
  EXPECT_THAT(text, HasSubstr("\nvolumes:\n  shop-web-etc-nginx-conf.d: {}\n"));
  EXPECT_THAT(notes_.warnings, Contains(HasSubstr("NET_ADMIN")));
}

TEST_F(HardenServicesTest, FilesOfOthersStay) {
  Write("out/hardening.json", "{}");
  EXPECT_THAT(Error(), HasSubstr("was not made by syscarve"));
  EXPECT_EQ(Read("out/hardening.json"), "{}");
}

TEST_F(HardenServicesTest, AServiceOfThatNameIsRefused) {
  Write("recordings/hardening.recording.json", FormatRecording(NginxRecording()));
  EXPECT_THAT(Error(), HasSubstr("the name of something else"));
}

TEST_F(HardenServicesTest, WhatWasVerifiedIsProven) {
  const std::vector<PlannedService> before = Harden();
  const std::vector<ServiceProfile> profiles = Profiles();
  ASSERT_EQ(profiles.size(), 1U);
  EXPECT_EQ(profiles[0].line, before[0].plan.line);
  EXPECT_TRUE(HaveLines(profiles));
  // A container that was not confined proves nothing.
  ASSERT_TRUE(KeepLineProofs(profiles, Passed(false), {}).ok());
  EXPECT_EQ(Harden()[0].plan.Find(SettingKind::kReadOnlyRoot)->verdict, SettingVerdict::kObserved);
  ASSERT_TRUE(KeepLineProofs(profiles, Passed(true), {}).ok());
  EXPECT_EQ(Harden()[0].plan.Find(SettingKind::kReadOnlyRoot)->verdict, SettingVerdict::kProven);
  EXPECT_EQ(Harden()[0].plan.Find(SettingKind::kSeccomp)->verdict, SettingVerdict::kProven);
  EXPECT_EQ(Profiles().size(), 1U);  // The proofs are no profile.
  // Another profile is not the one that was verified.
  request_.proofs = Path("out/hardening-proofs.json");
  Write("out/hardening-proofs.json",
        FormatLineProofs({{"shop-web", {.profile = "sha256:0", .line = before[0].plan.line}}}));
  EXPECT_EQ(Harden()[0].plan.Find(SettingKind::kSeccomp)->verdict, SettingVerdict::kObserved);
  // What fails later is proven no more.
  Verification failed = Passed(true);
  failed.Add(VerifyProblemKind::kFails, "it failed", "");
  ASSERT_TRUE(KeepLineProofs(profiles, failed, {}).ok());
  EXPECT_EQ(Harden()[0].plan.Find(SettingKind::kReadOnlyRoot)->verdict, SettingVerdict::kObserved);
}

TEST_F(HardenServicesTest, ProofsThatAreNoneAreRefused) {
  request_.proofs = Write("proofs.json", R"({"schema": "syscarve.hardening-proofs/1", "services": {"web": {}}})");
  EXPECT_THAT(Error(), HasSubstr("proofs.json"));
}

TEST_F(HardenServicesTest, EveryFormatHasEverySetting) {
  const std::vector<PlannedService> services = Harden();
  for (const Setting& setting : services[0].plan.settings) {
    const std::string name(SettingKindName(setting.kind));
    EXPECT_THAT(HardenText(services), HasSubstr(name));
    EXPECT_THAT(HardenMarkdown(services), HasSubstr(name));
    EXPECT_THAT(HardenJson(services), HasSubstr(name));
  }
  EXPECT_THAT(FormatSarif(HardenFindingRules(), HardenFindings(services)),
              HasSubstr("\"ruleId\": \"no-new-privileges\""));
}

TEST_F(HardenServicesTest, TerminalsAndMarkdownGetNoHostileBytes) {
  ServiceBuilder service;
  service.File("/srv/a\x1b[31m|<b>/x", FileUse::kCreated);
  Write("recordings/shop-web.recording.json", FormatRecording(service.Build()));
  request_.output.clear();
  const std::vector<PlannedService> services = Harden();
  EXPECT_THAT(HardenText(services), testing::Not(HasSubstr("\x1b")));
  EXPECT_THAT(HardenMarkdown(services), testing::Not(HasSubstr("\x1b")));
  EXPECT_THAT(HardenJson(services), testing::Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace syscarve
