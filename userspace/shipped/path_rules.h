// SPDX-License-Identifier: Apache-2.0
// Paths that stand for others (profiles/rules/paths.json): the patterns that a policy for files has in place of the one
// seen path. docs/lsm.md describes the rules for users.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/hardening.h"

namespace syscarve {

// A part of a rule's path. In the pattern, kept parts stay as they were seen; the others stand for all of their kind.
enum class PathPartKind {
  kLiteral,
  kKept,      // "*": any bytes except "/"; may be empty.
  kKeptDeep,  // "**": any bytes; may be empty.
  kNumber,    // "<number>": a decimal number.
  kPid,       // "<pid>": a process id.
  kHex,       // "<hex:N>": N hexadecimal digits, with none before and after.
  kWord,      // "<word:N>": N letters, digits or "_" that look random.
  kVersion,   // "<version>", at the end: ".1.2.3", may be empty; stands for the whole rest.
  kTree,      // "<tree>", at the end: everything below, at any depth.
};

struct PathPart {
  PathPartKind kind = PathPartKind::kLiteral;
  std::string text;  // For kLiteral.
  size_t count = 0;  // For kHex and kWord.
  bool operator==(const PathPart&) const = default;
};

struct PathRule {
  std::string id;   // "shared-library"; may be shared by several rules.
  std::string why;  // One sentence.
  std::vector<PathPart> parts;
  FileUses only;        // The rule is for paths with no other uses than these; empty: any uses.
  FileUses with;        // The rule is for paths with all of these uses, and possibly others.
  size_t siblings = 1;  // The rule applies if at least so many paths become the same pattern.
};

// A path that is in the policy whatever was seen.
struct FixedPath {
  std::vector<PathPart> parts;  // Without kept parts.
  FileUses uses;
  std::string why;
};

struct PathRules {
  std::vector<PathRule> rules;    // The first matching rule applies.
  std::vector<FixedPath> always;  // Paths that every program may use: the standard streams that it starts with.
  // Paths that no policy allows unless they were seen, not even by another of its rules.
  std::vector<FixedPath> guarded;
};

absl::StatusOr<PathRules> ParsePathRules(std::string_view text);
// The embedded file, as in shipped_data.h.
absl::StatusOr<const PathRules*> ShippedPathRules();

}  // namespace syscarve
