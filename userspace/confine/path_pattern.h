// SPDX-License-Identifier: Apache-2.0
// A path pattern of a policy: the bytes of a path, or parts that stand for others. Each kind of part is exactly what
// AppArmor can express, so that a profile allows what the policy does and no more.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {

enum class PatternPartKind {
  kLiteral,
  kAny,     // Any bytes except "/"; if it is a whole name, at least one.
  kDeep,    // Any bytes; if it is a whole name, at least one.
  kNumber,  // A decimal digit, followed by any bytes except "/".
  kPid,     // A process's number: 1 to 4999999, the same as @{pid}.
  kHex,     // `count` hexadecimal digits.
  kWord,    // `count` ASCII letters, digits or "_".
};

struct PatternPart {
  PatternPartKind kind = PatternPartKind::kLiteral;
  std::string text;  // Of kLiteral; untrusted.
  size_t count = 0;  // Of kHex and kWord.
  auto operator<=>(const PatternPart&) const = default;
};

class PathPattern {
 public:
  PathPattern() = default;
  explicit PathPattern(std::string_view path) { Add(path); }

  void Add(std::string_view literal);
  void Add(PatternPart part);

  // Never two adjacent literals.
  const std::vector<PatternPart>& parts() const { return parts_; }
  // Whether it stands for a single path.
  bool IsPath() const;
  bool Matches(std::string_view path) const;
  // For people: "/proc/<pid>/status", "/srv/cache/<hex:32>". Not escaped.
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
