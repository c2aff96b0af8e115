// SPDX-License-Identifier: Apache-2.0
// A profile as written by its author: the entries of the file, their places, and edits of them that leave the rest of
// the text unchanged.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/profile_note.h"
#include "userspace/model/profile_target.h"

namespace syscarve {

// One element of "syscalls".
struct ProfileEntry {
  size_t index = 0;                                    // In "syscalls"; for a profile without a text, in its rules.
  std::optional<size_t> line;                          // From 1; here and below nullopt without a text.
  std::vector<std::optional<size_t>> name_lines;       // For each of the rules' names.
  std::vector<std::optional<size_t>> condition_lines;  // For each condition, in the order of the text.
  // The rules that the reader makes of the entry: one; if an argument index repeats, one per condition, all with the
  // same names; none if the entry has no names or is for other targets.
  std::vector<Rule> rules;
  bool names_nothing = false;
  bool depends_on_target = false;  // Has Moby's `includes` or `excludes`.

  bool RepeatsAnIndex() const { return rules.size() > 1; }
};

struct ProfileSource {
  Profile profile;
  std::vector<ProfileEntry> entries;
  std::optional<size_t> default_line;
  std::optional<size_t> architectures_line;
  std::vector<ProfileNote> notes;  // In the order of the text.
};

// Whether `root` itself, and not a part of it, has the members of a profile, valid or not.
bool IsProfileTree(const JsonValue& root);

// As ParseProfile (profile_json.h), with places. Keeps entries without names, which have no rules.
absl::StatusOr<ProfileSource> ParseProfileSource(std::string_view text, const ProfileTarget& target = {});

// The same for a parsed document, which may come from YAML.
absl::StatusOr<ProfileSource> ProfileSourceFromJson(JsonValue root, const ProfileTarget& target = {},
                                                    ProfileDependencies* used = nullptr);

// Adds kByteOrderMark to `notes` if `text` begins with a byte order mark.
void NoteByteOrderMark(std::string_view text, std::vector<ProfileNote>& notes);

// For a profile from another format: an entry for each rule, without lines.
ProfileSource SourceWithoutText(Profile profile);

// An edit of a profile's text.
struct ProfileEdit {
  enum class Kind {
    kReplaceName,          // The name at `position` becomes `name`.
    kRemoveName,           // The name at `position` is removed, and with the last name the entry.
    kRemoveEntry,          // The whole entry is removed.
    kMaskCondition,        // "Equal" in the condition at `position` becomes "equal in the low 32 bits".
    kRemoveByteOrderMark,  // At the start of the text; `entry` is unused.
  };
  Kind kind = Kind::kRemoveEntry;
  size_t entry = 0;     // ProfileEntry::index
  size_t position = 0;  // Among the entry's names or conditions, from 0.
  std::string name;
  bool operator==(const ProfileEdit&) const = default;
};

// The bytes [begin, end) of a text are replaced by `text`.
struct TextReplacement {
  size_t begin = 0;
  size_t end = 0;
  std::string text;
  bool operator==(const TextReplacement&) const = default;
};

// The replacements that `edits` make in `text`, which ParseProfileSource must accept: ascending and disjoint.
std::vector<TextReplacement> ReplacementsOf(std::string_view text, std::span<const ProfileEdit> edits);

// `text`, which ParseProfileSource must accept, with all `edits` applied. Positions are those before any edit. Of two
// edits of one place the first applies, and a removed entry is not edited otherwise.
std::string EditProfile(std::string_view text, std::span<const ProfileEdit> edits);

}  // namespace syscarve
