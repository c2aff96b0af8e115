// SPDX-License-Identifier: Apache-2.0
// The common parts of the files of recordings and of plans: texts, ids of calls, numbers, limits. Each reading function
// reports errors through its reader and then returns a valid value. For the readers and writers of these files only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/abi.h"
#include "userspace/model/recording_json.h"

namespace syscarve::recording_json {

// The schemas that a reader accepts.
enum class Schema { kFirst, kSecond, kThird, kFourth, kFifth };

inline constexpr size_t kMaxElements = SIZE_MAX;  // Per list; RecordingLimits::values is the effective limit.
inline constexpr size_t kMaxTextBytes = kMaxRecordingTextBytes;
inline constexpr size_t kMaxWordBytes = 64;

// A percent-encoded text, decoded.
std::string ReadText(const JsonReader& reader, size_t max_bytes = kMaxTextBytes);

// Parses an object's key in plain decimal, without sign or leading zeros.
std::optional<uint64_t> NumberFromKey(std::string_view key);

// Writing and reading a number that may be absent.
void AddNumber(JsonValue::Object& object, std::string_view key, const std::optional<uint64_t>& number);
std::optional<uint64_t> OptionalNumber(const JsonReader& object, std::string_view key);

// A word of a closed set; `from_name` returns nullopt for any other.
template <typename Word>
Word ReadWord(const JsonReader& reader, std::optional<Word> (*from_name)(std::string_view)) {
  const std::string name = reader.Text(kMaxWordBytes);
  const std::optional<Word> word = from_name(name);
  if (!word.has_value()) reader.Fail(Concat("unknown word \"", EscapeForTerminal(name), "\""));
  return word.value_or(Word{});
}

Abi ReadAbi(const JsonReader& reader);

// The fields "abi", "nr" and, if present, "name" of `entry`, which must agree.
SyscallId ReadSyscall(const JsonReader& entry);

// Adds `key` to `map`. A key that is already there is an error at `place`: a duplicate in the caller's object or array.
template <typename Map, typename Key>
typename Map::mapped_type& AddUnique(const JsonReader& place, Map& map, const Key& key) {
  const auto [entry, added] = map.try_emplace(key);
  if (!added) place.Fail("repeats an earlier entry");
  return entry->second;
}

}  // namespace syscarve::recording_json
