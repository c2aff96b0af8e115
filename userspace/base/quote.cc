// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/quote.h"

#include <algorithm>
#include <cstddef>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsOneOf(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

// Whether a terminal displays `bytes` unchanged. A backslash, which EscapeForTerminal doubles, is acceptable.
bool IsPrintable(std::string_view bytes) {
  std::string without_backslashes(bytes);
  std::erase(without_backslashes, '\\');
  return EscapeForTerminal(without_backslashes) == without_backslashes;
}

size_t LongestRun(std::string_view text, char of) {
  size_t longest = 0;
  size_t run = 0;
  for (const char c : text) {
    run = c == of ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace

std::string QuoteForShell(std::string_view bytes) {
  bytes = bytes.substr(0, bytes.find('\0'));
  const auto harmless = [](char c) { return IsAlphanumeric(c) || IsOneOf(c, "_@%+=:,./-"); };
  // A leading "=" is a command's path to zsh.
  if (!bytes.empty() && bytes[0] != '=' && std::ranges::all_of(bytes, harmless)) return std::string(bytes);
  const bool printable = IsPrintable(bytes);
  std::string word = printable ? "'" : "$'";
  for (const char c : bytes) {
    if (printable) {
      word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    } else if (IsAlphanumeric(c) || IsOneOf(c, "_@%+=:,./- ")) {
      word += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      word += '\\';
      for (const int shift : {6, 3, 0}) word += static_cast<char>('0' + (byte >> shift & 7));
    }
  }
  return word + "'";
}

std::optional<std::string> QuoteForYaml(std::string_view bytes) {
  if (!IsPrintable(bytes)) return std::nullopt;
  const auto harmless = [](char c) { return IsAlphanumeric(c) || IsOneOf(c, "_./-"); };
  // Words that some reader interprets as a boolean, null or a number begin with no letter, or are one of these.
  constexpr std::string_view kWords[] = {"y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf"};
  std::string lower(bytes);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool begins_plainly = !bytes.empty() && IsAlphanumeric(bytes[0]) && (bytes[0] < '0' || bytes[0] > '9');
  if (begins_plainly && std::ranges::all_of(bytes, harmless) && std::ranges::find(kWords, lower) == std::end(kWords)) {
    return std::string(bytes);
  }
  std::string text = "\"";
  for (const char c : bytes) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::string EscapeForMarkdown(std::string_view bytes) {
  const std::string text = EscapeForTerminal(bytes);
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // GitHub makes links of "www.", "http:" and "@" without any markup, and of an address even if it is escaped: only
    // code is exempt. A line's first character can make it a list, a heading or a rule.
    if (c == '@') {
      out += "`@`";
      continue;
    }
    const std::string_view before = std::string_view(text).substr(0, i);
    const bool begins_a_block = i == 0 && IsOneOf(c, "-+=");
    const bool ends_a_number = IsOneOf(c, ".)") && before.find_first_not_of("0123456789") == std::string::npos;
    const bool of_a_link = (c == ':' && text.compare(i, 3, "://") == 0) || (c == '.' && before.ends_with("www"));
    if (IsOneOf(c, "\\`*_[]<>#|~&$") || begins_a_block || ends_a_number || of_a_link) out += '\\';
    out += c;
  }
  return out;
}

std::string MarkdownCode(std::string_view bytes) {
  const std::string text = EscapeForTerminal(bytes);
  // A code span must not be empty; and one space on either side is stripped, which allows backticks at its ends.
  const std::string fence(LongestRun(text, '`') + 1, '`');
  const bool pad =
      text.empty() || text.front() == '`' || text.back() == '`' || text.front() == ' ' || text.back() == ' ';
  return Concat(fence, pad ? " " : "", text, pad ? " " : "", fence);
}

std::string MarkdownCodeInTable(std::string_view bytes) {
  // A table is split into cells before code is recognised, which removes this backslash again.
  std::string out;
  for (const char c : MarkdownCode(bytes)) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string MarkdownBlock(std::string_view language, std::string_view text) {
  const std::string fence(std::max<size_t>(LongestRun(text, '`') + 1, 3), '`');
  return Concat(fence, language, "\n", text, fence, "\n");
}

}  // namespace syscarve
