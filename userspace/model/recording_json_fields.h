// SPDX-License-Identifier: Apache-2.0
// What files of recordings and of plans have in common: texts, ids of calls, numbers, limits. Every function that reads
// reports what it does not like through its reader, and then returns something valid. For readers and writers of these,
// and nobody else.
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

// The schemas that a reader takes.
enum class Schema { kFirst, kSecond, kThird, kFourth, kFifth };

inline constexpr size_t kMaxElements = SIZE_MAX;  // Of one list: RecordingLimits::values is what limits them.
inline constexpr size_t kMaxTextBytes = kMaxRecordingTextBytes;
inline constexpr size_t kMaxWordBytes = 64;

// A percent-encoded text, decoded.
std::string ReadText(const JsonReader& reader, size_t max_bytes = kMaxTextBytes);

// The number that an object's key spells in plain decimal, without sign or leading zeros.
std::optional<uint64_t> NumberFromKey(std::string_view key);

// A member that is a number, where there is one.
void AddNumber(JsonValue::Object& object, std::string_view key, const std::optional<uint64_t>& number);
std::optional<uint64_t> OptionalNumber(const JsonReader& object, std::string_view key);

// One of a closed set of words, of which `from_name` gives nullopt for any other.
template <typename Word>
Word ReadWord(const JsonReader& reader, std::optional<Word> (*from_name)(std::string_view)) {
  const std::string name = reader.Text(kMaxWordBytes);
  const std::optional<Word> word = from_name(name);
  if (!word.has_value()) reader.Fail(Concat("unknown word \"", EscapeForTerminal(name), "\""));
  return word.value_or(Word{});
}

Abi ReadAbi(const JsonReader& reader);

// The fields "abi", "nr" and, where there is one, "name" of `entry`, which must agree.
SyscallId ReadSyscall(const JsonReader& entry);

// `place` must be new among the keys of `map`: the caller's object or array says the same thing twice otherwise.
template <typename Map, typename Key>
typename Map::mapped_type& AddUnique(const JsonReader& place, Map& map, const Key& key) {
  const auto [entry, added] = map.try_emplace(key);
  if (!added) place.Fail("repeats an earlier entry");
  return entry->second;
}

}  // namespace syscarve::recording_json
