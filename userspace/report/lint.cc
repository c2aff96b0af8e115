// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/lint.h"

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr std::string_view kLintSchema = "syscarve.lint/1";

std::string Place(const std::string& file, const LintFinding& finding) {
  return Concat(EscapeForTerminal(file), finding.line.has_value() ? Concat(":", *finding.line) : std::string(), ": ");
}

std::string ShortMessage(const LintFinding& finding) {
  return EscapeForTerminal(finding.brief.empty() ? finding.message : finding.brief);
}

std::string FindingLines(const std::string& file, const LintFinding& finding) {
  std::string text = Concat(Place(file, finding), LintLevelName(finding.level), ": ", ShortMessage(finding), " [",
                            finding.rule, "]\n");
  if (!finding.fix.empty()) text += Concat("    ", EscapeForTerminal(finding.fix), "\n");
  return text;
}

std::string Counted(size_t count, std::string_view what) {
  return Concat(count, " ", what, count == 1 ? "" : "s");
}

JsonValue FindingJson(const LintFinding& finding) {
  JsonValue::Object object = {{"rule", finding.rule}, {"level", LintLevelName(finding.level)}};
  if (finding.line.has_value()) object.push_back({"line", *finding.line});
  object.push_back({"about", EncodePercent(finding.identity)});
  object.push_back({"message", EscapeForTerminal(finding.message)});
  if (!finding.fix.empty()) object.push_back({"fix", EscapeForTerminal(finding.fix)});
  object.push_back({"fixable", !finding.edits.empty()});
  return object;
}

JsonValue FindingsJson(std::span<const LintFinding> findings) {
  JsonValue::Array array;
  for (const LintFinding& finding : findings) array.push_back(FindingJson(finding));
  return array;
}

FindingLevel LevelOf(LintLevel level) {
  switch (level) {
    case LintLevel::kNote:
      return FindingLevel::kNote;
    case LintLevel::kWarning:
      return FindingLevel::kWarning;
    case LintLevel::kError:
      return FindingLevel::kError;
  }
  return FindingLevel::kError;
}

}  // namespace

LintCounts CountFindings(std::span<const LintedProfile> profiles) {
  LintCounts counts;
  for (const LintedProfile& profile : profiles) {
    for (const LintFinding& finding : profile.findings) {
      counts.errors += finding.level == LintLevel::kError ? 1 : 0;
      counts.warnings += finding.level == LintLevel::kWarning ? 1 : 0;
      counts.notes += finding.level == LintLevel::kNote ? 1 : 0;
    }
  }
  return counts;
}

std::string LintText(std::span<const LintedProfile> profiles) {
  std::string text;
  size_t fixed = 0;
  for (const LintedProfile& profile : profiles) {
    for (const LintFinding& finding : profile.fixed) {
      text += Concat(Place(profile.file, finding), "fixed: ", ShortMessage(finding), " [", finding.rule, "]\n");
    }
    for (const LintFinding& finding : profile.findings) text += FindingLines(profile.file, finding);
    fixed += profile.fixed.size();
  }
  const LintCounts counts = CountFindings(profiles);
  return Concat(text, Counted(profiles.size(), "profile"), ": ", Counted(counts.errors, "error"), ", ",
                Counted(counts.warnings, "warning"), ", ", Counted(counts.notes, "note"),
                fixed == 0 ? std::string() : Concat(", ", fixed, " fixed"), "\n");
}

std::string LintJson(std::span<const LintedProfile> profiles) {
  JsonValue::Array files;
  for (const LintedProfile& profile : profiles) {
    files.push_back(JsonValue::Object{{"file", EncodePercent(profile.file)},
                                      {"findings", FindingsJson(profile.findings)},
                                      {"fixed", FindingsJson(profile.fixed)}});
  }
  const LintCounts counts = CountFindings(profiles);
  return PrintJson(JsonValue::Object{{"schema", kLintSchema},
                                     {"profiles", std::move(files)},
                                     {"errors", counts.errors},
                                     {"warnings", counts.warnings},
                                     {"notes", counts.notes}},
                   kReportJsonWidth);
}

std::vector<FindingRule> LintFindingRules(std::span<const std::string> disabled) {
  std::vector<FindingRule> rules;
  for (const LintRule& rule : LintRules()) {
    if (std::ranges::find(disabled, rule.id) != disabled.end()) continue;
    rules.push_back({.id = std::string(rule.id),
                     .summary = std::string(rule.summary),
                     .help = std::string(rule.help),
                     .level = LevelOf(rule.level)});
  }
  return rules;
}

std::vector<Finding> AllFindings(std::span<const LintedProfile> profiles) {
  std::vector<Finding> all;
  for (const LintedProfile& profile : profiles) {
    for (size_t i = 0; i < profile.findings.size(); ++i) {
      const LintFinding& finding = profile.findings[i];
      all.push_back({.rule = std::string(finding.rule),
                     .level = LevelOf(finding.level),
                     .message = finding.message,
                     .file = profile.file,
                     .line = finding.line,
                     .identity = finding.identity,
                     .fix = finding.fix,
                     .changes = {}});
      if (i >= profile.fixes.size()) continue;
      for (const TextReplacement& change : profile.fixes[i]) {
        all.back().changes.push_back({RegionOf(profile.text, change.begin, change.end), change.text});
      }
    }
  }
  return all;
}

}  // namespace syscarve
