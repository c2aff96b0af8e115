// SPDX-License-Identifier: Apache-2.0
// Mending a profile's text where it is safe, with a proof that nothing else changed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/review/lint.h"

namespace syscarve {

struct FixedProfile {
  std::string text;                // Differs from the input only where an edit of `fixed` says so.
  std::vector<LintFinding> fixed;  // What was mended.
};

// `text`, which `input` was read from, with the edits of all `findings`. The meaning of the result, as libseccomp's
// filter has it, is that of `text` but for
//  - calls whose name was misspelt: they get what their rule says;
//  - calls of which a comparison was narrowed to 32 bits: the same as before where the upper half is 0.
// kInternal when it is not, and errors of Compile; the text is not to be used then.
absl::StatusOr<FixedProfile> FixProfile(std::string_view text, const LintInput& input,
                                        std::span<const LintFinding> findings);

// What FixProfile would do for each of `findings` alone, in their order; nothing for those that it cannot mend, or not
// alone, and for what stands before the first character.
std::vector<std::vector<TextReplacement>> FixesOf(std::string_view text, const LintInput& input,
                                                  std::span<const LintFinding> findings);

}  // namespace syscarve
