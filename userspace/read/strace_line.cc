// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/strace_line.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "userspace/base/text.h"

namespace syscarve {
namespace {

using Pid = int64_t;
constexpr int kMaxLeaders = 8;  // Times, numbers and addresses before a call.

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsNameChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void SkipSpaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

// Removes and returns the prefix of `text` for whose characters `is_part` holds.
template <typename IsPart>
std::string_view Take(std::string_view& text, IsPart is_part) {
  size_t length = 0;
  while (length < text.size() && is_part(text[length])) ++length;
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

// The number in the part of `text` before `end`.
std::optional<Pid> PidBefore(std::string_view text, std::string_view end) {
  const size_t place = text.find(end);
  if (place == std::string_view::npos) return std::nullopt;
  return ParseNumber<Pid>(text.substr(0, place));
}

// "1234" or, with -Y, "1234<name>".
std::optional<Pid> TakePid(std::string_view& text) {
  std::string_view rest = text;
  SkipSpaces(rest);
  const std::optional<Pid> pid = ParseNumber<Pid>(Take(rest, IsDigit));
  if (!pid.has_value() || *pid <= 0) return std::nullopt;
  if (rest.starts_with('<')) {
    const size_t end = rest.find('>');
    if (end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
  text = rest;
  return pid;
}

// "[pid  1234] " or "1234  ", in front of everything else.
std::optional<Pid> TakePidPrefix(std::string_view& line) {
  std::string_view rest = line;
  if (ConsumePrefix(rest, "[pid ")) {
    const std::optional<Pid> pid = TakePid(rest);
    if (!pid.has_value() || !ConsumePrefix(rest, "]")) return std::nullopt;
    SkipSpaces(rest);
    line = rest;
    return pid;
  }
  if (line.empty() || !IsDigit(line.front())) return std::nullopt;
  const std::optional<Pid> pid = TakePid(rest);
  if (!pid.has_value() || !rest.starts_with(' ')) return std::nullopt;
  SkipSpaces(rest);
  line = rest;
  return pid;
}

// A time in the form of -t, -tt, -ttt or -r.
bool TakeTime(std::string_view& line) {
  std::string_view rest = line;
  const bool in_parentheses = ConsumePrefix(rest, "(+");
  SkipSpaces(rest);
  const std::string_view time = Take(rest, [](char c) { return IsDigit(c) || c == ':' || c == '.'; });
  if (time.find_first_of(":.") == std::string_view::npos || !IsDigit(time.front())) return false;
  if (in_parentheses && !ConsumePrefix(rest, ")")) return false;
  if (!rest.starts_with(' ')) return false;
  SkipSpaces(rest);
  line = rest;
  return true;
}

// "[  59]" of -n, whose number is kept, or "[00007f1e0fe5b0d7]" and "[????????????????]" of -i.
bool TakeBrackets(std::string_view& line, std::optional<uint64_t>& number) {
  if (!line.starts_with('[')) return false;
  const size_t end = line.find(']');
  if (end == std::string_view::npos) return false;
  std::string_view inside = line.substr(1, end - 1);
  SkipSpaces(inside);
  const bool is_address = !inside.empty() && inside.find_first_not_of("0123456789abcdef?") == std::string_view::npos;
  if (!is_address) return false;
  if (const auto value = ParseNumber<uint64_t>(inside); value.has_value() && !number.has_value()) number = value;
  line.remove_prefix(end + 1);
  SkipSpaces(line);
  return true;
}

// "[ Process PID=1234 runs in 32 bit mode. ]", also with "strace: " in front.
bool ReadMode(std::string_view text, StraceLine& line) {
  if (!ConsumePrefix(text, "[ Process PID=")) return false;
  const std::optional<Pid> pid = PidBefore(text, " runs in ");
  const size_t end = text.find(" mode. ]");
  if (!pid.has_value() || end == std::string_view::npos) return false;
  const size_t begin = text.find(" runs in ") + std::string_view(" runs in ").size();
  if (begin > end) return false;
  line.kind = StraceLineKind::kMode;
  line.other = *pid;
  line.mode = text.substr(begin, end - begin);
  return true;
}

// "+++ exited with 0 +++" and its like, without the first word.
void ReadEnd(std::string_view text, StraceLine& line) {
  if (ConsumePrefix(text, "exited with ")) {
    line.kind = StraceLineKind::kExited;
    line.status = ParseNumber<int>(text.substr(0, text.find(' '))).value_or(0) & 0xff;
  } else if (text.starts_with("killed by ")) {
    line.kind = StraceLineKind::kKilled;
  } else if (ConsumePrefix(text, "superseded by execve in pid ")) {
    line.kind = StraceLineKind::kSuperseded;
    line.other = ParseNumber<Pid>(text.substr(0, text.find(' '))).value_or(0);
  }
}

void ReadCall(std::string_view text, StraceLine& line) {
  const std::string_view name = Take(text, IsNameChar);
  if (name.empty() || !ConsumePrefix(text, "(")) return;
  line.kind = StraceLineKind::kCall;
  line.name = name;
  line.rest = text;
}

// "Process 1234 attached" and "Process 1234 detached".
bool ReadAttachment(std::string_view text, StraceLine& line) {
  if (!ConsumePrefix(text, "Process ")) return false;
  for (const auto& [word, kind] : {std::pair<std::string_view, StraceLineKind>{" attached", StraceLineKind::kAttached},
                                   {" detached", StraceLineKind::kDetached},
                                   {" suspended", StraceLineKind::kNothing},
                                   {" resumed", StraceLineKind::kNothing}}) {
    if (const std::optional<Pid> pid = PidBefore(text, word)) {
      line.kind = kind;
      line.other = *pid;
      return true;
    }
  }
  return false;
}

// Messages of strace begin with the name of its executable: "strace: ", "/usr/bin/strace: ". Removes that.
bool ConsumeSpeaker(std::string_view& text) {
  constexpr std::string_view kSpeaker = "strace: ";
  const size_t end = text.find(kSpeaker);
  if (end == std::string_view::npos) return false;
  const std::string_view folder = text.substr(0, end);
  if (!folder.empty() && (!folder.ends_with('/') || folder.find_first_of(" (\"") != std::string_view::npos))
    return false;
  text.remove_prefix(end + kSpeaker.size());
  return true;
}

}  // namespace

StraceLine ReadStraceLine(std::string_view text) {
  StraceLine line;
  if (text.find_first_not_of(' ') == std::string_view::npos) {
    line.kind = StraceLineKind::kNothing;
    return line;
  }
  if (text.starts_with("% time ")) {
    line.kind = StraceLineKind::kTable;
    return line;
  }
  const bool strace_speaks = ConsumeSpeaker(text);
  if (ReadMode(text, line) || ReadAttachment(text, line)) return line;
  if (strace_speaks) {
    line.kind = StraceLineKind::kNothing;
    return line;
  }
  line.pid = TakePidPrefix(text);
  SkipSpaces(text);
  for (int i = 0; i < kMaxLeaders && (TakeTime(text) || TakeBrackets(text, line.number)); ++i) {
  }
  if (ReadMode(text, line)) return line;
  if (ConsumePrefix(text, "+++ ")) {
    ReadEnd(text, line);
  } else if (ConsumePrefix(text, "<... ")) {
    line.name = Take(text, IsNameChar);
    if (!line.name.empty() && ConsumePrefix(text, " resumed")) {
      line.kind = StraceLineKind::kResumed;
      line.rest = text;
    }
  } else if (text.starts_with("--- ") || text.starts_with("> ")) {
    line.kind = StraceLineKind::kNothing;  // A signal, or a stack frame (-k).
  } else {
    ReadCall(text, line);
  }
  return line;
}

std::optional<Abi> AbiOfStraceMode(std::string_view mode, Abi native) {
  const bool arm = AbisServedBeside(native).front() == Abi::kAarch64 || native == Abi::kArm;
  if (mode == "64 bit" || mode == "AArch64") return arm ? Abi::kAarch64 : Abi::kX86_64;
  if (mode == "32 bit" || mode == "32-bit") return arm ? Abi::kArm : Abi::kI386;
  if (mode == "x32") return Abi::kX32;
  return std::nullopt;
}

int64_t AttachedWithin(std::string_view arguments) {
  constexpr std::string_view kSpeaker = "strace: ";
  const size_t spoken = arguments.rfind(kSpeaker);
  if (spoken == std::string_view::npos) return 0;
  StraceLine announced;
  return ReadAttachment(arguments.substr(spoken + kSpeaker.size()), announced) ? announced.other : 0;
}

std::optional<std::string> FirstStraceText(std::string_view arguments) {
  const size_t begin = arguments.find('"');
  if (begin == std::string_view::npos || arguments.substr(0, begin).find('[') != std::string_view::npos) {
    return std::nullopt;
  }
  arguments.remove_prefix(begin + 1);
  std::string text;
  while (!arguments.empty()) {
    const char c = arguments.front();
    arguments.remove_prefix(1);
    if (c == '"') return arguments.starts_with("...") ? std::nullopt : std::optional<std::string>(text);
    if (c != '\\' || arguments.empty()) {
      text += c;
      continue;
    }
    const auto take_number = [&arguments](size_t digits, int base) {
      const std::string_view part = arguments.substr(0, digits);
      unsigned value = 0;
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, base);
      arguments.remove_prefix(static_cast<size_t>(end - part.data()));
      return static_cast<char>(value);
    };
    if (arguments.front() >= '0' && arguments.front() <= '7') {
      text += take_number(3, 8);
      continue;
    }
    const char escaped = arguments.front();
    arguments.remove_prefix(1);
    constexpr std::string_view kLetters = "tnvfr";
    constexpr std::string_view kMeant = "\t\n\v\f\r";
    if (escaped == 'x') {
      text += take_number(2, 16);
    } else if (const size_t letter = kLetters.find(escaped); letter != std::string_view::npos) {
      text += kMeant[letter];
    } else {
      text += escaped;
    }
  }
  return std::nullopt;
}

std::string_view StraceReturned(std::string_view rest) {
  constexpr std::string_view kEquals = " = ";
  const size_t place = rest.rfind(kEquals);
  if (place == std::string_view::npos) return {};
  const std::string_view value = rest.substr(place + kEquals.size());
  return value.substr(0, value.find(' '));
}

}  // namespace syscarve
