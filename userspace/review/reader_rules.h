// SPDX-License-Identifier: Apache-2.0
// What those who read profiles make of a text that only some of them take (profiles/rules/readers.json), by the kind of
// note that our own reader makes of it.
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
  std::string who;  // "runc passes over it, crun refuses the profile": without a full stop.
  std::string fix;  // A sentence.
};

// kInvalidArgument: also where a reader is named of which no version and source is told, or a rule that `lint` does not
// have.
absl::StatusOr<std::vector<ReaderRule>> ParseReaderRules(std::string_view text);

// The embedded file, parsed once; it lives as long as the process. An error is a defect of this build (kInternal).
absl::StatusOr<const std::vector<ReaderRule>*> ShippedReaderRules();

}  // namespace syscarve
