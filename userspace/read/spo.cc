// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/spo.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

constexpr std::string_view kGroup = "security-profiles-operator.x-k8s.io/";
// The operator's first group, of 2020; its only version was v1alpha1.
constexpr std::string_view kOlderGroup = "seccomp-operator.x-k8s.io/";
constexpr std::string_view kVersions[] = {"v1", "v1beta1", "v1alpha1"};
constexpr std::string_view kKind = "SeccompProfile";
constexpr std::string_view kSpecFields[] = {"baseProfileName", "defaultAction",    "architectures",
                                            "listenerPath",    "listenerMetadata", "syscalls",
                                            "flags",           "disabled",         "state"};
constexpr std::string_view kEntryFields[] = {"names", "action", "errnoRet", "args"};
// Fields with the same meaning in OCI's terms.
constexpr std::string_view kOciFields[] = {"defaultAction", "listenerPath", "listenerMetadata", "flags"};
constexpr size_t kMaxTextBytes = 4096;

bool IsZero(const JsonValue& value) {
  const auto* number = std::get_if<uint64_t>(&value.data);
  return number != nullptr && *number == 0;
}

// Kubernetes has no unsigned integers of 64 bits, so large values are written as negative ones.
JsonValue Unsigned(JsonValue value) {
  const auto* negative = std::get_if<int64_t>(&value.data);
  if (negative != nullptr) value.data = static_cast<uint64_t>(*negative);
  return value;
}

// `value`, with the place of `origin`.
JsonValue Placed(JsonValue value, const JsonValue& origin) {
  value.place = origin.place;
  return value;
}

// An argument in OCI's terms. A zero may be left out here.
JsonValue OciArgument(const JsonValue& argument) {
  const auto* object = std::get_if<JsonValue::Object>(&argument.data);
  if (object == nullptr) return argument;
  JsonValue::Object oci;
  for (const JsonMember& member : *object) {
    const bool is_value = member.key == "value" || member.key == "valueTwo";
    oci.push_back({member.key, is_value ? Unsigned(member.value) : member.value, member.place});
  }
  for (const std::string_view key : {"index", "value"}) {
    if (Find(argument, key) == nullptr) oci.push_back({std::string(key), 0});
  }
  return Placed(std::move(oci), argument);
}

JsonValue OciEntry(const JsonValue& entry) {
  const auto* object = std::get_if<JsonValue::Object>(&entry.data);
  if (object == nullptr) return entry;
  JsonValue::Object oci;
  for (const JsonMember& member : *object) {
    // Zero is the same as an absent value here, and an absent value is EPERM.
    if (member.key == "errnoRet" && IsZero(member.value)) continue;
    if (std::ranges::find(kEntryFields, std::string_view(member.key)) == std::end(kEntryFields)) continue;
    const auto* arguments = std::get_if<JsonValue::Array>(&member.value.data);
    if (member.key != "args" || arguments == nullptr) {
      oci.push_back(member);
      continue;
    }
    JsonValue::Array converted;
    for (const JsonValue& argument : *arguments) converted.push_back(OciArgument(argument));
    oci.push_back({member.key, Placed(std::move(converted), member.value), member.place});
  }
  return Placed(std::move(oci), entry);
}

JsonValue OciList(const JsonValue& list, JsonValue (*convert)(const JsonValue&)) {
  const auto* array = std::get_if<JsonValue::Array>(&list.data);
  if (array == nullptr) return list;
  JsonValue::Array converted;
  for (const JsonValue& element : *array) converted.push_back(convert(element));
  return Placed(std::move(converted), list);
}

JsonValue OciArchitectures(const JsonValue& list, std::string_view native_arch) {
  JsonValue named = list;
  if (auto* array = std::get_if<JsonValue::Array>(&named.data)) {
    for (JsonValue& element : *array) {
      if (const auto* text = std::get_if<std::string>(&element.data); text != nullptr && *text == "SCMP_ARCH_NATIVE") {
        element.data = std::string(native_arch);
      }
    }
  }
  return named;
}

// Fields of every version of the operator.
std::string CheckFields(const JsonValue& object) {
  std::string error;
  const JsonReader root(object, &error);
  const JsonReader spec = root.Required("spec");
  spec.Required("defaultAction");
  if (const JsonReader base = spec.Optional("baseProfileName"); base.exists() && !base.IsNull()) {
    base.Text(kMaxTextBytes);
  }
  return error;
}

// The API server drops or rejects fields that the resource's definition does not have.
void NoteDropped(const JsonValue& object, std::span<const std::string_view> fields, const std::string& path,
                 std::vector<ProfileNote>& notes) {
  const auto* members = std::get_if<JsonValue::Object>(&object.data);
  if (members == nullptr) return;
  for (const JsonMember& member : *members) {
    if (std::ranges::find(fields, std::string_view(member.key)) != fields.end()) continue;
    const std::string key = EscapeForTerminal(member.key.substr(0, kMaxTextBytes));
    notes.push_back({.kind = ProfileNoteKind::kDroppedField,
                     .path = Concat(path, ".", key),
                     .place = member.place,
                     .message = Concat("a SeccompProfile has no field \"", key, "\", so the API server drops it")});
  }
}

