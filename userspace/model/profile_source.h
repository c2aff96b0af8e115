// SPDX-License-Identifier: Apache-2.0
// A profile as its author wrote it: the entries of the file, where each stands, and changes to them that leave the rest
// of the text as it is.
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
  size_t index = 0;            // In "syscalls"; of the rules of a profile that has no text, in these.
  std::optional<size_t> line;  // From 1; nullopt without a text, here and below.
  std::vector<std::optional<size_t>> name_lines;       // For each of the rules' names.
  std::vector<std::optional<size_t>> condition_lines;  // For each condition as written.
  // What the reader makes of it: one rule; where an argument index repeats, one for each condition, all with the same
  // names; none where nothing is named, or the entry is for other targets.
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

// Whether `root` has the members of a profile, right or wrong, and is not something that a profile is inside of.
bool IsProfileTree(const JsonValue& root);

// As ParseProfile (profile_json.h), with what stands where. Entries that name nothing are kept here, without rules.
absl::StatusOr<ProfileSource> ParseProfileSource(std::string_view text, const ProfileTarget& target = {});

// The same of a tree, which may have been read from YAML.
absl::StatusOr<ProfileSource> ProfileSourceFromJson(JsonValue root, const ProfileTarget& target = {},
                                                    ProfileDependencies* used = nullptr);

// Adds the note that `text` has a byte order mark, when it has one.
void NoteByteOrderMark(std::string_view text, std::vector<ProfileNote>& notes);

// Of a profile that was read from something else: an entry for each rule, and no lines.
ProfileSource SourceWithoutText(Profile profile);

// A change of a profile's text.
struct ProfileEdit {
  enum class Kind {
    kReplaceName,          // The name at `position` becomes `name`.
    kRemoveName,           // The name at `position` goes; the entry with the last one.
    kRemoveEntry,          // The whole entry goes.
    kMaskCondition,        // "Equal" in the condition at `position` becomes "equal in the low 32 bits".
    kRemoveByteOrderMark,  // In front of the whole text; `entry` means nothing.
  };
  Kind kind = Kind::kRemoveEntry;
  size_t entry = 0;     // ProfileEntry::index
  size_t position = 0;  // Among the entry's names or conditions, from 0.
  std::string name;
  bool operator==(const ProfileEdit&) const = default;
};

// The bytes of a text from `begin` to before `end` become `text`.
struct TextReplacement {
  size_t begin = 0;
  size_t end = 0;
  std::string text;
  bool operator==(const TextReplacement&) const = default;
};

// What `edits` change in `text`, which ParseProfileSource has taken: ascending, and none within another.
std::vector<TextReplacement> ReplacementsOf(std::string_view text, std::span<const ProfileEdit> edits);

// `text`, which ParseProfileSource has taken, with all `edits`. Positions are those before any of them; of two edits of
// one place the first counts, and an entry that is removed is not changed.
std::string EditProfile(std::string_view text, std::span<const ProfileEdit> edits);

}  // namespace syscarve
