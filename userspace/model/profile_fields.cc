// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile_fields.h"

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/edit_distance.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

struct Field;
using Fields = std::span<const Field>;

struct Field {
  std::string_view name;
  const Field* inner = nullptr;  // The fields of the object in it, or of the objects in its array.
  size_t inner_count = 0;
};

template <size_t kCount>
constexpr Field Holding(std::string_view name, const Field (&inner)[kCount]) {
  return {name, inner, kCount};
}

constexpr Field kConditionFields[] = {{"index"}, {"value"}, {"valueTwo"}, {"op"}};
constexpr Field kFilterFields[] = {{"caps"}, {"arches"}, {"minKernel"}};
constexpr Field kEntryFields[] = {{"names"},
                                  {"name"},
                                  {"action"},
                                  {"errnoRet"},
                                  {"errno"},
                                  {"comment"},
                                  Holding("args", kConditionFields),
                                  Holding("includes", kFilterFields),
                                  Holding("excludes", kFilterFields)};
constexpr Field kArchMapFields[] = {{"architecture"}, {"subArchitectures"}};
constexpr Field kProfileFields[] = {{"defaultAction"},
                                    {"defaultErrnoRet"},
                                    {"defaultErrno"},
                                    {"architectures"},
                                    {"flags"},
                                    {"listenerPath"},
                                    {"listenerMetadata"},
                                    Holding("archMap", kArchMapFields),
                                    Holding("syscalls", kEntryFields)};

std::string_view NearestField(std::string_view key, Fields fields) {
  constexpr size_t kLongest = 32;
  // _comment and $schema are not misspelt fields.
  if (key.empty() || key.size() > kLongest || key.front() == '_' || key.front() == '$') return "";
  const std::string folded = FoldedKey(key);
  size_t best = std::max<size_t>(1, key.size() / 4) + 1;
  std::string_view nearest;
  for (const Field& field : fields) {
    const size_t distance = EditDistance(folded, FoldedKey(field.name));
    if (distance >= best) continue;
    best = distance;
    nearest = field.name;
  }
  return nearest;
}

std::string Shown(std::string_view key) {
  constexpr size_t kMaxShown = 60;
  return Concat("\"", EscapeForTerminal(key.substr(0, kMaxShown)), key.size() > kMaxShown ? "…" : "", "\"");
}

class Pass {
 public:
  Pass(UnknownFields unknown, std::vector<ProfileNote>& notes) : unknown_(unknown), notes_(notes) {}

  // `value` should be an object with `fields`, or an array of such objects; the reader rejects anything else.
  void Visit(JsonValue& value, Fields fields, const std::string& path) {
    if (auto* array = std::get_if<JsonValue::Array>(&value.data)) {
      for (size_t i = 0; i < array->size(); ++i) VisitObject((*array)[i], fields, Concat(path, "[", i, "]"));
    } else {
      VisitObject(value, fields, path);
    }
  }

 private:
  void VisitObject(JsonValue& value, Fields fields, const std::string& path) {
    auto* object = std::get_if<JsonValue::Object>(&value.data);
    if (object == nullptr) return;
    JsonValue::Object known;
    for (JsonMember& member : *object) {
      const Field* const field = FieldOf(member, fields, path);
      if (field == nullptr) {
        if (unknown_ == UnknownFields::kKeep) known.push_back(std::move(member));
        continue;
      }
      member.key = field->name;
      const std::string inner_path = Concat(path, path.empty() ? "" : ".", field->name);
      if (field->inner != nullptr) Visit(member.value, Fields(field->inner, field->inner_count), inner_path);
      const auto earlier = std::ranges::find(known, field->name, &JsonMember::key);
      if (earlier == known.end()) {
        known.push_back(std::move(member));
        continue;
      }
      Note(ProfileNoteKind::kRepeatedKey, inner_path, member.place,
           Concat(Shown(field->name), " is there twice; the last one counts"), "");
      *earlier = std::move(member);
    }
    *object = std::move(known);
  }

  const Field* FieldOf(const JsonMember& member, Fields fields, const std::string& path) {
    const auto exact = std::ranges::find(fields, std::string_view(member.key), &Field::name);
    if (exact != fields.end()) return &*exact;
    const std::string folded = FoldedKey(member.key);
    const auto other_case =
        std::ranges::find_if(fields, [&](const Field& field) { return FoldedKey(field.name) == folded; });
    const std::string inner_path = Concat(path, path.empty() ? "" : ".", EscapeForTerminal(member.key));
    if (other_case != fields.end()) {
      Note(ProfileNoteKind::kLetterCase, inner_path, member.place,
           Concat(Shown(member.key), " is ", Shown(other_case->name),
                  " in another letter case, which container engines read and crun and others do not"),
           other_case->name);
      return &*other_case;
    }
    Note(ProfileNoteKind::kUnknownField, inner_path, member.place, Concat("nobody reads the field ", Shown(member.key)),
         NearestField(member.key, fields));
    return nullptr;
  }

  void Note(ProfileNoteKind kind, const std::string& path, const JsonPlace& place, std::string message,
            std::string_view suggestion) {
    notes_.push_back({.kind = kind,
                      .path = path,
                      .place = place,
                      .message = std::move(message),
                      .suggestion = std::string(suggestion)});
  }

  const UnknownFields unknown_;
  std::vector<ProfileNote>& notes_;
};

}  // namespace

// Go compares keys by simple case folding: of the non-ASCII characters, the long s and the Kelvin sign fold to a
// letter.
std::string FoldedKey(std::string_view key) {
  constexpr std::string_view kLongS = "\u017f";
  constexpr std::string_view kKelvin = "\u212a";
  std::string folded;
  for (size_t i = 0; i < key.size(); ++i) {
    if (key.substr(i).starts_with(kLongS)) {
      folded += 's';
      i += kLongS.size() - 1;
    } else if (key.substr(i).starts_with(kKelvin)) {
      folded += 'k';
      i += kKelvin.size() - 1;
    } else {
      folded += key[i] >= 'A' && key[i] <= 'Z' ? static_cast<char>(key[i] - 'A' + 'a') : key[i];
    }
  }
  return folded;
}

JsonValue WithKnownFields(JsonValue root, UnknownFields unknown, std::vector<ProfileNote>& notes) {
  Pass(unknown, notes).Visit(root, kProfileFields, "");
  return root;
}

}  // namespace syscarve
