// SPDX-License-Identifier: Apache-2.0
// What changed between two profiles, as people and their tools read it. Texts are safe wherever they are meant for,
// whatever files, programs and runs are called; same input, same bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "userspace/report/finding.h"
#include "userspace/review/diff.h"
#include "userspace/review/diff_evidence.h"
#include "userspace/shipped/risk.h"

namespace syscarve {

struct DiffReport {
  std::string before;  // The profiles as the user named them: an adversary's bytes.
  std::string after;
  Abi native = Abi::kX86_64;
  Diff diff;
  Risks risks;
  std::optional<DiffEvidence> evidence;
};

// For a terminal.
std::string DiffText(const DiffReport& report);

// For a comment on a pull request: verdict, what is newly allowed as a table with the most risky first, and the rest
// folded away.
std::string DiffMarkdown(const DiffReport& report);

// "syscarve.diff/1" (docs/diff.md).
std::string DiffJson(const DiffReport& report);

// For FormatSarif and FormatJunit. What is looser is an error, a warning or a note as its risk is high, medium or low;
// everything else is a note.
std::vector<FindingRule> DiffFindingRules();
std::vector<Finding> DiffFindings(const DiffReport& report);

}  // namespace syscarve
