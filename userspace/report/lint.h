// SPDX-License-Identifier: Apache-2.0
// What lint found, in the forms that people and programs read it in.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "userspace/report/finding.h"
#include "userspace/review/lint.h"

namespace syscarve {

// What was found in one profile.
struct LintedProfile {
  std::string file;  // As the user named it.
  std::vector<LintFinding> findings;
  std::vector<LintFinding> fixed;  // What --fix has mended; not among `findings`.
  // What would mend each of `findings` (FixesOf), in `text`; empty when nobody asked.
  std::vector<std::vector<TextReplacement>> fixes;
  std::string text;
};

struct LintCounts {
  size_t errors = 0;
  size_t warnings = 0;
  size_t notes = 0;
};
LintCounts CountFindings(std::span<const LintedProfile> profiles);

// "FILE:LINE: error: … [rule]", the fix below it, and the counts at the end.
std::string LintText(std::span<const LintedProfile> profiles);
// docs/lint.md has the fields.
std::string LintJson(std::span<const LintedProfile> profiles);

// Lint's rules but those in `disabled`, and its findings, for FormatSarif and FormatJunit.
std::vector<FindingRule> LintFindingRules(std::span<const std::string> disabled);
std::vector<Finding> AllFindings(std::span<const LintedProfile> profiles);

}  // namespace syscarve
