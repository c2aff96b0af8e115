// SPDX-License-Identifier: Apache-2.0
// Reports of a diff, for people and programs. Texts are escaped for their medium, so that untrusted names of files,
// programs and runs do no harm. Deterministic.
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
  std::string before;  // The profiles' names as typed; untrusted bytes.
  std::string after;
  Abi native = Abi::kX86_64;
  Diff diff;
  Risks risks;
  std::optional<DiffEvidence> evidence;
};

// For a terminal.
std::string DiffText(const DiffReport& report);

// For a comment on a pull request: the verdict, a table of newly allowed calls by descending risk, and the rest in a
// collapsed section.
std::string DiffMarkdown(const DiffReport& report);

// "syscarve.diff/1" (docs/diff.md).
std::string DiffJson(const DiffReport& report);

// For FormatSarif and FormatJunit. A looser change of high, medium or low risk is an error, a warning or a note; any
// other change is a note.
std::vector<FindingRule> DiffFindingRules();
std::vector<Finding> DiffFindings(const DiffReport& report);

}  // namespace syscarve
