// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/harden.h"

#include <array>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

FindingLevel LevelOfSetting(Severity severity) {
  if (severity >= Severity::kHigh) return FindingLevel::kError;
  return severity == Severity::kMedium ? FindingLevel::kWarning : FindingLevel::kNote;
}

std::string SettingLines(const Setting& setting) {
  std::string text = Concat("  ", SettingVerdictName(setting.verdict), ": ", SettingKindName(setting.kind));
  if (!setting.value.empty()) text += Concat(" ", EscapeForTerminal(setting.value));
  if (setting.in_force) text += ", in force already";
  if (setting.severity > Severity::kNote) text += Concat(" (", SeverityName(setting.severity), ")");
  text += "\n";
  for (const std::string& reason : setting.reasons) text += Concat("    ", EscapeForTerminal(reason), "\n");
  if (setting.in_line) {
    for (const std::string& refused : setting.refuses)
      text += Concat("    Refuses: ", EscapeForTerminal(refused), "\n");
  }
  if (!setting.how.empty()) text += Concat("    To do: ", EscapeForTerminal(setting.how), "\n");
  return text;
}

// A line to be pasted, already quoted for a shell. Left unchanged if a terminal shows it safely, because escaping would
// double its backslashes, which are harmless and significant; otherwise escaped.
std::string AsItIs(std::string_view line) {
  std::string harmless(line);
  std::erase(harmless, '\\');
  return EscapeForTerminal(harmless) == harmless ? std::string(line) : EscapeForTerminal(line);
}

std::string Indented(std::string_view text) {
  std::string result;
  while (!text.empty()) result += Concat("    ", AsItIs(TakeLine(text)), "\n");
  return result;
}

std::string CountWords(const HardeningPlan& plan) {
  std::array<size_t, 4> counts{};
  for (const Setting& setting : plan.settings) ++counts[static_cast<size_t>(setting.verdict)];
  std::string words;
  for (const auto verdict :
       {SettingVerdict::kProven, SettingVerdict::kObserved, SettingVerdict::kUnknown, SettingVerdict::kRefused}) {
    const size_t count = counts[static_cast<size_t>(verdict)];
    if (count > 0) words += Concat(words.empty() ? "" : ", ", count, " ", SettingVerdictName(verdict));
  }
  return words;
}

}  // namespace

std::string HardenText(std::span<const PlannedService> services) {
  std::string text;
  for (const PlannedService& service : services) {
    const HardeningPlan& plan = service.plan;
    text += Concat(text.empty() ? "" : "\n", EscapeForTerminal(plan.title), ": ", CountWords(plan), "\n");
    for (const Setting& setting : plan.settings) text += SettingLines(setting);
    if (!plan.missing.empty()) text += "  Not known:\n";
    for (const std::string& sentence : plan.missing) text += Concat("    ", EscapeForTerminal(sentence), "\n");
    text += Concat("  For ", service.target, ":\n", Indented(service.text));
  }
  return text;
}

std::vector<Finding> HardenFindings(std::span<const PlannedService> services) {
  std::vector<Finding> findings;
  for (const PlannedService& service : services) {
    for (const Setting& setting : service.plan.settings) {
      if (setting.in_force || setting.severity == Severity::kNote) continue;
      Finding finding;
      finding.rule = SettingKindName(setting.kind);
      finding.level = LevelOfSetting(setting.severity);
      finding.message = Concat(service.plan.title, ": ", SettingSummary(setting.kind), " (",
                               SettingVerdictName(setting.verdict), ").");
      for (const std::string& reason : setting.reasons) finding.message += " " + reason;
      finding.file = service.plan.title;
      finding.identity = SettingKindName(setting.kind);
      finding.fix = setting.in_line ? Concat("Set it: ", setting.value, ".") : setting.how;
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

std::vector<FindingRule> HardenFindingRules() {
  std::vector<FindingRule> rules;
  for (size_t i = 0; i < kSettingKindCount; ++i) {
    const auto kind = static_cast<SettingKind>(i);
    rules.push_back({.id = std::string(SettingKindName(kind)),
                     .summary = Concat(SettingSummary(kind), "."),
                     .help = "docs/harden.md describes what the setting does and how it is judged.",
                     .level = kind <= SettingKind::kHostNamespaces ? FindingLevel::kError : FindingLevel::kWarning});
  }
  return rules;
}

}  // namespace syscarve
