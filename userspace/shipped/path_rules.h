// SPDX-License-Identifier: Apache-2.0
// Which paths stand for others (profiles/rules/paths.json): what a policy for files says in place of the one name that
// was seen. docs/lsm.md describes the rules for people.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/hardening.h"

namespace syscarve {

// A part of a rule's path. What is kept stays in the pattern as it was seen; the others stand there for all of their
// kind.
enum class PathPartKind {
  kLiteral,
  kKept,      // "*": any bytes but "/", also none.
  kKeptDeep,  // "**": any bytes, also none.
  kNumber,    // "<number>": a decimal number.
  kPid,       // "<pid>": the number of a process.
  kHex,       // "<hex:N>": N hexadecimal digits, with none before and behind.
  kWord,      // "<word:N>": N letters, digits or "_" that look as if chance had chosen them.
  kVersion,   // "<version>", at the end: ".1.2.3", also none; for all that follows.
  kTree,      // "<tree>", at the end: all that is below, at any depth.
};

struct PathPart {
  PathPartKind kind = PathPartKind::kLiteral;
  std::string text;  // Of kLiteral.
  size_t count = 0;  // Of kHex and kWord.
  bool operator==(const PathPart&) const = default;
};

struct PathRule {
  std::string id;   // "shared-library"; several rules may have it.
  std::string why;  // One sentence.
  std::vector<PathPart> parts;
  FileUses only;        // It is for paths that were used in no other way; empty: in any.
  FileUses with;        // It is for paths that were used in all of these ways, and perhaps others.
  size_t siblings = 1;  // It is for paths of which so many at least become the same.
};

// A path that is spoken of whatever was seen.
struct FixedPath {
  std::vector<PathPart> parts;  // None that is kept.
  FileUses uses;
  std::string why;
};

struct PathRules {
  std::vector<PathRule> rules;     // The first that fits counts.
  std::vector<FixedPath> always;   // What every program may do: what its streams are before it begins.
  std::vector<FixedPath> guarded;  // What no policy lets through unless it was seen, not even by another of its rules.
};

absl::StatusOr<PathRules> ParsePathRules(std::string_view text);
// The embedded file, as in shipped_data.h.
absl::StatusOr<const PathRules*> ShippedPathRules();

}  // namespace syscarve
