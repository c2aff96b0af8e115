// SPDX-License-Identifier: Apache-2.0
// EditProfile of profile_source.h.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/profile_fields.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/profile_source.h"

namespace syscarve {
namespace {

using Places = std::map<std::string, JsonPlace>;

// Visits all values below `value`, whose own path is `path`.
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

// Parts of the text to replace, by their beginnings.
struct Replacement {
  size_t end = 0;
  std::string text;
};
using Replacements = std::map<size_t, Replacement>;

// Removes the elements `removed`, each with one comma, from the array at `path`. At least one element must remain.
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
  const JsonValue* const index = condition.ok() ? FindMember(*condition, "index") : nullptr;
  const JsonValue* const value = condition.ok() ? FindMember(*condition, "value") : nullptr;
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
  std::map<size_t, std::set<size_t>> names;  // By entry.

  // Whether the place of `edit` is removed.
  bool Covers(const ProfileEdit& edit) const {
    const auto found = names.find(edit.entry);
    const bool is_name = edit.kind == ProfileEdit::Kind::kReplaceName;
    if (edit.kind == ProfileEdit::Kind::kRemoveByteOrderMark) return false;
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
  if (edit.kind == ProfileEdit::Kind::kRemoveByteOrderMark && text.starts_with(kUtf8Mark)) {
    replacements.emplace(0, Replacement{kUtf8Mark.size(), ""});
  }
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

std::vector<TextReplacement> ReplacementsOf(std::string_view text, std::span<const ProfileEdit> edits) {
  absl::StatusOr<JsonValue> root = ParseProfileJson(text, kProfileLimits);
  if (!root.ok()) return {};
  std::vector<ProfileNote> notes;
  const Places places = PlacesOf(WithKnownFields(*std::move(root), UnknownFields::kDrop, notes));
  const Removed removed = WhatIsRemoved(places, edits);
  Replacements replacements;
  RemoveAll(places, removed, replacements);
  for (const ProfileEdit& edit : edits) {
    if (!removed.Covers(edit)) Replace(text, places, edit, replacements);
  }
  std::vector<TextReplacement> result;
  for (auto& [begin, replacement] : replacements) result.push_back({begin, replacement.end, replacement.text});
  return result;
}

std::string EditProfile(std::string_view text, std::span<const ProfileEdit> edits) {
  std::string result;
  size_t at = 0;
  for (const TextReplacement& replacement : ReplacementsOf(text, edits)) {
    result += text.substr(at, replacement.begin - at);
    result += replacement.text;
    at = replacement.end;
  }
  result += text.substr(at);
  return result;
}

}  // namespace syscarve
