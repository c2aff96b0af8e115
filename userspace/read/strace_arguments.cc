// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/strace_arguments.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/logged_arguments.h"
#include "userspace/shipped/call_text.h"

namespace syscarve {
namespace {

constexpr size_t kArguments = 6;

std::string_view Stripped(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The arguments up to the closing bracket, or to where the line was interrupted; the last one may be cut.
std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> words;
  if (const size_t end = text.find(" <unfinished"); end != std::string_view::npos) text = text.substr(0, end);
  size_t begin = 0;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size() && words.size() < kArguments; ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '(' || c == '[' || c == '{') ++depth;
    const bool ends = c == ')' && depth == 0;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (!ends && (c != ',' || depth != 0)) continue;
    words.push_back(Stripped(text.substr(begin, i - begin)));
    begin = i + 1;
    if (ends) return words;
  }
  if (words.size() < kArguments && begin < text.size()) words.push_back(Stripped(text.substr(begin)));
  return words;
}

// Without the name that strace puts before some ("flags=CLONE_VM"), and without its remarks ("0x11 /* AF_??? */").
std::string_view Bare(std::string_view word) {
  if (const size_t remark = word.find("/*"); remark != std::string_view::npos) word = Stripped(word.substr(0, remark));
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos) return word;
  for (const char c : word.substr(0, equals)) {
    if (!absl::ascii_islower(static_cast<unsigned char>(c)) && c != '_') return word;
  }
  return word.substr(equals + 1);
}

std::optional<uint64_t> Number(std::string_view word) {
  const bool negative = !word.empty() && word.front() == '-';
  const std::string digits(negative ? word.substr(1) : word);
  uint64_t value = 0;
  const bool hexadecimal = digits.starts_with("0x");
  const bool octal = !hexadecimal && digits.size() > 1 && digits.front() == '0';
  if (octal || !(hexadecimal ? absl::SimpleHexAtoi(digits, &value) : absl::SimpleAtoi(digits, &value))) {
    return std::nullopt;
  }
  return negative ? ~value + 1 : value;
}

// Names and numbers, joined with "|".
std::optional<uint64_t> Value(const ArgumentTable& table, SyscallId id, const std::vector<uint64_t>& before,
                              std::string_view word) {
  uint64_t value = 0;
  const std::vector<std::string_view> parts = SplitNonEmpty(word, '|');
  if (parts.empty()) return std::nullopt;
  for (const std::string_view part : parts) {
    std::optional<uint64_t> bits = Number(part);
    if (!bits.has_value()) bits = ArgumentFromNames(table, id, before, part);
    if (!bits.has_value()) return std::nullopt;
    value |= *bits;
  }
  return value;
}

// clone_args.flags: "{flags=CLONE_VM|…, exit_signal=…}". Their names are those of clone.
std::optional<uint64_t> FlagsInMemory(const ArgumentTable& table, SyscallId id, std::string_view word) {
  constexpr std::string_view kBegin = "{flags=";
  if (!word.starts_with(kBegin)) return std::nullopt;
  word.remove_prefix(kBegin.size());
  const std::optional<SyscallId> clone = FindSyscall(id.abi, "clone");
  const size_t end = word.find_first_of(",}");
  if (!clone.has_value() || end == std::string_view::npos) return std::nullopt;
  return Value(table, *clone, {}, Bare(word.substr(0, end)));
}

// strace names the arguments of clone, in another order than the kernel's.
std::string_view WordOf(const std::vector<std::string_view>& words, const RecordedCall& call, size_t index) {
  if (call.name == "clone") {
    for (const std::string_view word : words) {
      if (word.starts_with("flags=")) return word;
    }
    return {};
  }
  return index < words.size() ? words[index] : std::string_view();
}

}  // namespace

SeenArguments StraceArguments(const ArgumentTable& table, const RecordedCall& call, SyscallId id, std::string_view text,
                              ProgramId program) {
  const std::vector<std::string_view> words = Split(text);
  SeenArguments seen = LoggedArguments(table, call, id, program, [&](size_t index, std::span<const uint64_t> before) {
    const std::string_view word = WordOf(words, call, index);
    return call.pointed_to ? FlagsInMemory(table, id, word)
                           : Value(table, id, std::vector<uint64_t>(before.begin(), before.end()), Bare(word));
  });
  seen.dirty = true;
  return seen;
}

}  // namespace syscarve
