// SPDX-License-Identifier: Apache-2.0
// A path as a policy names it: the bytes of one, or parts of it that stand for others. What a part stands for is
// exactly what AppArmor can say, so that a profile allows what the policy does and no more.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {

enum class PatternPartKind {
  kLiteral,
  kAny,     // Any bytes but "/"; where it is a whole name, at least one.
  kDeep,    // Any bytes; where it is a whole name, at least one.
  kNumber,  // A decimal digit, and then any bytes but "/".
  kPid,     // A process's number: 1 to 4999999, as @{pid} is.
  kHex,     // `count` hexadecimal digits.
  kWord,    // `count` letters of ASCII, digits or "_".
};

struct PatternPart {
  PatternPartKind kind = PatternPartKind::kLiteral;
  std::string text;  // Of kLiteral: an adversary's bytes.
  size_t count = 0;  // Of kHex and kWord.
  auto operator<=>(const PatternPart&) const = default;
};

class PathPattern {
 public:
  PathPattern() = default;
  explicit PathPattern(std::string_view path) { Add(path); }

  void Add(std::string_view literal);
  void Add(PatternPart part);

  // Literals are not next to each other.
  const std::vector<PatternPart>& parts() const { return parts_; }
  // Whether it stands for one path alone.
  bool IsPath() const;
  bool Matches(std::string_view path) const;
  // For people: "/proc/<pid>/status", "/srv/cache/<hex:32>". Escaped by no one.
  std::string text() const;

  auto operator<=>(const PathPattern&) const = default;

 private:
  std::vector<PatternPart> parts_;
};

// Whether `c` is a decimal digit, a hexadecimal digit, or a character of kWord.
bool IsPatternDigit(char c);
bool IsPatternHex(char c);
bool IsPatternWord(char c);

}  // namespace syscarve
