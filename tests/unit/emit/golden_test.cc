// tests/golden/generate/<case>/recording.json must give exactly the texts beside it. tests/golden/update.sh writes them
// anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "userspace/base/file.h"
#include "userspace/emit/emit.h"
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

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, GivesTheKeptTexts) {
  const std::string folder = std::string(SYSCARVE_SOURCE_DIR "/tests/golden/generate/") + GetParam() + "/";
  const absl::StatusOr<Recording> recording = LoadRecording(folder + "recording.json");
  ASSERT_TRUE(recording.ok()) << recording.status();
  const std::vector<Recording> recordings = {*recording};

  const absl::StatusOr<GeneratedProfile> made = Generate(recordings, {});
  ASSERT_TRUE(made.ok()) << made.status();
  Compare(folder + "expected-docker.json", Emit(OutputFormat::kDocker, made->profile));
  Compare(folder + "expected-names.txt", Emit(OutputFormat::kNames, made->profile));
  Compare(folder + "expected-explain.txt", ExplainText(*made, {}));
  Compare(folder + "expected-explain.json", ExplainJson(*made, {}));

  const absl::StatusOr<GeneratedProfile> exact =
      Generate(recordings, {.closure = ClosureMode::kNone, .unlisted = UnlistedMode::kKill});
  ASSERT_TRUE(exact.ok()) << exact.status();
  Compare(folder + "expected-exact-oci.json", Emit(OutputFormat::kOci, exact->profile));

  const absl::StatusOr<GeneratedProfile> portable = Generate(recordings, {.closure = ClosureMode::kPortable});
  ASSERT_TRUE(portable.ok()) << portable.status();
  Compare(folder + "expected-portable-docker.json", Emit(OutputFormat::kDocker, portable->profile));
}

INSTANTIATE_TEST_SUITE_P(Generate, GoldenTest, testing::ValuesIn(Cases()),
                         [](const testing::TestParamInfo<std::string>& test) { return test.param; });

}  // namespace
}  // namespace syscarve
