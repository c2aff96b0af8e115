// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/base/quote.h"
#include "userspace/report/scan.h"
#include "userspace/report/scan_words.h"

namespace syscarve {
namespace {

constexpr size_t kMostRows = 200;  // GitHub limits comments to 65536 characters.

std::string Left(size_t all) {
  return all > kMostRows ? Concat("\n", all - kMostRows, " more are not shown.\n") : std::string();
}

std::string FindingTable(const ScanResult& result) {
  // Vulnerabilities have a table of their own.
  std::string rows;
  size_t count = 0;
  for (const ImageFinding& finding : result.image.findings) {
    if (finding.rule == "joined-vulnerability" || ++count > kMostRows) continue;
    const std::string more = FindingRemarks(finding);
    rows += Concat("| ", SeverityName(finding.severity), " | ",
                   EscapeForMarkdown(more.empty() ? finding.message : Concat(finding.message, " ", more)), " | ",
                   MarkdownCodeInTable(finding.rule), " |\n");
  }
  if (rows.empty()) return "Nothing was found.\n";
  return Concat("| severity | finding | rule |\n| --- | --- | --- |\n", rows, Left(count));
}

std::string VulnerabilityTable(const ScanResult& result) {
  if (result.vulnerabilities.empty()) return "";
  std::string rows;
  size_t count = 0;
  for (const JoinedVulnerability& joined : result.vulnerabilities) {
    if (++count > kMostRows) break;
    const ReportedVulnerability& reported = joined.reported;
    rows += Concat("| ", PackageUseName(joined.use), " | ", SeverityName(reported.severity), " | ",
                   EscapeForMarkdown(reported.id), " | ",
                   EscapeForMarkdown(Concat(reported.package, " ", reported.version)), " | ",
                   EscapeForMarkdown(joined.why), " |\n");
  }
  return Concat(
      "\n## Reported vulnerabilities\n\n| | severity | id | package | evidence |\n| --- | --- | --- | --- | --- |\n",
      rows, Left(result.vulnerabilities.size()));
}

std::string RecordedPart(const ScanResult& result) {
  if (!result.programs.has_value()) return "";
  std::string text = "\n## Executed in the recording\n\n";
  size_t count = 0;
  for (const ExecutedProgram& program : result.programs->programs) {
    if (++count > kMostRows) break;
    text += Concat("- ", program.path.empty() ? std::string("not known") : MarkdownCode(program.path),
                   program.in_image ? "" : ", which is not in the image", "\n");
  }
  text += Left(result.programs->programs.size());
  if (!result.unused_packages.empty()) {
    text += "\nPackages of which no program, library or module was used:\n\n";
    count = 0;
    for (const std::string& package : result.unused_packages) {
      if (++count > kMostRows) break;
      text += Concat("- ", MarkdownCode(package), "\n");
    }
    text += Left(result.unused_packages.size());
  }
  if (const std::string line = RemoveSetIdLine(result); !line.empty()) {
    text += Concat("\nSet-id programs that were never executed; this takes the bits away:\n\n",
                   MarkdownBlock("dockerfile", line + "\n"));
  }
  return text;
}

}  // namespace

std::string ScanMarkdown(const ScanResult& result) {
  std::string text = Concat("# ", EscapeForMarkdown(result.name), "\n\n", ScanCounts(result), ".\n\n");
  text += FindingTable(result) + VulnerabilityTable(result) + RecordedPart(result);
  const std::vector<std::string> unknown = NotKnown(result);
  if (!unknown.empty()) text += "\n## Not known\n\n";
  for (const std::string& sentence : unknown) text += Concat("- ", EscapeForMarkdown(sentence), "\n");
  return text;
}

}  // namespace syscarve
