// SPDX-License-Identifier: Apache-2.0
// Finds mistakes in a profile: rules that have no effect, that mean something other than they seem to, or that allow
// more than they seem to. docs/lint.md lists the rules of lint with reasons.
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

// An error makes a profile useless, or lets calls through that it seems to refuse; a warning is a mistake that breaks
// some runtime, library or program; a note is a remark.
enum class LintLevel { kNote, kWarning, kError };
std::string_view LintLevelName(LintLevel level);  // "note", "warning", "error"

struct LintRule {
  std::string_view id;       // "unknown-name"
  LintLevel level;           // The level of most of its findings.
  std::string_view summary;  // One sentence.
  std::string_view help;     // Why it matters and what to do.
};

// All rules, in the order of docs/lint.md.
std::span<const LintRule> LintRules();

// The rule for a file that cannot be linted at all; the caller that reads the file makes its finding.
inline constexpr std::string_view kUnreadableRule = "unreadable";

// The calls that a container runtime itself makes while the filter is in force.
struct RequiredCalls {
  std::string title;  // "runc 1.1.5 with no_new_privs"
  std::vector<std::string> names;
  // Measured on the very version of the runtime that starts the containers, so that none starts without these calls.
  bool certain = false;
};

struct LintInput {
  ProfileSource source;
  ProfileTarget target;  // The target that `source` was read for.
  std::vector<RequiredCalls> required;
};

struct LintFinding {
  std::string_view rule;
  LintLevel level = LintLevel::kWarning;
  std::string message;         // A sentence with complete lists; may contain untrusted bytes.
  std::string brief;           // The same with short lists, for a terminal; "" if `message` is short.
  std::optional<size_t> line;  // From 1.
  std::string identity;        // The subject of the finding, independent of the line: "pread".
  std::string fix;             // What to do, as a sentence.
  // The changes of the text that do it, if they are safe to apply automatically (lint_fix.h).
  std::vector<ProfileEdit> edits;
};

// The findings, ordered by line, then in the order of the rules. kResourceExhausted if conditions or a filter are too
// complex to compare. A profile that libseccomp refuses is a finding, not an error.
absl::StatusOr<std::vector<LintFinding>> Lint(const LintInput& input);

}  // namespace syscarve
