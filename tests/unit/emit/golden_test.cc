// SPDX-License-Identifier: Apache-2.0
// tests/golden/generate/<case>/recording.json and tests/golden/formats/profile.json must give exactly the texts beside
// them. tests/golden/update.sh writes them anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "userspace/base/file.h"
#include "userspace/emit/emit.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/recording_json.h"
#include "userspace/policy/generate.h"
#include "userspace/report/explain.h"

namespace syscarve {
namespace {

constexpr size_t kLimit = size_t{16} << 20;

std::vector<std::string> Cases() {
  std::vector<std::string> cases;
  for (const auto& entry : std::filesystem::directory_iterator(SYSCARVE_SOURCE_DIR "/tests/golden/generate")) {
    // Folders of several recordings are the end-to-end tests'.
    if (std::filesystem::exists(entry.path() / "recording.json")) cases.push_back(entry.path().filename());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

void Compare(const std::string& path, const std::string& actual) {
  if (std::getenv("SYSCARVE_UPDATE_GOLDENS") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(path, actual).ok()) << path;
    return;
  }
  const absl::StatusOr<std::string> expected = ReadFile(path, kLimit);
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_EQ(actual, *expected) << path << "; tests/golden/update.sh writes it anew";
}

std::string Text(OutputFormat format, const Profile& profile, const EmitOptions& options = {}) {
  const absl::StatusOr<Emitted> emitted = Emit(format, profile, options);
  EXPECT_TRUE(emitted.ok()) << emitted.status();
  return emitted.ok() ? emitted->text : "";
}

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, GivesTheKeptTexts) {
  const std::string folder = std::string(SYSCARVE_SOURCE_DIR "/tests/golden/generate/") + GetParam() + "/";
  const absl::StatusOr<Recording> recording = LoadRecording(folder + "recording.json");
  ASSERT_TRUE(recording.ok()) << recording.status();
  const std::vector<Recording> recordings = {*recording};

  const absl::StatusOr<GeneratedProfile> made = Generate(recordings, {});
  ASSERT_TRUE(made.ok()) << made.status();
  Compare(folder + "expected-docker.json", Text(OutputFormat::kDocker, made->profile));
  Compare(folder + "expected-names.txt", Text(OutputFormat::kNames, made->profile));
  Compare(folder + "expected-explain.txt", ExplainText(*made, {}));
  Compare(folder + "expected-explain.json", ExplainJson(*made, {}));

  const absl::StatusOr<GeneratedProfile> exact =
      Generate(recordings, {.closure = ClosureMode::kNone, .unlisted = UnlistedMode::kKill});
  ASSERT_TRUE(exact.ok()) << exact.status();
  Compare(folder + "expected-exact-oci.json", Text(OutputFormat::kOci, exact->profile));

  const absl::StatusOr<GeneratedProfile> safe = Generate(recordings, {.closure = ClosureMode::kSafe});
  ASSERT_TRUE(safe.ok()) << safe.status();
  Compare(folder + "expected-safe-docker.json", Text(OutputFormat::kDocker, safe->profile));
  Compare(folder + "expected-safe-explain.txt", ExplainText(*safe, {}));

  const absl::StatusOr<GeneratedProfile> portable = Generate(recordings, {.closure = ClosureMode::kPortable});
  ASSERT_TRUE(portable.ok()) << portable.status();
  Compare(folder + "expected-portable-docker.json", Text(OutputFormat::kDocker, portable->profile));
}

// The formats whose text does not depend on the compiler of filters.
TEST(FormatsGoldenTest, GiveTheKeptTexts) {
  const std::string folder = SYSCARVE_SOURCE_DIR "/tests/golden/formats/";
  const absl::StatusOr<Profile> profile = ParseProfile(ReadFile(folder + "profile.json", kMaxProfileBytes).value());
  ASSERT_TRUE(profile.ok()) << profile.status();
  const EmitOptions options = {.name = "Web server",
                               .native = Abi::kX86_64,
                               .stricter = true,
                               .base_profile = "runc-v1.4.2",
                               .coverage = Coverage{.total = 3, .calls = {{"read", 3}, {"write", 1}}},
                               .capabilities = std::vector<std::string>{"CAP_NET_BIND_SERVICE", "CAP_SETUID"},
                               .no_new_privs = true};
  for (const OutputFormat format : {OutputFormat::kDocker, OutputFormat::kOci, OutputFormat::kNames, OutputFormat::kSpo,
                                    OutputFormat::kSystemd, OutputFormat::kMinijail, OutputFormat::kKafel}) {
    const std::string name = std::string(OutputFormatName(format)) + std::string(OutputFormatSuffix(format));
    Compare(folder + "expected-" + name, Text(format, *profile, options));
    const absl::StatusOr<Emitted> emitted = Emit(format, *profile, options);
    ASSERT_TRUE(emitted.ok()) << emitted.status();
    std::string warnings;
    for (const std::string& warning : emitted->warnings) warnings += warning + "\n";
    Compare(folder + "warnings-" + std::string(OutputFormatName(format)) + ".txt", warnings);
  }
  EmitOptions with_sets = options;
  with_sets.systemd_sets = true;
  Compare(folder + "expected-systemd-sets.conf", Text(OutputFormat::kSystemd, *profile, with_sets));
}

// tests/golden/access/recording.json is of a Redis server, with some paths and calls that it did not have.
TEST(AccessGoldenTest, GivesTheKeptTexts) {
  const std::string folder = SYSCARVE_SOURCE_DIR "/tests/golden/access/";
  const absl::StatusOr<Recording> recording = LoadRecording(folder + "recording.json");
  ASSERT_TRUE(recording.ok()) << recording.status();
  const std::vector<Recording> recordings = {*recording};
  const absl::StatusOr<GeneratedProfile> made = Generate(recordings, {});
  ASSERT_TRUE(made.ok()) << made.status();
  const absl::StatusOr<AccessPolicy> policy = MakeAccessPolicy(recordings, AccessOptions{});
  ASSERT_TRUE(policy.ok()) << policy.status();
  for (const OutputFormat format : kAccessFormats) {
    const std::string name = std::string(OutputFormatName(format));
    const absl::StatusOr<Emitted> emitted =
        EmitAccess(format, *policy, {.name = "cache", .capabilities = made->cap_add});
    ASSERT_TRUE(emitted.ok()) << emitted.status();
    Compare(folder + "expected" + std::string(OutputFormatSuffix(format)), emitted->text);
    std::string words = emitted->summary;
    for (const std::string& warning : emitted->warnings) words += "warning: " + warning + "\n";
    Compare(folder + "words-" + name + ".txt", words);
  }
}

INSTANTIATE_TEST_SUITE_P(Generate, GoldenTest, testing::ValuesIn(Cases()),
                         [](const testing::TestParamInfo<std::string>& test) { return test.param; });

}  // namespace
}  // namespace syscarve
