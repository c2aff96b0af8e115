// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/hook_words.h"

#include <charconv>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

// strconv.ParseBool.
std::optional<bool> GoBool(std::string_view text) {
  for (const std::string_view word : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == word) return false;
  }
  return std::nullopt;
}

// Removes the prefix of the base: "0x", "0o", "0b", or a "0" before other digits, which is octal, too.
int TakeBase(std::string_view& digits) {
  if (digits.size() < 2 || digits.front() != '0') return 10;
  const char letter = static_cast<char>(digits[1] | 0x20);
  const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  digits.remove_prefix(base == 0 ? 1 : 2);
  return base == 0 ? 8 : base;
}

// strconv.ParseInt with base 0, for a process id.
std::optional<pid_t> GoProcessId(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const bool has_prefix = text.starts_with('0') && text.size() > 1;
  const int base = TakeBase(text);
  std::string digits;
  bool may_separate = has_prefix;  // An underscore may be between digits, or after the prefix of the base.
  for (const char c : text) {
    if (c == '_' && !may_separate) return std::nullopt;
    may_separate = c != '_';
    if (c != '_') digits += c;
  }
  if (!may_separate) return std::nullopt;
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid, base);
  if (error != std::errc() || end != digits.data() + digits.size() || pid <= 0) return std::nullopt;
  return pid;
}

absl::Status InvalidWord(std::string_view what, std::string_view word) {
  return absl::InvalidArgumentError(Concat(what, EscapeForTerminal(word)));
}

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& words) : words_(words) {}

  absl::StatusOr<HookWords> Parse() {
    while (at_ < words_.size() && !parsed_.help) {
      const std::string& word = words_[at_];
      if (!word.starts_with('-') || word == "-") return InvalidWord("unexpected argument ", word);
      ++at_;
      if (word == "--") {
        if (at_ < words_.size()) return InvalidWord("unexpected argument ", words_[at_]);
        break;
      }
      SYSCARVE_RETURN_IF_ERROR(ReadOption(word));
    }
    if (parsed_.version || parsed_.help) return parsed_;
    if (parsed_.start == (parsed_.pid != 0)) return absl::InvalidArgumentError("give one of -s, -r PID, -version");
    if (parsed_.pid != 0 && parsed_.output.empty()) return absl::InvalidArgumentError("-r needs -o OUT");
    return parsed_;
  }

 private:
  absl::Status ReadOption(std::string_view word) {
    std::string_view name = word.substr(word.starts_with("--") ? 2 : 1);
    if (name.empty() || name.front() == '-' || name.front() == '=') return InvalidWord("bad option syntax: ", word);
    std::optional<std::string> value;
    if (const size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    if (name == "s") return Switch(name, value, parsed_.start);
    if (name == "version") return Switch(name, value, parsed_.version);
    if (name == "h" || name == "help") {
      parsed_.help = true;
      return absl::OkStatus();
    }
    std::string* const text = name == "o"         ? &parsed_.output
                              : name == "i"       ? &parsed_.input
                              : name == "config"  ? &parsed_.config
                              : name == "runtime" ? &parsed_.runtime
                                                  : nullptr;
    if (text == nullptr && name != "r") return InvalidWord("unknown option ", word);
    if (!value.has_value() && at_ == words_.size())
      return absl::InvalidArgumentError(Concat("-", name, " needs a value"));
    if (!value.has_value()) value = words_[at_++];
    if (text != nullptr) {
      *text = *std::move(value);
      return absl::OkStatus();
    }
    const std::optional<pid_t> pid = GoProcessId(*value);
    if (!pid.has_value()) return InvalidWord("-r needs a process id, not ", *value);
    parsed_.pid = *pid;
    return absl::OkStatus();
  }

  static absl::Status Switch(std::string_view name, const std::optional<std::string>& value, bool& flag) {
    const std::optional<bool> given = value.has_value() ? GoBool(*value) : true;
    if (!given.has_value()) return InvalidWord(Concat("-", name, " is true or false, not "), *value);
    flag = *given;
    return absl::OkStatus();
  }

  const std::vector<std::string>& words_;
  size_t at_ = 0;
  HookWords parsed_;
};

}  // namespace

absl::StatusOr<HookWords> ParseHookWords(const std::vector<std::string>& words) {
  return Parser(words).Parse();
}

}  // namespace syscarve
