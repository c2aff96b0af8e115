// SPDX-License-Identifier: Apache-2.0
#include "userspace/confine/path_pattern.h"

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

constexpr size_t kMostPidDigits = 7;

// Matches a path from the left, part by part. Each (part, place) is tried once, in time proportional to the path's
// length at most.
class Matcher {
 public:
  Matcher(const std::vector<PatternPart>& parts, std::string_view path)
      : parts_(parts), path_(path), failed_(parts.size() * (path.size() + 1)) {}

  // Matches the parts from `part` on against the path from `place` on. The recursion depth is the number of parts.
  bool From(size_t part, size_t place) {
    if (part == parts_.size()) return place == path_.size();
    const size_t state = part * (path_.size() + 1) + place;
    if (failed_[state]) return false;
    if (Try(part, place)) return true;
    failed_[state] = true;
    return false;
  }

 private:
  bool Try(size_t part, size_t place) {
    const PatternPart& wanted = parts_[part];
    switch (wanted.kind) {
      case PatternPartKind::kLiteral:
        return path_.substr(place).starts_with(wanted.text) && From(part + 1, place + wanted.text.size());
      case PatternPartKind::kAny:
        return Run(part, place, IsWholeName(part) ? 1 : 0, path_.size(), [](char c) { return c != '/'; });
      case PatternPartKind::kDeep:
        return Run(part, place, IsWholeName(part) ? 1 : 0, path_.size(), [](char) { return true; });
      case PatternPartKind::kNumber:
        return place < path_.size() && IsPatternDigit(path_[place]) &&
               Run(part, place, 1, path_.size(), [](char c) { return c != '/'; });
      case PatternPartKind::kPid: {
        if (place == path_.size() || path_[place] == '0') return false;
        const bool is_low = path_[place] < '5';
        return Run(part, place, 1, is_low ? kMostPidDigits : kMostPidDigits - 1, IsPatternDigit);
      }
      case PatternPartKind::kHex:
        return Run(part, place, wanted.count, wanted.count, IsPatternHex);
      case PatternPartKind::kWord:
        return Run(part, place, wanted.count, wanted.count, IsPatternWord);
    }
    return false;
  }

  template <typename Fits>
  bool Run(size_t part, size_t place, size_t least, size_t most, Fits fits) {
    for (size_t length = 0;; ++length) {
      if (length >= least && From(part + 1, place + length)) return true;
      if (length == most || place + length == path_.size() || !fits(path_[place + length])) return false;
    }
  }

  bool IsWholeName(size_t part) const {
    const auto is_slash = [this](size_t other, bool at_end) {
      const PatternPart& neighbour = parts_[other];
      return neighbour.kind == PatternPartKind::kLiteral &&
             (at_end ? neighbour.text.ends_with('/') : neighbour.text.starts_with('/'));
    };
    return part > 0 && is_slash(part - 1, true) && (part + 1 == parts_.size() || is_slash(part + 1, false));
  }

  const std::vector<PatternPart>& parts_;
  std::string_view path_;
  std::vector<bool> failed_;
};

}  // namespace

bool IsPatternDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsPatternHex(char c) {
  return IsPatternDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool IsPatternWord(char c) {
  return IsPatternDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

void PathPattern::Add(std::string_view literal) {
  if (literal.empty()) return;
  if (parts_.empty() || parts_.back().kind != PatternPartKind::kLiteral) parts_.emplace_back();
  parts_.back().text += literal;
}

void PathPattern::Add(PatternPart part) {
  if (part.kind == PatternPartKind::kLiteral) {
    Add(part.text);
  } else {
    parts_.push_back(std::move(part));
  }
}

bool PathPattern::IsPath() const {
  return std::ranges::all_of(parts_, [](const PatternPart& part) { return part.kind == PatternPartKind::kLiteral; });
}

bool PathPattern::Matches(std::string_view path) const {
  if (IsPath()) return parts_.empty() ? path.empty() : path == parts_.front().text;
  return Matcher(parts_, path).From(0, 0);
}

std::string PathPattern::text() const {
  std::string text;
  for (const PatternPart& part : parts_) {
    switch (part.kind) {
      case PatternPartKind::kLiteral:
        text += part.text;
        break;
      case PatternPartKind::kAny:
        text += "*";
        break;
      case PatternPartKind::kDeep:
        text += "**";
        break;
      case PatternPartKind::kNumber:
        text += "<number>";
        break;
      case PatternPartKind::kPid:
        text += "<pid>";
        break;
      case PatternPartKind::kHex:
        text += Concat("<hex:", part.count, ">");
        break;
      case PatternPartKind::kWord:
        text += Concat("<word:", part.count, ">");
        break;
    }
  }
  return text;
}

}  // namespace syscarve
