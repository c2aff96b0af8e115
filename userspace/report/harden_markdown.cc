// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/concat.h"
#include "userspace/base/quote.h"
#include "userspace/report/harden.h"

namespace syscarve {
namespace {

// GitHub limits comments to 65536 characters.
constexpr size_t kMostReasons = 12;

std::string Reasons(const Setting& setting) {
  std::string text;
  size_t shown = 0;
  for (const std::string& reason : setting.reasons) {
    if (++shown > kMostReasons) break;
    text += Concat(text.empty() ? "" : " ", reason);
  }
  if (setting.reasons.size() > kMostReasons) text += Concat(" And ", setting.reasons.size() - kMostReasons, " more.");
  if (!setting.how.empty()) text += " " + setting.how;
  return EscapeForMarkdown(text);
}

std::string_view Language(std::string_view target) {
  if (target == "docker") return "sh";
  return target == "compose" || target == "kubernetes" ? "yaml" : "ini";
}

}  // namespace

std::string HardenMarkdown(std::span<const PlannedService> services) {
  std::string text;
  for (const PlannedService& service : services) {
    const HardeningPlan& plan = service.plan;
    text += Concat(text.empty() ? "" : "\n", "# ", EscapeForMarkdown(plan.title),
                   "\n\n| setting | value | verdict | without it | evidence |\n| --- | --- | --- | --- | --- |\n");
    for (const Setting& setting : plan.settings) {
      text += Concat("| ", SettingKindName(setting.kind), " | ",
                     setting.value.empty() ? std::string() : MarkdownCodeInTable(setting.value), " | ",
                     SettingVerdictName(setting.verdict), " | ",
                     setting.in_force ? std::string_view("in force already") : SeverityName(setting.severity), " | ",
                     Reasons(setting), " |\n");
    }
    if (!plan.missing.empty()) text += "\nNot known:\n\n";
    for (const std::string& sentence : plan.missing) text += Concat("- ", EscapeForMarkdown(sentence), "\n");
    text += Concat("\n", MarkdownBlock(Language(service.target), service.text));
  }
  return text;
}

}  // namespace syscarve
