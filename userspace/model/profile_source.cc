// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile_source.h"

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/profile_fields.h"
#include "userspace/model/profile_json.h"

namespace syscarve {
namespace {

std::optional<size_t> LineOf(const JsonValue* value) {
  if (value == nullptr || value->place.line == 0) return std::nullopt;
  return value->place.line;
}

const JsonValue::Array* ArrayAt(const JsonValue& object, std::string_view key) {
  const JsonValue* const value = FindMember(object, key);
  return value == nullptr ? nullptr : std::get_if<JsonValue::Array>(&value->data);
}

bool IsText(const JsonValue* value) {
  const auto* const text = value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
  return text != nullptr && !text->empty();
}

bool NamesNothing(const JsonValue& entry) {
  const JsonValue::Array* const names = ArrayAt(entry, "names");
  return (names == nullptr || names->empty()) && !IsText(FindMember(entry, "name"));
}

bool HasTarget(const JsonValue& entry) {
  const auto asks = [&entry](std::string_view key) {
    const JsonValue* const filter = FindMember(entry, key);
    const auto* const members = filter == nullptr ? nullptr : std::get_if<JsonValue::Object>(&filter->data);
    return members != nullptr && !members->empty();
  };
  return asks("includes") || asks("excludes");
}

// The rules that the reader makes of `entry`; entries are independent of each other.
absl::StatusOr<std::vector<Rule>> RulesOf(const JsonValue& entry, const ProfileTarget& target) {
  const JsonValue alone =
      JsonValue::Object{{"defaultAction", ScmpActionName(ActionKind::kErrno)}, {"syscalls", JsonValue::Array{entry}}};
  std::vector<ProfileNote> notes;  // Unused: the notes of the whole profile include them.
  SYSCARVE_ASSIGN_OR_RETURN(Profile profile, ProfileFromKnownFields(alone, target, nullptr, notes));
  return std::move(profile.rules);
}

absl::StatusOr<ProfileEntry> ReadEntry(const JsonValue& value, size_t index, const ProfileTarget& target) {
  ProfileEntry entry{.index = index, .line = LineOf(&value)};
  entry.depends_on_target = HasTarget(value);
  entry.names_nothing = NamesNothing(value);
  if (entry.names_nothing) return entry;
  SYSCARVE_ASSIGN_OR_RETURN(entry.rules, RulesOf(value, target));
  if (!entry.rules.empty()) {
    const JsonValue* const single = FindMember(value, "name");
    const JsonValue::Array* const names = ArrayAt(value, "names");
    for (size_t i = 0; i < entry.rules.front().names.size(); ++i) {
      entry.name_lines.push_back(LineOf(IsText(single) ? single : &(*names)[i]));
    }
  }
  if (const JsonValue::Array* const conditions = ArrayAt(value, "args")) {
    // A null is not a condition.
    for (const JsonValue& condition : *conditions) {
      if (std::holds_alternative<JsonValue::Object>(condition.data))
        entry.condition_lines.push_back(LineOf(&condition));
    }
  }
  return entry;
}

}  // namespace

bool IsProfileTree(const JsonValue& root) {
  if (!std::holds_alternative<JsonValue::Object>(root.data)) return false;
  std::vector<ProfileNote> notes;
  const JsonValue known = WithKnownFields(root, UnknownFields::kDrop, notes);
  return FindMember(known, "defaultAction") != nullptr || FindMember(known, "syscalls") != nullptr;
}

absl::StatusOr<ProfileSource> ProfileSourceFromJson(JsonValue root, const ProfileTarget& target,
                                                    ProfileDependencies* used) {
  ProfileSource source;
  const JsonValue known = WithKnownFields(std::move(root), UnknownFields::kDrop, source.notes);
  SYSCARVE_ASSIGN_OR_RETURN(source.profile, ProfileFromKnownFields(known, target, used, source.notes));
  std::ranges::stable_sort(source.notes, {}, [](const ProfileNote& note) { return note.place.line; });
  if (const JsonValue::Array* const entries = ArrayAt(known, "syscalls")) {
    for (size_t i = 0; i < entries->size(); ++i) {
      SYSCARVE_ASSIGN_OR_RETURN(ProfileEntry entry, ReadEntry((*entries)[i], i, target));
      source.entries.push_back(std::move(entry));
    }
  }
  source.default_line = LineOf(FindMember(known, "defaultAction"));
  source.architectures_line = LineOf(FindMember(known, "architectures"));
  if (!source.architectures_line.has_value()) source.architectures_line = LineOf(FindMember(known, "archMap"));
  return source;
}

void NoteByteOrderMark(std::string_view text, std::vector<ProfileNote>& notes) {
  if (!text.starts_with(kUtf8Mark)) return;
  notes.insert(notes.begin(),
               {.kind = ProfileNoteKind::kByteOrderMark,
                .place = {.line = 1, .column = 1, .begin = 0, .end = kUtf8Mark.size()},
                .message = "a byte order mark is in front, and container engines refuse the file for it"});
}

absl::StatusOr<ProfileSource> ParseProfileSource(std::string_view text, const ProfileTarget& target) {
  SYSCARVE_ASSIGN_OR_RETURN(JsonValue root, ParseProfileJson(text, kProfileLimits));
  SYSCARVE_ASSIGN_OR_RETURN(ProfileSource source, ProfileSourceFromJson(std::move(root), target));
  NoteByteOrderMark(text, source.notes);
  return source;
}

ProfileSource SourceWithoutText(Profile profile) {
  ProfileSource source;
  for (size_t i = 0; i < profile.rules.size(); ++i) {
    const Rule& rule = profile.rules[i];
    ProfileEntry entry{.index = i, .line = std::nullopt};
    entry.name_lines.resize(rule.names.size());
    entry.condition_lines.resize(rule.conditions.size());
    entry.rules = {rule};
    source.entries.push_back(std::move(entry));
  }
  source.profile = std::move(profile);
  return source;
}

}  // namespace syscarve
