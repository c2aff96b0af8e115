// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/strace_arguments.h"

#include <asm-generic/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
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
#include "userspace/shipped/drivers.h"

namespace syscarve {
namespace {

constexpr size_t kArguments = 6;

std::string_view Stripped(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The length of the text after a descriptor with -y or -yy: "</dev/null>", "</dev/pts/0<char 136:0>>",
// "<TCP:[127.0.0.1:80->127.0.0.1:4711]>". `text` begins with "<". strace escapes these brackets in paths as numbers. 0
// if it is not such a text.
size_t LengthOfFile(std::string_view text) {
  if (text.size() < 2 || text[1] == '<') return 0;
  // A protocol, whose addresses have arrows.
  if (absl::ascii_isupper(static_cast<unsigned char>(text[1]))) {
    const size_t end = text.find("]>");
    return end == std::string_view::npos ? 0 : end + 2;
  }
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<') ++depth;
    if (text[i] == '>' && --depth == 0) return i + 1;
  }
  return 0;
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
    if (c == '<' && i > begin && absl::ascii_isalnum(static_cast<unsigned char>(text[i - 1]))) {
      const size_t length = LengthOfFile(text.substr(i));
      i += length == 0 ? 0 : length - 1;
      continue;
    }
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

// Without the name that precedes some ("flags=CLONE_VM"), and without strace's comments ("0x11 /* AF_??? */").
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

// An ioctl number without a name: "_IOC(_IOC_READ|_IOC_WRITE, 0x58, 0x79, 0x18)", combined as in
// include/uapi/asm-generic/ioctl.h, from which some architectures differ.
std::optional<uint64_t> NumberOfParts(Abi abi, std::string_view word) {
  constexpr std::string_view kBegin = "_IOC(";
  constexpr std::array kGeneric = {Abi::kX86_64, Abi::kI386, Abi::kX32, Abi::kAarch64, Abi::kArm};
  if (!word.starts_with(kBegin) || !word.ends_with(')') || std::ranges::find(kGeneric, abi) == kGeneric.end()) {
    return std::nullopt;
  }
  const std::vector<std::string_view> parts =
      SplitNonEmpty(word.substr(kBegin.size(), word.size() - kBegin.size() - 1), ',');
  if (parts.size() != 4) return std::nullopt;
  uint64_t direction = 0;
  for (const std::string_view name : SplitNonEmpty(Stripped(parts[0]), '|')) {
    if (name != "_IOC_NONE" && name != "_IOC_WRITE" && name != "_IOC_READ") return std::nullopt;
    direction |= name == "_IOC_WRITE" ? _IOC_WRITE : name == "_IOC_READ" ? _IOC_READ : _IOC_NONE;
  }
  const std::optional<uint64_t> type = Number(Stripped(parts[1]));
  const std::optional<uint64_t> number = Number(Stripped(parts[2]));
  const std::optional<uint64_t> size = Number(Stripped(parts[3]));
  if (!type.has_value() || !number.has_value() || !size.has_value() || *type > _IOC_TYPEMASK || *number > _IOC_NRMASK ||
      *size > _IOC_SIZEMASK) {
    return std::nullopt;
  }
  return direction << _IOC_DIRSHIFT | *size << _IOC_SIZESHIFT | *type << _IOC_TYPESHIFT | *number << _IOC_NRSHIFT;
}

// Names and numbers, joined with "|".
std::optional<uint64_t> Value(const ArgumentTable& table, SyscallId id, const std::vector<uint64_t>& before,
                              std::string_view word) {
  if (const std::optional<uint64_t> number = NumberOfParts(id.abi, word)) return number;
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

// The family of a protocol that strace prints before a socket's addresses; "" if it has none here.
std::string KindOfProtocol(std::string_view protocol) {
  if (protocol.ends_with("v6")) return "socket AF_INET6";
  if (protocol.starts_with("UNIX")) return "socket AF_UNIX";
  for (const std::string_view inet : {"TCP", "UDP", "UDPLITE", "ICMP", "RAW", "PING", "DCCP", "SCTP", "L2TP"}) {
    if (protocol == inet) return "socket AF_INET";
  }
  return protocol == "NETLINK" ? "socket AF_NETLINK" : "socket";
}

// The kind of file in strace's "3</dev/tty>" with -y, "3</dev/tty<char 5:0>>" with -yy. For a path alone, the kind is
// the conventional one of such a path.
std::optional<std::string> KindOfDescriptor(const Drivers& drivers, std::string_view word) {
  const size_t begin = word.find('<');
  if (word == "-1") return std::string(kNoFile);
  if (begin == std::string_view::npos || !word.ends_with('>')) return std::nullopt;
  const std::string_view file = word.substr(begin + 1, word.size() - begin - 2);
  if (file.empty()) return std::nullopt;
  if (absl::ascii_isupper(static_cast<unsigned char>(file.front()))) {
    return KindOfProtocol(file.substr(0, file.find(':')));
  }
  if (file.starts_with("socket:")) return "socket";
  if (file.starts_with("pipe:")) return "pipe";
  constexpr std::string_view kAnonymous = "anon_inode:";
  if (file.starts_with(kAnonymous)) return KindOfAnonymousFile(file.substr(kAnonymous.size()));
  if (!file.starts_with('/')) return std::nullopt;
  if (const size_t device = file.rfind('<'); device != std::string_view::npos && file.ends_with('>')) {
    const std::vector<std::string_view> words = SplitNonEmpty(file.substr(device + 1, file.size() - device - 2), ' ');
    const std::vector<std::string_view> numbers = SplitNonEmpty(words.empty() ? "" : words.back(), ':');
    if (words.size() != 2 || (words[0] != "char" && words[0] != "block") || numbers.size() != 2) return std::nullopt;
    const std::optional<unsigned> major = ParseNumber<unsigned>(numbers[0]);
    const std::optional<unsigned> minor = ParseNumber<unsigned>(numbers[1]);
    if (!major.has_value() || !minor.has_value()) return std::nullopt;
    return KindOfFile(drivers, words[0] == "char" ? S_IFCHR : S_IFBLK, *major, *minor, "");
  }
  for (const std::string_view terminal : {"/dev/pts/", "/dev/tty", "/dev/console", "/dev/ptmx"}) {
    if (file.starts_with(terminal)) return "tty";
  }
  return file.starts_with("/dev/") ? std::nullopt : std::optional<std::string>("file");
}

// strace prints the arguments of clone by name, in another order than the kernel's.
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

SeenArguments StraceArguments(const ArgumentTable& table, const Drivers& drivers, const RecordedCall& call,
                              SyscallId id, std::string_view text, ProgramId program) {
  const std::vector<std::string_view> words = Split(text);
  SeenArguments seen = LoggedArguments(table, call, id, program, [&](size_t index, std::span<const uint64_t> before) {
    const std::string_view word = WordOf(words, call, index);
    return call.pointed_to ? FlagsInMemory(table, id, word)
                           : Value(table, id, std::vector<uint64_t>(before.begin(), before.end()), Bare(word));
  });
  seen.dirty = true;
  if (call.descriptor.has_value() && !seen.open) {
    const std::optional<std::string> kind =
        KindOfDescriptor(drivers, WordOf(words, call, static_cast<size_t>(*call.descriptor)));
    if (kind.has_value()) seen.files[seen.values.begin()->first] = {*kind};
  }
  return seen;
}

}  // namespace syscarve
