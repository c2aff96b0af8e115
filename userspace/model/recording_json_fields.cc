// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/recording_json_fields.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"

namespace syscarve::recording_json {
namespace {

// A name is information for people; the number counts. The name may be newer than the tables, but if they contain the
// number or the name, both must agree: otherwise a reader of the text would take the call for another one.
void CheckSyscallName(const JsonReader& reader, SyscallId id) {
  if (!reader.exists()) return;
  const std::string name = reader.Text(kMaxWordBytes);
  const std::optional<std::string> ours = SyscallName(id);
  if (ours.has_value() && *ours != name) {
    return reader.Fail(Concat(AbiName(id.abi), " ", id.nr, " is ", *ours, ", not \"", EscapeForTerminal(name), "\""));
  }
  if (ours.has_value()) return;
  if (const std::optional<SyscallId> other = FindSyscall(id.abi, name)) {
    return reader.Fail(Concat(name, " is ", AbiName(id.abi), " ", other->nr, ", not ", id.nr));
  }
  const bool is_word = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!is_word) reader.Fail("not a system call's name");
}

}  // namespace

std::string ReadText(const JsonReader& reader, size_t max_bytes) {
  std::optional<std::string> bytes = DecodePercent(reader.Text(max_bytes));
  if (!bytes.has_value()) {
    reader.Fail("not percent-encoded: \"%\" must stand before two upper-case hex digits of a byte that needs it");
    return {};
  }
  return *std::move(bytes);
}

std::optional<uint64_t> NumberFromKey(std::string_view key) {
  const auto number = ParseNumber<uint64_t>(key);
  return number.has_value() && Concat(*number) == key ? number : std::nullopt;
}

void AddNumber(JsonValue::Object& object, std::string_view key, const std::optional<uint64_t>& number) {
  if (number.has_value()) object.push_back({std::string(key), *number});
}

std::optional<uint64_t> OptionalNumber(const JsonReader& object, std::string_view key) {
  const JsonReader value = object.Optional(key);
  if (!value.exists()) return std::nullopt;
  return value.Uint();
}

Abi ReadAbi(const JsonReader& reader) {
  const std::string name = reader.Text(kMaxWordBytes);
  const std::optional<Abi> abi = AbiFromName(name);
  if (!abi.has_value()) reader.Fail(Concat("unknown ABI \"", EscapeForTerminal(name), "\""));
  return abi.value_or(Abi::kX86_64);
}

SyscallId ReadSyscall(const JsonReader& entry) {
  const Abi abi = ReadAbi(entry.Required("abi"));
  // A program may use any number that is not negative; where bit 30 distinguishes two ABIs, it is not part of the
  // number.
  const bool shares_its_arch = AuditArch(abi) == AuditArch(Abi::kX32);
  const uint64_t largest = shares_its_arch ? kX32Bit - 1 : std::numeric_limits<int>::max();
  const SyscallId id = {abi, static_cast<int>(entry.Required("nr").Uint(0, largest))};
  CheckSyscallName(entry.Optional("name"), id);
  return id;
}

}  // namespace syscarve::recording_json
