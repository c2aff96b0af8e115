// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/containers_common.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_fields.h"
#include "userspace/model/profile_json.h"

namespace syscarve {
namespace {

constexpr JsonLimits kLimits = {.bytes = kMaxProfileBytes, .values = size_t{1} << 20, .depth = 16};
constexpr size_t kMaxElements = size_t{1} << 16;
constexpr size_t kMaxTextBytes = size_t{64} << 10;

using Keys = std::span<const std::string_view>;
using KeyList = std::initializer_list<std::string_view>;

// The order of the members in Go's structs, pkg/seccomp/types.go of containers-common.
constexpr std::string_view kProfileKeys[] = {"defaultAction", "defaultErrnoRet", "defaultErrno", "architectures",
                                             "archMap",       "syscalls",        "flags"};
constexpr std::string_view kEntryKeys[] = {"name",     "names",    "action",   "args", "comment",
                                           "includes", "excludes", "errnoRet", "errno"};
constexpr std::string_view kArchMapKeys[] = {"architecture", "subArchitectures"};

JsonValue* Find(JsonValue::Object& object, std::string_view key) {
  const auto member = std::ranges::find(object, key, &JsonMember::key);
  return member == object.end() ? nullptr : &member->value;
}

const JsonValue* Find(const JsonValue::Object& object, std::string_view key) {
  const auto member = std::ranges::find(object, key, &JsonMember::key);
  return member == object.end() ? nullptr : &member->value;
}

bool IsNull(const JsonValue& value) {
  return std::holds_alternative<std::nullptr_t>(value.data);
}

// The members in the order of `keys`, followed by all others; null members are removed: they mean the same as absent.
JsonValue::Object Ordered(JsonValue::Object object, Keys keys) {
  std::erase_if(object, [](const JsonMember& member) { return IsNull(member.value); });
  const auto rank = [&](const JsonMember& member) { return std::ranges::find(keys, std::string_view(member.key)); };
  std::ranges::stable_sort(object, {}, rank);
  return object;
}

// Sets a member that Go always writes, at its place in `keys`.
void Fill(JsonValue::Object& object, Keys keys, std::string_view key, JsonValue value) {
  if (Find(object, key) != nullptr) return;
  const auto rank = std::ranges::find(keys, key);
  const auto behind = std::ranges::find_if(
      object, [&](const JsonMember& member) { return std::ranges::find(keys, std::string_view(member.key)) > rank; });
  object.insert(behind, {std::string(key), std::move(value)});
}

JsonValue::Object CompleteEntry(JsonValue::Object entry) {
  entry = Ordered(std::move(entry), kEntryKeys);
  Fill(entry, kEntryKeys, "action", "");
  Fill(entry, kEntryKeys, "args", JsonValue::Array{});
  Fill(entry, kEntryKeys, "comment", "");
  Fill(entry, kEntryKeys, "includes", JsonValue::Object{});
  Fill(entry, kEntryKeys, "excludes", JsonValue::Object{});
  return entry;
}

void CheckText(const JsonReader& object, KeyList keys) {
  for (const std::string_view key : keys) {
    if (const JsonReader member = object.Optional(key); member.IsGiven()) member.Text(kMaxTextBytes);
  }
}

void CheckTexts(const JsonReader& object, KeyList keys) {
  for (const std::string_view key : keys) {
    const JsonReader member = object.Optional(key);
    if (!member.IsGiven()) continue;
    member.ForEach(kMaxElements, [](const JsonReader& element) { element.Text(kMaxTextBytes); });
  }
}

void CheckNumber(const JsonReader& object, std::string_view key) {
  if (const JsonReader member = object.Optional(key); member.IsGiven()) member.Uint();
}

void CheckEntry(const JsonReader& entry) {
  CheckText(entry, {"name", "action", "comment", "errno"});
  CheckTexts(entry, {"names"});
  CheckNumber(entry, "errnoRet");
  if (const JsonReader args = entry.Optional("args"); args.IsGiven()) {
    args.ForEach(kMaxElements, [](const JsonReader& condition) {
      if (condition.IsNull()) return;
      for (const std::string_view key : {"index", "value", "valueTwo"}) CheckNumber(condition, key);
      CheckText(condition, {"op"});
    });
  }
  for (const std::string_view key : {"includes", "excludes"}) {
    const JsonReader filter = entry.Optional(key);
    if (!filter.IsGiven()) continue;
    CheckTexts(filter, {"caps", "arches"});
  }
}

void CheckProfile(const JsonReader& root) {
  CheckText(root, {"defaultAction", "defaultErrno"});
  CheckNumber(root, "defaultErrnoRet");
  CheckTexts(root, {"architectures", "flags"});
  if (const JsonReader map = root.Optional("archMap"); map.IsGiven()) {
    map.ForEach(kMaxElements, [](const JsonReader& entry) {
      CheckText(entry, {"architecture"});
      CheckTexts(entry, {"subArchitectures"});
    });
  }
  if (const JsonReader syscalls = root.Optional("syscalls"); syscalls.IsGiven()) {
    syscalls.ForEach(kMaxElements, [](const JsonReader& entry) { CheckEntry(entry); });
  }
}

// Types were checked when the profile was read.
JsonValue::Array& ArrayOf(JsonValue::Object& object, Keys keys, std::string_view key) {
  Fill(object, keys, key, JsonValue::Array{});
  return std::get<JsonValue::Array>(Find(object, key)->data);
}

std::string TextOf(const JsonValue::Object& object, std::string_view key) {
  const JsonValue* value = Find(object, key);
  return value == nullptr ? "" : std::get<std::string>(value->data);
}

// The action of each name in the input's entries; of several entries, the first one's.
std::map<std::string, std::string> ActionsByName(const JsonValue::Array& entries) {
  std::map<std::string, std::string> actions;
  for (const JsonValue& value : entries) {
    const auto& entry = std::get<JsonValue::Object>(value.data);
    const std::string action = TextOf(entry, "action");
    if (const std::string name = TextOf(entry, "name"); !name.empty()) actions.emplace(name, action);
    const JsonValue* names = Find(entry, "names");
    if (names == nullptr) continue;
    for (const JsonValue& name : std::get<JsonValue::Array>(names->data)) {
      actions.emplace(std::get<std::string>(name.data), action);
    }
  }
  return actions;
}

// Adds `abi` to the list that the profile uses: a profile with both lists is refused.
void NameArchitecture(JsonValue::Object& profile, Abi abi, Abi host) {
  const std::string token(ScmpArchName(abi));
  const auto is_token = [&](const JsonValue& value) { return std::get<std::string>(value.data) == token; };
  const JsonValue* map = Find(profile, "archMap");
  if (map == nullptr || std::get<JsonValue::Array>(map->data).empty()) {
    JsonValue::Array& list = ArrayOf(profile, kProfileKeys, "architectures");
    if (std::ranges::none_of(list, is_token)) list.emplace_back(token);
    return;
  }
  JsonValue::Array& entries = ArrayOf(profile, kProfileKeys, "archMap");
  const std::string host_token(ScmpArchName(host));
  for (JsonValue& value : entries) {
    auto& entry = std::get<JsonValue::Object>(value.data);
    if (TextOf(entry, "architecture") != host_token) continue;
    if (abi == host) return;
    JsonValue::Array& companions = ArrayOf(entry, kArchMapKeys, "subArchitectures");
    if (std::ranges::none_of(companions, is_token)) companions.emplace_back(token);
    return;
  }
  entries.push_back(JsonValue::Object{{"architecture", host_token}, {"subArchitectures", JsonValue::Array{}}});
  if (abi != host) NameArchitecture(profile, abi, host);
}

}  // namespace

absl::StatusOr<ContainersCommonProfile> ParseContainersCommonProfile(std::string_view text) {
  // Go's decoder refuses a byte order mark, and uses the last of two equal keys.
  absl::StatusOr<JsonValue> parsed = ParseStrictJson(text, kLimits, {.repeated_keys = true});
  if (!parsed.ok()) return Annotate(parsed.status(), "not a seccomp profile");
  std::vector<ProfileNote> notes;
  JsonValue value = WithKnownFields(*std::move(parsed), UnknownFields::kKeep, notes);
  std::string error;
  CheckProfile(JsonReader(value, &error));
  if (!error.empty()) return absl::InvalidArgumentError(Concat("not a seccomp profile: ", error));
  auto members = Ordered(std::get<JsonValue::Object>(std::move(value.data)), kProfileKeys);
  if (JsonValue* map = Find(members, "archMap")) {
    for (JsonValue& entry : std::get<JsonValue::Array>(map->data)) {
      auto& object = std::get<JsonValue::Object>(entry.data);
      object = Ordered(std::move(object), kArchMapKeys);
    }
  }
  if (JsonValue* syscalls = Find(members, "syscalls")) {
    for (JsonValue& entry : std::get<JsonValue::Array>(syscalls->data)) {
      auto& object = std::get<JsonValue::Object>(entry.data);
      object = CompleteEntry(std::move(object));
    }
  }
  return ContainersCommonProfile{std::move(members)};
}

ContainersCommonMerge MergeContainersCommon(const ContainersCommonProfile& input,
                                            const ContainersCommonAddition& addition) {
  ContainersCommonMerge merge;
  JsonValue::Object profile = input.members;
  std::erase_if(profile, [](const JsonMember& member) { return member.key == "defaultAction"; });
  Fill(profile, kProfileKeys, "defaultAction", ScmpActionName(ActionKind::kErrno));
  if (addition.default_errno.has_value() && Find(profile, "defaultErrno") == nullptr) {
    Fill(profile, kProfileKeys, "defaultErrnoRet", *addition.default_errno);
  }
  for (const Abi abi : addition.abis) NameArchitecture(profile, abi, addition.abis.front());

  JsonValue::Array& entries = ArrayOf(profile, kProfileKeys, "syscalls");
  const std::map<std::string, std::string> decided = ActionsByName(entries);
  JsonValue::Array added;
  for (const std::string& name : addition.names) {
    if (const auto found = decided.find(name); found != decided.end()) {
      merge.decided_by_input.insert(*found);
    } else {
      added.emplace_back(name);
    }
  }
  if (!added.empty()) {
    entries.push_back(CompleteEntry({{"names", std::move(added)}, {"action", ScmpActionName(ActionKind::kAllow)}}));
  }
  merge.text = PrintCompactJson(profile);
  return merge;
}

}  // namespace syscarve
