// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/report/finding.h"

namespace syscarve {
namespace {

// The text of an element or of an attribute in double quotes. Bytes that XML 1.0 cannot express, such as control
// characters and invalid UTF-8, are escaped as for a terminal.
std::string EscapeForXml(std::string_view bytes) {
  std::string result;
  for (const char c : EscapeForTerminal(bytes)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

// One line of a test's output.
std::string Line(const Finding& finding) {
  std::string place = finding.file;
  if (finding.line.has_value()) place += Concat(":", *finding.line);
  return EscapeForXml(Concat(place, ": ", finding.message, finding.fix.empty() ? "" : " ", finding.fix)) + "\n";
}

// The findings of one rule.
struct TestCase {
  std::vector<const Finding*> failures;  // Errors and warnings.
  std::string failure_lines;
  std::string notes;
};

TestCase TestCaseOf(const FindingRule& rule, std::span<const Finding> findings) {
  TestCase test;
  for (const Finding& finding : findings) {
    if (finding.rule != rule.id) continue;
    if (finding.level == FindingLevel::kNote) {
      test.notes += Line(finding);
    } else {
      test.failures.push_back(&finding);
      test.failure_lines += Line(finding);
    }
  }
  return test;
}

// Readers show only the first failure of a test case, so it contains all of them.
std::string FailureXml(const FindingRule& rule, const TestCase& test) {
  const std::string more =
      test.failures.size() > 1 ? Concat(" (and ", test.failures.size() - 1, " more)") : std::string();
  return Concat("      <failure type=\"", EscapeForXml(rule.id), "\" message=\"",
                EscapeForXml(test.failures.front()->message + more), "\">", test.failure_lines, "</failure>\n");
}

std::string TestCaseXml(const std::string& suite, const FindingRule& rule, const TestCase& test) {
  std::string xml =
      Concat("    <testcase classname=\"", EscapeForXml(suite), "\" name=\"", EscapeForXml(rule.id), "\" time=\"0\"");
  if (test.failures.empty() && test.notes.empty()) return xml + "/>\n";
  xml += ">\n";
  if (!test.failures.empty()) xml += FailureXml(rule, test);
  if (!test.notes.empty()) xml += Concat("      <system-out>", test.notes, "</system-out>\n");
  return xml + "    </testcase>\n";
}

}  // namespace

std::string FormatJunit(const std::string& suite, std::span<const FindingRule> rules,
                        std::span<const Finding> findings) {
  std::string tests;
  size_t failed = 0;
  for (const FindingRule& rule : rules) {
    const TestCase test = TestCaseOf(rule, findings);
    if (!test.failures.empty()) ++failed;
    tests += TestCaseXml(suite, rule, test);
  }
  const std::string counts = Concat(" name=\"", EscapeForXml(suite), "\" tests=\"", rules.size(), "\" failures=\"",
                                    failed, "\" errors=\"0\" time=\"0\"");
  return Concat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", counts, ">\n  <testsuite", counts,
                " skipped=\"0\">\n", tests, "  </testsuite>\n</testsuites>\n");
}

}  // namespace syscarve
