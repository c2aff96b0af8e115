// SPDX-License-Identifier: Apache-2.0
// What a verb found in a file, for the programs that show such things beside the code: SARIF for code scanning
// (OASIS, "Static Analysis Results Interchange Format 2.1.0") and JUnit's XML for the test tabs of CI servers.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {

enum class FindingLevel { kNote, kWarning, kError };

// A kind of finding.
struct FindingRule {
  std::string id;       // "unknown-name"
  std::string summary;  // One sentence.
  std::string help;     // Why it matters and what to do.
  FindingLevel level = FindingLevel::kWarning;
};

// A place in a text: lines and columns from 1, columns in Unicode code points, a byte order mark in front not counted.
// The end is the first character that is not in it.
struct TextRegion {
  size_t start_line = 1;
  size_t start_column = 1;
  size_t end_line = 1;
  size_t end_column = 1;
  bool operator==(const TextRegion&) const = default;
};

// A change that mends a finding, together with the finding's others.
struct FindingFix {
  TextRegion region;
  std::string text;  // In its place.
};

// Texts may hold an adversary's bytes: every format below escapes them.
struct Finding {
  std::string rule;  // FindingRule::id
  FindingLevel level = FindingLevel::kWarning;
  std::string message;
  std::string file;                 // As the user named it.
  std::optional<size_t> line;       // From 1.
  std::string identity;             // What stays the same while a finding stays the same, such as the call's name.
  std::string fix;                  // What to do about this one; "" for nothing in particular.
  std::vector<FindingFix> changes;  // Of `file`, which do it; none where it takes a human.
};

// Where the bytes from `begin` to before `end` of a text are, both at most its size.
TextRegion RegionOf(std::string_view text, size_t begin, size_t end);

// A SARIF log with one run; `rules` are those that `findings` may refer to, whether or not any does. Relative files are
// taken to be below the root of the source tree. Same input, same bytes.
std::string FormatSarif(std::span<const FindingRule> rules, std::span<const Finding> findings);

// A JUnit report: each rule is a test case of the suite `suite`, failed by its errors and warnings; notes are its
// output. Same input, same bytes: the times, which readers want to be there, are all 0.
std::string FormatJunit(const std::string& suite, std::span<const FindingRule> rules,
                        std::span<const Finding> findings);

}  // namespace syscarve
