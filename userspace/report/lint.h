// SPDX-License-Identifier: Apache-2.0
// The findings of `lint`, for people and programs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "userspace/report/finding.h"
#include "userspace/review/lint.h"

namespace syscarve {

// The findings in one profile.
struct LintedProfile {
  std::string file;  // As the user typed it.
  std::vector<LintFinding> findings;
  std::vector<LintFinding> fixed;  // Findings that --fix removed; not in `findings`.
  // For each of `findings`, the replacements in `text` that remove it (FixesOf); empty if not requested.
  std::vector<std::vector<TextReplacement>> fixes;
  std::string text;
};

struct LintCounts {
  size_t errors = 0;
  size_t warnings = 0;
  size_t notes = 0;
};
LintCounts CountFindings(std::span<const LintedProfile> profiles);

// "FILE:LINE: error: … [rule]" per finding, with the fix below it, and the counts at the end.
std::string LintText(std::span<const LintedProfile> profiles);
// docs/lint.md has the fields.
std::string LintJson(std::span<const LintedProfile> profiles);

// The rules of lint except those in `disabled`, and the findings, for FormatSarif and FormatJunit.
std::vector<FindingRule> LintFindingRules(std::span<const std::string> disabled);
std::vector<Finding> AllFindings(std::span<const LintedProfile> profiles);

}  // namespace syscarve
