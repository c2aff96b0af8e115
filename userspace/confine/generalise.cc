// SPDX-License-Identifier: Apache-2.0
#include "userspace/confine/generalise.h"

#include <algorithm>
#include <optional>

namespace syscarve {
namespace {

constexpr size_t kMostPidDigits = 7;

// Whether it has characters of at least two kinds: a random name rarely has one kind only, a word of a language does.
bool LooksRandom(std::string_view word) {
  bool lower = false;
  bool upper = false;
  bool other = false;
  for (const char c : word) {
    lower |= c >= 'a' && c <= 'z';
    upper |= c >= 'A' && c <= 'Z';
    other |= IsPatternDigit(c);
  }
  return (lower ? 1 : 0) + (upper ? 1 : 0) + (other ? 1 : 0) >= 2;
}

// Matches a path against a rule and records the bytes matched by each part. Each (part, place) is tried once.
class RuleMatcher {
 public:
  RuleMatcher(const std::vector<PathPart>& parts, std::string_view path)
      : parts_(parts), path_(path), failed_(parts.size() * (path.size() + 1)), taken_(parts.size()) {}

  // The number of bytes matched by each part, in order.
  std::optional<std::vector<size_t>> Match() {
    if (!From(0, 0)) return std::nullopt;
    return taken_;
  }

 private:
  bool From(size_t part, size_t place) {
    if (part == parts_.size()) return place == path_.size();
    const size_t state = part * (path_.size() + 1) + place;
    if (failed_[state]) return false;
    if (Try(part, place)) return true;
    failed_[state] = true;
    return false;
  }

  bool Took(size_t part, size_t place, size_t length) {
    taken_[part] = length;
    return From(part + 1, place + length);
  }

  bool Try(size_t part, size_t place) {
    const PathPart& wanted = parts_[part];
    switch (wanted.kind) {
      case PathPartKind::kLiteral:
        return path_.substr(place).starts_with(wanted.text) && Took(part, place, wanted.text.size());
      case PathPartKind::kKept:
        return Shortest(part, place, [](char c) { return c != '/'; });
      case PathPartKind::kKeptDeep:
        return Shortest(part, place, [](char) { return true; });
      case PathPartKind::kNumber: {
        const size_t digits = RunOf(place, IsPatternDigit);
        return digits > 0 && !IsDigitAt(place - 1) && Took(part, place, digits);
      }
      case PathPartKind::kPid: {
        const size_t digits = RunOf(place, IsPatternDigit);
        // Within the range of the pattern.
        const bool in_range = digits > 0 && path_[place] != '0' &&
                              (digits < kMostPidDigits || (digits == kMostPidDigits && path_[place] < '5'));
        return in_range && Took(part, place, digits);
      }
      case PathPartKind::kHex: {
        const size_t digits = RunOf(place, IsPatternHex);
        return digits == wanted.count && !(place > 0 && IsPatternHex(path_[place - 1])) && Took(part, place, digits);
      }
      case PathPartKind::kWord: {
        const size_t length = std::min(RunOf(place, IsPatternWord), wanted.count);
        return length == wanted.count && LooksRandom(path_.substr(place, length)) && Took(part, place, length);
      }
      case PathPartKind::kVersion:
        return IsVersion(path_.substr(place)) && Took(part, place, path_.size() - place);
      case PathPartKind::kTree:
        return place < path_.size() && Took(part, place, path_.size() - place);
    }
    return false;
  }

  template <typename Fits>
  bool Shortest(size_t part, size_t place, Fits fits) {
    for (size_t length = 0;; ++length) {
      if (Took(part, place, length)) return true;
      if (place + length == path_.size() || !fits(path_[place + length])) return false;
    }
  }

  template <typename Fits>
  size_t RunOf(size_t place, Fits fits) const {
    size_t end = place;
    while (end < path_.size() && fits(path_[end])) ++end;
    return end - place;
  }

  bool IsDigitAt(size_t place) const { return place < path_.size() && IsPatternDigit(path_[place]); }

  // "", ".1", ".1.2.3".
  static bool IsVersion(std::string_view text) {
    while (!text.empty()) {
      if (text.size() < 2 || text[0] != '.' || !IsPatternDigit(text[1])) return false;
      text.remove_prefix(1);
      while (!text.empty() && IsPatternDigit(text[0])) text.remove_prefix(1);
    }
    return true;
  }

  const std::vector<PathPart>& parts_;
  std::string_view path_;
  std::vector<bool> failed_;
  std::vector<size_t> taken_;
};

// The pattern part for a rule's part that matched these bytes.
PatternPart PartOf(const PathPart& part, std::string_view bytes) {
  switch (part.kind) {
    case PathPartKind::kLiteral:
    case PathPartKind::kKept:
    case PathPartKind::kKeptDeep:
      return {.text = std::string(bytes)};
    case PathPartKind::kNumber:
      return {.kind = PatternPartKind::kNumber, .text = "", .count = 0};
    case PathPartKind::kPid:
      return {.kind = PatternPartKind::kPid, .text = "", .count = 0};
    case PathPartKind::kHex:
      return {.kind = PatternPartKind::kHex, .text = "", .count = part.count};
    case PathPartKind::kWord:
      return {.kind = PatternPartKind::kWord, .text = "", .count = part.count};
    case PathPartKind::kVersion:
      return {.kind = PatternPartKind::kAny, .text = "", .count = 0};
    case PathPartKind::kTree:
      return {.kind = PatternPartKind::kDeep, .text = "", .count = 0};
  }
  return {};
}

// Whether the rule begins with a different literal and so cannot match: the fast path for most rules.
bool BeginsOtherwise(const PathRule& rule, std::string_view path) {
  const PathPart& first = rule.parts.front();
  return first.kind == PathPartKind::kLiteral && !path.starts_with(first.text);
}

}  // namespace

std::vector<GeneralisedPath> Generalise(const PathRules& rules, std::string_view path, FileUses uses) {
  std::vector<GeneralisedPath> found;
  for (const PathRule& rule : rules.rules) {
    if (!rule.only.empty() && (rule.only | uses) != rule.only) continue;
    if ((uses | rule.with) != uses) continue;
    if (rule.parts.empty() || BeginsOtherwise(rule, path)) continue;
    const std::optional<std::vector<size_t>> taken = RuleMatcher(rule.parts, path).Match();
    if (!taken.has_value()) continue;
    GeneralisedPath made = {.pattern = {}, .rule = &rule};
    size_t place = 0;
    for (size_t i = 0; i < rule.parts.size(); ++i) {
      made.pattern.Add(PartOf(rule.parts[i], path.substr(place, (*taken)[i])));
      place += (*taken)[i];
    }
    found.push_back(std::move(made));
    if (rule.siblings == 1) break;
  }
  return found;
}

PathPattern PatternOf(const FixedPath& fixed) {
  PathPattern pattern;
  for (const PathPart& part : fixed.parts) pattern.Add(PartOf(part, part.text));
  return pattern;
}

}  // namespace syscarve
