// What the reader of the profile noticed and passed over (model/profile_note.h), as findings: who among the runtimes
// does not.
#include <algorithm>
#include <string_view>

#include "userspace/base/concat.h"
#include "userspace/policy/lint_rules.h"

namespace syscarve::lint {
namespace {

using Kind = ProfileNoteKind;

// Sources: encoding/json of Go, which Docker, Podman, CRI-O and containerd read profiles with; runc 1.1's
// libcontainer/specconv and libcontainer/seccomp; crun 1.8's libocispec and src/libcrun/seccomp.c; the
// CustomResourceDefinitions of the Security Profiles Operator.
struct NoteRule {
  Kind kind;
  std::string_view rule;
  LintLevel level;
  std::string_view who;  // Behind the note's sentence.
  std::string_view fix;
};

constexpr NoteRule kNoteRules[] = {
    {Kind::kByteOrderMark, "refused-by-runtimes", LintLevel::kError,
     "Docker, Podman, CRI-O and containerd refuse the file", "Save it as UTF-8 without a byte order mark."},
    {Kind::kKernelZero, "refused-by-runtimes", LintLevel::kWarning, "Docker refuses the profile",
     "Leave out minKernel where every kernel is meant."},
    {Kind::kUnknownFlag, "refused-by-runtimes", LintLevel::kError, "runc and crun refuse the profile",
     "Name a flag of seccomp(2) that runtimes know: SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW."},
    {Kind::kErrnoUnused, "refused-by-runtimes", LintLevel::kWarning, "runc passes over it, crun refuses the profile",
     "Remove the errno, or give the action that it belongs to."},
    {Kind::kMissingField, "refused-by-runtimes", LintLevel::kWarning,
     "Docker and Podman read 0, crun refuses the profile", "Write the value."},
    {Kind::kUnknownState, "refused-by-runtimes", LintLevel::kError, "the API server refuses the object",
     "Write Enabled or Disabled."},
    {Kind::kNotifyWithoutListener, "notify-misuse", LintLevel::kError, "runc and crun refuse the profile",
     "Say where the agent listens with listenerPath."},
    {Kind::kRepeatedKey, "read-differently", LintLevel::kWarning,
     "Docker, Podman and CRI-O take the last one, others the first", "Keep the one that is meant."},
    {Kind::kLetterCase, "read-differently", LintLevel::kWarning,
     "Docker, Podman and CRI-O read it whatever its letter case, crun and other tools do not",
     "Write the key as the OCI runtime specification does."},
    {Kind::kNull, "read-differently", LintLevel::kWarning,
     "Docker, Podman and CRI-O read nothing there, others refuse the file", "Remove it, or write what is meant."},
    {Kind::kUnknownCapability, "read-differently", LintLevel::kWarning, "no container has it",
     "Write the capability as capabilities(7) does: CAP_SYS_ADMIN."},
    {Kind::kUnknownField, "unknown-field", LintLevel::kNote, "runtimes pass over it",
     "Keep it as a note, or write the field that was meant."},
    {Kind::kDroppedField, "unknown-field", LintLevel::kWarning, "the API server drops it", "Remove it."},
    {Kind::kOlderApiGroup, "unknown-field", LintLevel::kWarning, "today's operators do not look at it",
     "Write security-profiles-operator.x-k8s.io/v1beta1."},
};

}  // namespace

void ReaderNotes(const Subject& subject, Findings& findings) {
  for (const ProfileNote& note : subject.input.source.notes) {
    // What the profile itself tells as well has a rule of its own.
    const auto* const rule = std::ranges::find(kNoteRules, note.kind, &NoteRule::kind);
    if (rule == std::end(kNoteRules)) continue;
    LintFinding finding = Of(rule->rule);
    // A field that is near to a real one was meant to be that one.
    const bool misspelt = note.kind == Kind::kUnknownField && !note.suggestion.empty();
    finding.level = misspelt ? LintLevel::kWarning : rule->level;
    if (note.place.line != 0) finding.line = note.place.line;
    finding.identity = note.path;
    finding.message = Concat(note.message, ": ", rule->who, ".");
    finding.fix = misspelt ? Concat("Write ", note.suggestion, " if that is meant.") : std::string(rule->fix);
    if (note.kind == Kind::kByteOrderMark) finding.edits.push_back({.kind = ProfileEdit::Kind::kRemoveByteOrderMark});
    findings.push_back(std::move(finding));
  }
}

}  // namespace syscarve::lint