void NoteFields(const JsonValue& spec, std::vector<ProfileNote>& notes) {
  NoteDropped(spec, kSpecFields, "spec", notes);
  const JsonValue* syscalls = Find(spec, "syscalls");
  const auto* entries = syscalls != nullptr ? std::get_if<JsonValue::Array>(&syscalls->data) : nullptr;
  for (size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
    NoteDropped((*entries)[i], kEntryFields, Concat("spec.syscalls[", i, "]"), notes);
  }
  const std::string state = TextAt(spec, "state");
  if (state.empty() || state == "Enabled" || state == "Disabled") return;
  notes.push_back({.kind = ProfileNoteKind::kUnknownState,
                   .path = "spec.state",
                   .place = Find(spec, "state")->place,
                   .message = Concat("the state \"", EscapeForTerminal(state.substr(0, kMaxTextBytes)),
                                     "\" is neither Enabled nor Disabled, so the API server refuses the object")});
}

absl::Status CheckVersion(const JsonValue& object, std::vector<ProfileNote>& notes) {
  const JsonValue& group_version = *Find(object, "apiVersion");
  std::string_view version = std::get<std::string>(group_version.data);
  if (version.starts_with(kOlderGroup)) {
    notes.push_back({.kind = ProfileNoteKind::kOlderApiGroup,
                     .path = "apiVersion",
                     .place = group_version.place,
                     .message = Concat("the group of ", EscapeForTerminal(version.substr(0, kMaxTextBytes)),
                                       " was the operator's first one; today's is ", kGroup, "v1")});
    version.remove_prefix(kOlderGroup.size());
  } else {
    version.remove_prefix(kGroup.size());
  }
  if (std::ranges::find(kVersions, version) != std::end(kVersions)) return absl::OkStatus();
  return absl::InvalidArgumentError(Concat("the version \"", EscapeForTerminal(version), "\" is not known"));
}

}  // namespace

std::string TextAt(const JsonValue& value, std::string_view key) {
  const JsonValue* member = Find(value, key);
  const auto* text = member != nullptr ? std::get_if<std::string>(&member->data) : nullptr;
  return text != nullptr ? *text : std::string();
}

const JsonValue* Find(const JsonValue& value, std::string_view key) {
  const auto* object = std::get_if<JsonValue::Object>(&value.data);
  if (object == nullptr) return nullptr;
  const auto found = std::ranges::find(*object, key, &JsonMember::key);
  return found == object->end() ? nullptr : &found->value;
}

bool IsKubernetesObject(const JsonValue& value) {
  return !TextAt(value, "apiVersion").empty() && !TextAt(value, "kind").empty();
}

bool IsSpoProfile(const JsonValue& object) {
  const std::string group_version = TextAt(object, "apiVersion");
  return TextAt(object, "kind") == kKind &&
         (group_version.starts_with(kGroup) || group_version.starts_with(kOlderGroup));
}

std::string ObjectName(const JsonValue& object) {
  const JsonValue* metadata = Find(object, "metadata");
  const std::string name = metadata != nullptr ? TextAt(*metadata, "name") : std::string();
  return name.empty() ? "(no name)" : name.substr(0, kMaxTextBytes);
}

absl::StatusOr<SpoProfile> ReadSpoProfile(const JsonValue& object, std::string_view native_arch) {
  SpoProfile profile = {.oci = nullptr, .warnings = {}, .notes = {}};
  SYSCARVE_RETURN_IF_ERROR(CheckVersion(object, profile.notes));
  if (const std::string error = CheckFields(object); !error.empty()) return absl::InvalidArgumentError(error);
  const JsonValue& spec = *Find(object, "spec");
  NoteFields(spec, profile.notes);
  JsonValue::Object oci;
  for (const JsonMember& member : std::get<JsonValue::Object>(spec.data)) {
    if (member.key == "syscalls") {
      oci.push_back({member.key, OciList(member.value, OciEntry), member.place});
    } else if (member.key == "architectures") {
      oci.push_back({member.key, OciArchitectures(member.value, native_arch), member.place});
    } else if (std::ranges::find(kOciFields, std::string_view(member.key)) != std::end(kOciFields)) {
      oci.push_back(member);
    }
  }
  profile.oci = Placed(std::move(oci), spec);
  if (const std::string base = TextAt(spec, "baseProfileName"); !base.empty()) {
    profile.warnings.push_back(Concat("it adds to the base profile ", EscapeForTerminal(base),
                                      ", which is not here: that one's calls are missing"));
  }
  const JsonValue* disabled = Find(spec, "disabled");
  if (TextAt(spec, "state") == "Disabled" ||
      (disabled != nullptr && std::get_if<bool>(&disabled->data) != nullptr && std::get<bool>(disabled->data))) {
    profile.warnings.push_back("it is disabled: the operator does not install it");
  }
  return profile;
}

}  // namespace syscarve
