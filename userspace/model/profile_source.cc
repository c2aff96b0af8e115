#include "userspace/model/profile_source.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/strict_json.h"

namespace syscarve {
namespace {

using Places = std::map<std::string, JsonPlace>;

// Of all values below `value`, whose own path is `path`.
void AddPlaces(const JsonValue& value, const std::string& path, Places& places) {
  places[path] = value.place;
  if (const auto* array = std::get_if<JsonValue::Array>(&value.data)) {
    for (size_t i = 0; i < array->size(); ++i) AddPlaces((*array)[i], Concat(path, "[", i, "]"), places);
  }
  if (const auto* object = std::get_if<JsonValue::Object>(&value.data)) {
    for (const JsonMember& member : *object) {
      AddPlaces(member.value, Concat(path, path.empty() ? "" : ".", member.key), places);
    }
  }
}

Places PlacesOf(const JsonValue& root) {
  Places places;
  AddPlaces(root, "", places);
  return places;
}

std::string EntryPath(size_t entry) {
  return Concat("syscalls[", entry, "]");
}

std::optional<size_t> LineOf(const Places& places, const std::string& path) {
  const auto found = places.find(path);
  return found == places.end() ? std::nullopt : std::optional<size_t>(found->second.line);
}

const JsonValue* Member(const JsonValue& object, std::string_view key) {
  const auto* members = std::get_if<JsonValue::Object>(&object.data);
  if (members == nullptr) return nullptr;
  const auto found = std::ranges::find(*members, key, &JsonMember::key);
  return found == members->end() ? nullptr : &found->value;
}

// The entries of "syscalls"; nothing when that is no array, of which the reader complains.
const JsonValue::Array& EntriesOf(const JsonValue& root) {
  static const auto& none = *new const JsonValue::Array();
  const JsonValue* const list = Member(root, "syscalls");
  const auto* const entries = list == nullptr ? nullptr : std::get_if<JsonValue::Array>(&list->data);
  return entries == nullptr ? none : *entries;
}

// An empty "names" with no "name" beside it.
bool NamesNothing(const JsonValue& entry) {
  const JsonValue* const names = Member(entry, "names");
  const auto* const list = names == nullptr ? nullptr : std::get_if<JsonValue::Array>(&names->data);
  return list != nullptr && list->empty() && Member(entry, "name") == nullptr;
}

bool HasTarget(const JsonValue& entry) {
  const auto asks = [&entry](std::string_view key) {
    const JsonValue* const filter = Member(entry, key);
    const auto* const members = filter == nullptr ? nullptr : std::get_if<JsonValue::Object>(&filter->data);
    return members != nullptr && !members->empty();
  };
  return asks("includes") || asks("excludes");
}

// The profile without the entries that name nothing.
JsonValue WithoutEmptyEntries(JsonValue root) {
  for (JsonMember& member : std::get<JsonValue::Object>(root.data)) {
    if (member.key == "syscalls") std::erase_if(std::get<JsonValue::Array>(member.value.data), NamesNothing);
  }
  return root;
}

// What the reader makes of `entry`: of the entries none depends on another.
absl::StatusOr<std::vector<Rule>> RulesOf(const JsonValue& entry, const ProfileTarget& target) {
  const JsonValue alone =
      JsonValue::Object{{"defaultAction", ScmpActionName(ActionKind::kErrno)}, {"syscalls", JsonValue::Array{entry}}};
  SYSCARVE_ASSIGN_OR_RETURN(Profile profile, ProfileFromJson(alone, target));
  return std::move(profile.rules);
}

absl::StatusOr<ProfileEntry> ReadEntry(const JsonValue& value, size_t index, const Places& places,
                                       const ProfileTarget& target) {
  const std::string path = EntryPath(index);
  ProfileEntry entry{.index = index, .line = LineOf(places, path)};
  entry.depends_on_target = HasTarget(value);
  entry.names_nothing = NamesNothing(value);
  if (entry.names_nothing) return entry;
  SYSCARVE_ASSIGN_OR_RETURN(entry.rules, RulesOf(value, target));
  const JsonValue* const name = Member(value, "name");
  const bool is_single = name != nullptr && std::holds_alternative<std::string>(name->data);
  for (size_t i = 0; !entry.rules.empty() && i < entry.rules.front().names.size(); ++i) {
    entry.name_lines.push_back(LineOf(places, path + (is_single ? ".name" : Concat(".names[", i, "]"))));
  }
  // The reader passes over a condition that is null.
  const JsonValue* const args = Member(value, "args");
  const auto* const conditions = args == nullptr ? nullptr : std::get_if<JsonValue::Array>(&args->data);
  for (size_t i = 0; conditions != nullptr && i < conditions->size(); ++i) {
    entry.condition_lines.push_back(LineOf(places, Concat(path, ".args[", i, "]")));
  }
  return entry;
}

// Pieces of the text that are to be replaced, by where they begin.
struct Replacement {
  size_t end = 0;
  std::string text;
};
using Replacements = std::map<size_t, Replacement>;

// Takes the elements `removed` of the array at `path` away, each with one comma. Some element is left.
void RemoveElements(const Places& places, const std::string& path, const std::set<size_t>& removed,
                    Replacements& replacements) {
  const auto place = [&](size_t index) { return places.at(Concat(path, "[", index, "]")); };
  size_t first_kept = 0;
  while (removed.contains(first_kept)) ++first_kept;
  for (const size_t index : removed) {
    if (index < first_kept) {
      replacements.emplace(place(index).begin, Replacement{place(index + 1).begin, ""});
    } else {
      replacements.emplace(place(index - 1).end, Replacement{place(index).end, ""});
    }
  }
}

size_t CountElements(const Places& places, const std::string& path) {
  size_t count = 0;
  while (places.contains(Concat(path, "[", count, "]"))) ++count;
  return count;
}

std::string MaskedCondition(std::string_view text) {
  constexpr uint64_t kLowHalf = 0xffffffff;
  constexpr size_t kOneLine = SIZE_MAX;
  const absl::StatusOr<JsonValue> condition = ParseStrictJson(text, kProfileLimits);
  const JsonValue* const index = condition.ok() ? Member(*condition, "index") : nullptr;
  const JsonValue* const value = condition.ok() ? Member(*condition, "value") : nullptr;
  const auto* const number = value == nullptr ? nullptr : std::get_if<uint64_t>(&value->data);
  if (index == nullptr || number == nullptr) return std::string(text);
  std::string masked = PrintJson(JsonValue::Object{{"index", *index},
                                                   {"value", kLowHalf},
                                                   {"valueTwo", *number & kLowHalf},
                                                   {"op", ScmpCompareName(CompareOp::kMaskedEqual)}},
                                 kOneLine);
  masked.pop_back();  // The newline.
  return masked;
}

struct Removed {
  std::set<size_t> entries;
  std::map<size_t, std::set<size_t>> names;  // By the entry.

