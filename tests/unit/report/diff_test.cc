// SPDX-License-Identifier: Apache-2.0
// The reports of a diff. tests/golden/diff/ has the expected texts; tests/golden/update.sh writes them anew.
#include "userspace/report/diff.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/unit/policy/recordings.h"
#include "userspace/base/file.h"
#include "userspace/model/profile_json.h"
#include "userspace/report/finding.h"
#include "userspace/review/diff_evidence.h"

namespace syscarve {
namespace {

constexpr char kFolder[] = SYSCARVE_SOURCE_DIR "/tests/golden/diff/";

void Compare(const std::string& path, const std::string& actual) {
  if (std::getenv("SYSCARVE_UPDATE_GOLDENS") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(path, actual).ok()) << path;
    return;
  }
  const absl::StatusOr<std::string> expected = ReadFile(path, size_t{1} << 20);
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_EQ(actual, *expected) << path << "; tests/golden/update.sh writes it anew";
}

GeneratedProfile Made(RecordingBuilder builder) {
  builder.recording().programs[0].path = "/usr/bin/service";
  const Recording recording = builder.Build();
  absl::StatusOr<GeneratedProfile> made = Generate({&recording, 1}, {});
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : GeneratedProfile{};
}

// Of the two profiles of tests/golden/diff, which differ in every way there is.
DiffReport Report(const std::string& before = "old.json", const std::string& after = "new.json") {
  const auto load = [](const std::string& name) {
    return ParseProfile(ReadFile(kFolder + name, size_t{1} << 20).value()).value();
  };
  const Profile old_profile = load("old.json");
  const Profile new_profile = load("new.json");
  return {
      .before = before,
      .after = after,
      .native = Abi::kX86_64,
      .diff = DiffMeanings(MeaningOf(old_profile, Abi::kX86_64).value(), MeaningOf(new_profile, Abi::kX86_64).value())
                  .value(),
      .risks = *ShippedRisks().value(),
      .evidence = std::nullopt};
}

DiffReport WithEvidence(const std::string& run_name) {
  DiffReport report = Report();
  const GeneratedProfile before = Made(RecordingBuilder("old tests").Calls({"stat", "kill"}));
  const GeneratedProfile after = Made(RecordingBuilder(run_name, std::string(32, 'b'))
                                          .Calls({"newfstatat", "socket", "personality"})
                                          .Call("connect", 23));
  report.evidence = FindEvidence(report.diff, before, after).value();
  return report;
}

TEST(DiffReportTest, GivesTheKeptTexts) {
  const std::string folder = kFolder;
  Compare(folder + "expected.txt", DiffText(Report()));
  Compare(folder + "expected.md", DiffMarkdown(Report()));
  Compare(folder + "expected-evidence.txt", DiffText(WithEvidence("upload test")));
  Compare(folder + "expected-evidence.md", DiffMarkdown(WithEvidence("upload test")));
  Compare(folder + "expected-evidence.json", DiffJson(WithEvidence("upload test")));
}

TEST(DiffReportTest, NothingThatIsReadReachesATerminalOrAPageRaw) {
  const std::string hostile = "x\x1b[2J\n</details>\n# <b>|`\xe2\x80\xae";
  DiffReport report = WithEvidence(hostile);
  report.before = hostile;
  report.after = hostile;
  for (auto& [name, evidence] : report.evidence->calls) {
    for (Sighting& sighting : evidence.after) sighting.subject = hostile;
  }
  const std::string sarif = FormatSarif(DiffFindingRules(), DiffFindings(report));
  const std::string junit = FormatJunit("diff", DiffFindingRules(), DiffFindings(report));
  for (const std::string& text : {DiffText(report), DiffMarkdown(report), DiffJson(report), sarif, junit}) {
    for (const char c : text) {
      ASSERT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) << static_cast<int>(c) << text;
    }
    EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos) << text;
    EXPECT_EQ(text.find("\n# "), std::string::npos) << text;
  }
  EXPECT_EQ(DiffMarkdown(report).find("\n</details>\n# "), std::string::npos);
}

TEST(DiffReportTest, FindingsAreAsGraveAsTheirRisk) {
  std::map<std::string, FindingLevel> levels;
  std::set<std::string> rules;
  for (const FindingRule& rule : DiffFindingRules()) rules.insert(rule.id);
  std::set<std::string> identities;
  for (const Finding& finding : DiffFindings(Report())) {
    EXPECT_TRUE(rules.contains(finding.rule)) << finding.rule;
    EXPECT_TRUE(identities.insert(finding.rule + finding.identity).second) << finding.identity;
    EXPECT_EQ(finding.file, "new.json");
    levels[finding.rule] = finding.level;
  }
  EXPECT_EQ(levels, (std::map<std::string, FindingLevel>{{"looser-high", FindingLevel::kError},
                                                         {"looser-medium", FindingLevel::kWarning},
                                                         {"looser-low", FindingLevel::kNote},
                                                         {"tighter", FindingLevel::kNote},
                                                         {"other-answer", FindingLevel::kNote}}));
}

TEST(DiffReportTest, NothingChangedIsSaid) {
  DiffReport report = Report();
  report.diff = {};
  EXPECT_EQ(DiffText(report), "old.json -> new.json: same\nno call is decided differently\n");
  EXPECT_EQ(DiffMarkdown(report),
            "### Seccomp profile: same\n\n`old.json` → `new.json`: no call is decided differently.\n");
  EXPECT_TRUE(DiffFindings(report).empty());
}

}  // namespace
}  // namespace syscarve
