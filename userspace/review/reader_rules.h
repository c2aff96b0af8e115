// SPDX-License-Identifier: Apache-2.0
// How readers of profiles treat a text that only some of them accept (profiles/rules/readers.json), by the kind of note
// that syscarve's own reader makes of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile_note.h"
#include "userspace/review/lint.h"

namespace syscarve {

struct ReaderRule {
  ProfileNoteKind note = ProfileNoteKind::kUnknownField;
  std::string rule;  // The id of a LintRule.
  LintLevel level = LintLevel::kNote;
  std::string who;  // "runc ignores it, crun refuses the profile": without a full stop.
  std::string fix;  // A sentence.
};

// kInvalidArgument if the text is malformed, names a reader without stating its version and source, or names a rule
// that `lint` does not have.
absl::StatusOr<std::vector<ReaderRule>> ParseReaderRules(std::string_view text);

// The embedded file, parsed once; it lives as long as the process. kInternal indicates a defect of this build.
absl::StatusOr<const std::vector<ReaderRule>*> ShippedReaderRules();

}  // namespace syscarve
