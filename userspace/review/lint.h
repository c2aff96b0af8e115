// SPDX-License-Identifier: Apache-2.0
// What a reviewer would say about a profile: rules that do nothing, mean something else than they look like, or give
// away more than they seem to. docs/lint.md has the list with reasons.
//
//   SYSCARVE_ASSIGN_OR_RETURN(LintInput input, …);
//   SYSCARVE_ASSIGN_OR_RETURN(const std::vector<LintFinding> findings, Lint(input));
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile_source.h"

namespace syscarve {

// An error makes a profile useless or gives away what it seems to refuse; a warning is a mistake that some runtime,
// library or program will stumble over; a note is something to know.
enum class LintLevel { kNote, kWarning, kError };
std::string_view LintLevelName(LintLevel level);  // "note", "warning", "error"

struct LintRule {
  std::string_view id;       // "unknown-name"
  LintLevel level;           // Of most of its findings.
  std::string_view summary;  // One sentence.
  std::string_view help;     // Why it matters, and what to do.
};

// All rules, in the order of docs/lint.md.
std::span<const LintRule> LintRules();

// The rule of what cannot be linted at all; whoever reads the file makes its finding.
inline constexpr std::string_view kUnreadableRule = "unreadable";

// What a container runtime calls itself while the filter is in force.
struct RequiredCalls {
  std::string title;  // "runc 1.1.5 with no_new_privs"
  std::vector<std::string> names;
  // Measured of the very runtime that starts the containers, and not of another version that stands in for it: without
  // these calls no container starts.
  bool certain = false;
};

struct LintInput {
  ProfileSource source;
  ProfileTarget target;  // That `source` was read for.
  std::vector<RequiredCalls> required;
};

struct LintFinding {
  std::string_view rule;
  LintLevel level = LintLevel::kWarning;
  std::string message;         // A sentence. Names in it may be an adversary's bytes. Its lists are whole.
  std::string brief;           // The same with short lists, for a terminal; "" where `message` is short.
  std::optional<size_t> line;  // From 1.
  std::string identity;        // What the finding is about, whatever the line: "pread".
  std::string fix;             // What to do, as a sentence.
  // The changes of the text that do it, when it is safe to do by itself (lint_fix.h).
  std::vector<ProfileEdit> edits;
};

// The findings, ordered by line; those of one line in the order of the rules. kResourceExhausted: conditions or a
// filter too complex to compare. That libseccomp refuses the profile is a finding and no error.
absl::StatusOr<std::vector<LintFinding>> Lint(const LintInput& input);

}  // namespace syscarve
