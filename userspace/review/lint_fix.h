// SPDX-License-Identifier: Apache-2.0
// Applies safe fixes to a profile's text, with a proof that they change nothing else.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/review/lint.h"

namespace syscarve {

struct FixedProfile {
  std::string text;                // The input with the edits of `fixed`.
  std::vector<LintFinding> fixed;  // The findings that were removed.
};

// `text`, from which `input` was read, with the edits of all `findings`. The meaning of the result, compiled by
// libseccomp, equals that of `text` except for
//  - calls whose name was misspelt: they get their rule's action;
//  - calls with a comparison that was narrowed to 32 bits: unchanged for arguments whose upper half is 0.
// kInternal if the meaning differs otherwise; also fails as Compile does.
absl::StatusOr<FixedProfile> FixProfile(std::string_view text, const LintInput& input,
                                        std::span<const LintFinding> findings);

// For each of `findings`, in their order, the replacements that FixProfile makes for it alone; empty if it cannot fix
// the finding, or not alone, or if the finding is about what precedes the first character.
std::vector<std::vector<TextReplacement>> FixesOf(std::string_view text, const LintInput& input,
                                                  std::span<const LintFinding> findings);

}  // namespace syscarve
