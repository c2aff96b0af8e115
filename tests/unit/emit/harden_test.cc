// SPDX-License-Identifier: Apache-2.0
// What `harden` writes for each target: tests/golden/harden/ has the kept texts, tests/golden/update.sh writes them
// anew.
#include "userspace/emit/harden.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/harden/services.h"
#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/yaml.h"
#include "userspace/policy/generate.h"

namespace syscarve {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr size_t kLimit = size_t{1} << 20;

class HardenTargetsTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<Recording> recordings = {NginxRecording()};
    GenerateOptions options;
    options.closure = ClosureMode::kNone;
    options.conditions = false;
    absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
    ASSERT_TRUE(made.ok()) << made.status();
    profile_ = made->profile;
    PlanRequest request;
    request.title = "shop-web";
    request.profile = "profiles/shop-web.json";
    request.recordings = recordings;
    request.made = &*made;
    request.tried = {SettingKind::kUser};
    absl::StatusOr<HardeningPlan> plan = MakePlan(request);
    ASSERT_TRUE(plan.ok()) << plan.status();
    plan_ = *std::move(plan);
  }

  std::string Text(HardenTarget target) {
    const absl::StatusOr<Emitted> emitted = EmitHardening(target, plan_, profile_);
    EXPECT_TRUE(emitted.ok()) << emitted.status();
    return emitted.ok() ? emitted->text : "";
  }
  std::string ErrorOf(HardenTarget target) {
    const absl::StatusOr<Emitted> emitted = EmitHardening(target, plan_, profile_);
    EXPECT_FALSE(emitted.ok()) << emitted->text;
    return std::string(emitted.status().message());
  }

  HardeningPlan plan_;
  Profile profile_;
};

TEST_F(HardenTargetsTest, GivesTheKeptTexts) {
  for (const HardenTarget target : kAllHardenTargets) {
    const std::string path =
        Concat(SYSCARVE_SOURCE_DIR "/tests/golden/harden/expected-", HardenTargetName(target), ".txt");
    const std::string text = Text(target);
    if (std::getenv("SYSCARVE_UPDATE_GOLDENS") != nullptr) {
      ASSERT_TRUE(WriteFileAtomically(path, text).ok()) << path;
      continue;
    }
    const absl::StatusOr<std::string> expected = ReadFile(path, kLimit);
    ASSERT_TRUE(expected.ok()) << expected.status();
    EXPECT_EQ(text, *expected) << path << "; tests/golden/update.sh writes it anew";
  }
}

TEST_F(HardenTargetsTest, YamlIsYaml) {
  constexpr JsonLimits kYamlLimits = {.bytes = kLimit, .values = 10000, .depth = 32};
  plan_.line.writable["/srv/it's \"x\" #y"] = {.volume = true};
  plan_.line.no_network = true;
  plan_.line.apparmor = "a: b";
  for (const HardenTarget target : {HardenTarget::kCompose, HardenTarget::kKubernetes}) {
    const absl::StatusOr<std::vector<JsonValue>> documents = ParseYaml(Text(target), kYamlLimits);
    EXPECT_TRUE(documents.ok()) << documents.status() << Text(target);
  }
}

TEST_F(HardenTargetsTest, AShellReadsPathsAsTheyAre) {
  plan_.line.writable = {{"/srv/$(id) `x`", {.volume = true}}, {"/tmp/a'b", {}}};
  plan_.profile = "my profiles/web.json";
  const std::string text = Text(HardenTarget::kDocker);
  EXPECT_THAT(text, HasSubstr("--volume 'shop-web-srv-id-x:/srv/$(id) `x`'"));
  EXPECT_THAT(text, HasSubstr("--security-opt 'seccomp=my profiles/web.json'"));
  EXPECT_THAT(text, Not(HasSubstr(" /tmp/a'b:")));
}

TEST_F(HardenTargetsTest, WhatATargetCannotSayIsAnError) {
  plan_.line.writable = {{"/srv/a:b", {}}};
  for (const HardenTarget target :
       {HardenTarget::kDocker, HardenTarget::kCompose, HardenTarget::kKubernetes, HardenTarget::kPodman}) {
    EXPECT_THAT(ErrorOf(target), HasSubstr("cannot express")) << HardenTargetName(target);
  }
  for (const char* const hostile : {"/srv/a\nUser=root", "/srv/a b", "/srv/\"x"}) {
    plan_.line.writable = {{hostile, {.volume = true}}};
    for (const HardenTarget target : {HardenTarget::kSystemd}) {
      EXPECT_THAT(ErrorOf(target), HasSubstr("cannot express")) << HardenTargetName(target);
    }
  }
  plan_.line.writable.clear();
  plan_.line.devices = {"/dev/x\nExecStart=/bin/sh"};
  EXPECT_THAT(ErrorOf(HardenTarget::kPodman), HasSubstr("cannot express"));
}

TEST_F(HardenTargetsTest, AnImageIsNoOption) {
  plan_.facts.images = {"--privileged"};
  EXPECT_THAT(Text(HardenTarget::kDocker), Not(HasSubstr("--privileged")));
}

TEST_F(HardenTargetsTest, ComposeReplacesNoVariable) {
  plan_.line.writable = {{"/srv/$HOME", {.volume = true}}};
  EXPECT_THAT(Text(HardenTarget::kCompose), HasSubstr("$$HOME"));
}

TEST_F(HardenTargetsTest, SpecifiersOfUnitsAreDoubled) {
  plan_.line.writable = {{"/srv/%h", {.volume = true}}};
  EXPECT_THAT(Text(HardenTarget::kSystemd), HasSubstr("ReadWritePaths=-/srv/%%h\n"));
}

TEST_F(HardenTargetsTest, PodsTakeNumbersForUsers) {
  plan_.line.user = "redis";
  const absl::StatusOr<Emitted> emitted = EmitPod(plan_);
  ASSERT_TRUE(emitted.ok()) << emitted.status();
  EXPECT_THAT(emitted->text, Not(HasSubstr("runAsUser")));
  EXPECT_THAT(emitted->warnings, testing::Contains(HasSubstr("redis is a name")));
}

TEST_F(HardenTargetsTest, VolumesOfDifferentDirectoriesAreDifferent) {
  plan_.line.writable = {{"/a/b", {.volume = true}}, {"/a-b", {.volume = true}}, {"/\n", {.volume = true}}};
  std::set<std::string> names;
  for (const auto& [path, name] : VolumeNames(plan_)) EXPECT_TRUE(names.insert(name).second) << name;
  EXPECT_EQ(names.size(), 3U);
}

}  // namespace
}  // namespace syscarve
