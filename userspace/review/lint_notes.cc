// SPDX-License-Identifier: Apache-2.0
// Notes of the profile's reader about text that it ignored (model/profile_note.h), as findings: which runtimes do not
// ignore it.
#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/review/lint_rules.h"

namespace syscarve::lint {

void ReaderNotes(const Subject& subject, Findings& findings) {
  for (const ProfileNote& note : subject.input.source.notes) {
    const auto rule = std::ranges::find(subject.readers, note.kind, &ReaderRule::note);
    if (rule == subject.readers.end()) continue;
    LintFinding finding = Of(rule->rule);
    // A field with a name similar to a real one's is probably misspelt.
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