  // Whether what `edit` is about is gone.
  bool Covers(const ProfileEdit& edit) const {
    const auto found = names.find(edit.entry);
    const bool is_name = edit.kind == ProfileEdit::Kind::kReplaceName;
    return entries.contains(edit.entry) || (is_name && found != names.end() && found->second.contains(edit.position));
  }
};

Removed WhatIsRemoved(const Places& places, std::span<const ProfileEdit> edits) {
  Removed removed;
  for (const ProfileEdit& edit : edits) {
    if (edit.kind == ProfileEdit::Kind::kRemoveEntry) removed.entries.insert(edit.entry);
    if (edit.kind == ProfileEdit::Kind::kRemoveName) removed.names[edit.entry].insert(edit.position);
  }
  for (const auto& [entry, names] : removed.names) {
    if (names.size() >= CountElements(places, EntryPath(entry) + ".names")) removed.entries.insert(entry);
  }
  return removed;
}

void RemoveAll(const Places& places, const Removed& removed, Replacements& replacements) {
  if (!removed.entries.empty() && removed.entries.size() == CountElements(places, "syscalls")) {
    const JsonPlace& all = places.at("syscalls");
    replacements.emplace(all.begin, Replacement{all.end, "[]"});
    return;
  }
  RemoveElements(places, "syscalls", removed.entries, replacements);
  for (const auto& [entry, names] : removed.names) {
    if (!removed.entries.contains(entry)) RemoveElements(places, EntryPath(entry) + ".names", names, replacements);
  }
}

void Replace(std::string_view text, const Places& places, const ProfileEdit& edit, Replacements& replacements) {
  const std::string entry = EntryPath(edit.entry);
  if (edit.kind == ProfileEdit::Kind::kReplaceName) {
    const auto listed = places.find(Concat(entry, ".names[", edit.position, "]"));
    const JsonPlace& place = listed != places.end() ? listed->second : places.at(entry + ".name");
    replacements.emplace(place.begin, Replacement{place.end, QuoteForJson(edit.name)});
  }
  if (edit.kind == ProfileEdit::Kind::kMaskCondition) {
    const JsonPlace& place = places.at(Concat(entry, ".args[", edit.position, "]"));
    replacements.emplace(place.begin,
                         Replacement{place.end, MaskedCondition(text.substr(place.begin, place.end - place.begin))});
  }
}

}  // namespace

bool IsProfileJson(std::string_view text) {
  const absl::StatusOr<JsonValue> root = ParseStrictJson(text, kProfileLimits);
  return root.ok() && (Member(*root, "defaultAction") != nullptr || Member(*root, "syscalls") != nullptr);
}

absl::StatusOr<ProfileSource> ParseProfileSource(std::string_view text, const ProfileTarget& target) {
  const absl::StatusOr<JsonValue> root = ParseStrictJson(text, kProfileLimits);
  if (!root.ok()) return Annotate(root.status(), "not a seccomp profile");
  const JsonValue::Array& entries = EntriesOf(*root);
  const bool has_empty = std::ranges::any_of(entries, NamesNothing);
  ProfileSource source;
  SYSCARVE_ASSIGN_OR_RETURN(source.profile, ProfileFromJson(has_empty ? WithoutEmptyEntries(*root) : *root, target));
  const Places places = PlacesOf(*root);
  for (size_t i = 0; i < entries.size(); ++i) {
    SYSCARVE_ASSIGN_OR_RETURN(ProfileEntry entry, ReadEntry(entries[i], i, places, target));
    source.entries.push_back(std::move(entry));
  }
  source.default_line = LineOf(places, "defaultAction");
  source.architectures_line = LineOf(places, "architectures");
  if (!source.architectures_line.has_value()) source.architectures_line = LineOf(places, "archMap");
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

std::string EditProfile(std::string_view text, std::span<const ProfileEdit> edits) {
  const absl::StatusOr<JsonValue> root = ParseStrictJson(text, kProfileLimits);
  if (!root.ok()) return std::string(text);
  const Places places = PlacesOf(*root);
  const Removed removed = WhatIsRemoved(places, edits);
  Replacements replacements;
  RemoveAll(places, removed, replacements);
  for (const ProfileEdit& edit : edits) {
    if (!removed.Covers(edit)) Replace(text, places, edit, replacements);
  }
  std::string result;
  size_t at = 0;
  for (const auto& [begin, replacement] : replacements) {
    result += text.substr(at, begin - at);
    result += replacement.text;
    at = replacement.end;
  }
  result += text.substr(at);
  return result;
}

}  // namespace syscarve
