// SPDX-License-Identifier: Apache-2.0
// Findings of a verb in a file, for programs that show findings beside the code: SARIF for code scanning (OASIS,
// "Static Analysis Results Interchange Format 2.1.0") and JUnit's XML for the test tabs of CI servers.
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

// A region of a text: lines and columns from 1, columns in Unicode code points without a leading byte order mark. The
// end is exclusive.
struct TextRegion {
  size_t start_line = 1;
  size_t start_column = 1;
  size_t end_line = 1;
  size_t end_column = 1;
  bool operator==(const TextRegion&) const = default;
};

// A change of the text that, together with the finding's other changes, removes the finding.
struct FindingFix {
  TextRegion region;
  std::string text;  // The replacement.
};

// Texts may contain untrusted bytes: every format below escapes them.
struct Finding {
  std::string rule;  // FindingRule::id
  FindingLevel level = FindingLevel::kWarning;
  std::string message;
  std::string file;                 // As the user typed it.
  std::optional<size_t> line;       // From 1.
  std::string identity;             // Identifies the finding across versions of the file, such as the call's name.
  std::string fix;                  // What to do about this finding, or "".
  std::vector<FindingFix> changes;  // Changes of `file` that do it; empty if a person must decide.
};

// The region of the bytes [begin, end) of a text. REQUIRES: both are at most its size.
TextRegion RegionOf(std::string_view text, size_t begin, size_t end);

// A SARIF log with one run. `rules` contains every rule of `findings`, and may contain others. Relative paths of files
// are relative to the root of the source tree. Deterministic.
std::string FormatSarif(std::span<const FindingRule> rules, std::span<const Finding> findings);

// A JUnit report: each rule is a test case of the suite `suite`, which its errors and warnings make fail; notes are its
// output. Deterministic: the times, which readers require, are all 0.
std::string FormatJunit(const std::string& suite, std::span<const FindingRule> rules,
                        std::span<const Finding> findings);

}  // namespace syscarve
