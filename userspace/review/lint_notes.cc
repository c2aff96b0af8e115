// SPDX-License-Identifier: Apache-2.0
// What the reader of the profile noticed and passed over (model/profile_note.h), as findings: who among the runtimes
// does not.
#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/review/lint_rules.h"

namespace syscarve::lint {

void ReaderNotes(const Subject& subject, Findings& findings) {
  for (const ProfileNote& note : subject.input.source.notes) {
    const auto rule = std::ranges::find(subject.readers, note.kind, &ReaderRule::note);
    if (rule == subject.readers.end()) continue;
    LintFinding finding = Of(rule->rule);
    // A field that is near to a real one was meant to be that one.
    const bool misspelt = note.kind == ProfileNoteKind::kUnknownField && !note.suggestion.empty();
    finding.level = misspelt ? LintLevel::kWarning : rule->level;
    if (note.place.line != 0) finding.line = note.place.line;
    finding.identity = note.path;
    finding.message = Concat(note.message, ": ", rule->who, ".");
    finding.fix = misspelt ? Concat("Write ", note.suggestion, " if that is meant.") : rule->fix;
    if (note.kind == ProfileNoteKind::kByteOrderMark) {
      finding.edits.push_back({.kind = ProfileEdit::Kind::kRemoveByteOrderMark});
    }
    findings.push_back(std::move(finding));
  }
}

}  // namespace syscarve::lint
