// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/scan.h"

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/quote.h"
#include "userspace/image/findings.h"
#include "userspace/report/scan_words.h"

namespace syscarve {
namespace {

constexpr size_t kMostPrograms = 50;

FindingLevel LevelOf(Severity severity) {
  if (severity >= Severity::kHigh) return FindingLevel::kError;
  return severity == Severity::kMedium ? FindingLevel::kWarning : FindingLevel::kNote;
}

bool IsPrintable(const std::string& path) {
  return std::ranges::none_of(path, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

std::string FindingLines(const ImageFinding& finding) {
  const std::string more = FindingRemarks(finding);
  return Concat(SeverityName(finding.severity), ": ", EscapeForTerminal(finding.message), more.empty() ? "" : " ", more,
                " [", EscapeForTerminal(finding.rule), "]\n");
}

std::string Head(const ScanResult& result) {
  const ScannedImage& image = result.image;
  std::string text = Concat(EscapeForTerminal(result.name), " (", image.kind);
  if (!image.id.empty()) text += Concat(", ", image.id);
  uint64_t files = 0;
  for (const ScannedLayer& layer : image.layers) files += layer.contents.files;
  const std::string layers = image.kind == "root-folder" ? "" : Concat(LayerCount(image), ", ");
  return Concat(text, "): ", layers, files, " files\n");
}

std::string ProgramLines(const ScanResult& result) {
  if (!result.programs.has_value()) return "";
  std::string text = "\nExecuted in the recording:\n";
  size_t shown = 0;
  for (const ExecutedProgram& program : result.programs->programs) {
    if (++shown > kMostPrograms) continue;
    text += Concat("  ", program.path.empty() ? "(not known)" : EscapeForTerminal(program.path));
    if (!program.package.empty()) text += Concat(" (", EscapeForTerminal(program.package), ")");
    if (!program.in_image) text += ", which is not in the image";
    text += "\n";
  }
  if (shown > kMostPrograms) text += Concat("  and ", shown - kMostPrograms, " more\n");
  if (!result.unused_packages.empty()) {
    text += "\nPackages of which no program, library or module was used:\n ";
    shown = 0;
    for (const std::string& package : result.unused_packages) {
      if (++shown <= kMostPrograms) text += Concat(" ", EscapeForTerminal(package));
    }
    if (shown > kMostPrograms) text += Concat(" and ", shown - kMostPrograms, " more");
    text += "\n";
  }
  if (const std::string line = RemoveSetIdLine(result); !line.empty()) {
    text += Concat("\nSet-id programs that were never executed; this takes the bits away:\n  ", line, "\n");
  }
  return text;
}

}  // namespace

std::array<size_t, 5> CountBySeverity(const ScanResult& result) {
  std::array<size_t, 5> counts{};
  for (const ImageFinding& finding : result.image.findings) ++counts[static_cast<size_t>(finding.severity)];
  return counts;
}

std::string ScanCounts(const ScanResult& result) {
  const std::array<size_t, 5> counts = CountBySeverity(result);
  std::string words;
  for (size_t i = counts.size(); i-- > 0;) {
    words += Concat(words.empty() ? "" : ", ", counts[i], " ", kSeverityNames[i], i == 0 && counts[i] != 1 ? "s" : "");
  }
  return words;
}

std::string RemoveSetIdLine(const ScanResult& result) {
  std::string files;
  for (const std::string& path : result.unused_set_id) {
    // Names that cannot be quoted for every shell are left out.
    if (IsPrintable(path)) files += " " + QuoteForShell(path);
  }
  return files.empty() ? files : Concat("RUN chmod a-s --", files);
}

std::string ScanText(const ScanResult& result) {
  std::string text = Head(result);
  for (const ImageFinding& finding : result.image.findings) text += FindingLines(finding);
  text += ProgramLines(result);
  const std::vector<std::string> unknown = NotKnown(result);
  if (!unknown.empty()) text += "\nNot known:\n";
  for (const std::string& sentence : unknown) text += Concat("  ", EscapeForTerminal(sentence), "\n");
  return Concat(text, "\n", ScanCounts(result), "\n");
}

std::vector<Finding> ScanFindings(const ScanResult& result) {
  std::vector<Finding> findings;
  for (const ImageFinding& found : result.image.findings) {
    const std::string more = FindingRemarks(found);
    Finding finding;
    finding.rule = found.rule;
    finding.level = LevelOf(found.severity);
    finding.message = more.empty() ? found.message : Concat(found.message, " ", more);
    finding.file = found.path.empty() ? result.name : found.path;
    finding.line = found.line;
    finding.identity = found.path.empty() ? found.message : found.path;
    findings.push_back(std::move(finding));
  }
  return findings;
}

absl::StatusOr<std::vector<FindingRule>> ScanFindingRules(const std::vector<std::string>& disabled) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<ScanRule> rules, AllScanRules());
  std::vector<FindingRule> result;
  for (const ScanRule& rule : rules) {
    if (std::ranges::find(disabled, rule.id) != disabled.end()) continue;
    result.push_back(
        {.id = rule.id, .summary = Concat(rule.summary, "."), .help = rule.help, .level = LevelOf(rule.severity)});
  }
  return result;
}

}  // namespace syscarve
