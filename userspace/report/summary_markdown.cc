// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/summary_markdown.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/quote.h"
#include "userspace/base/sentence.h"
#include "userspace/model/recording_words.h"
#include "userspace/report/summary.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr size_t kMaxListed = 8;  // Names of containers and the like; there can be hundreds of replicas.

// "`a`, `b` and 3 more".
std::string CodeList(const std::set<std::string>& names) {
  std::vector<std::string> parts;
  for (const std::string& name : names) {
    if (parts.size() == kMaxListed) break;
    parts.push_back(MarkdownCode(name));
  }
  std::string text = absl::StrJoin(parts, ", ");
  if (names.size() > kMaxListed) text += Concat(" and ", names.size() - kMaxListed, " more");
  return text;
}

std::string CodeCell(const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (const std::string& name : names) parts.push_back(MarkdownCodeInTable(name));
  return absl::StrJoin(parts, " ");
}

std::string Recorded(const ServiceFacts& facts) {
  std::vector<std::string> parts;
  if (facts.containers > 0) {
    std::string containers = Concat(facts.containers, facts.containers == 1 ? " container" : " containers");
    if (!facts.container_names.empty()) containers += Concat(" (", CodeList(facts.container_names), ")");
    if (!facts.images.empty()) containers += Concat(" of ", CodeList(facts.images));
    parts.push_back(std::move(containers));
  }
  if (facts.others > 0) parts.push_back(Concat(facts.others, " without a container"));
  if (parts.empty()) parts.emplace_back("nothing");
  if (!facts.runs.empty()) parts.push_back(Concat("runs ", CodeList(facts.runs)));
  return absl::StrJoin(parts, ", ");
}

std::string CapabilityCell(const GeneratedProfile& made) {
  if (!made.capabilities_recorded) return "not recorded";
  return made.cap_add.empty() ? "none" : CodeCell(made.cap_add);
}

std::string ReasonTable(const GeneratedProfile& made) {
  std::string text = "| why | calls |\n| --- | --- |\n";
  const Rule* previous = nullptr;
  for (const Rule& rule : made.profile.rules) {
    if (rule.action.kind != ActionKind::kAllow) continue;
    // A call with several alternative conditions has several rules.
    if (previous != nullptr && previous->comment == rule.comment && previous->names == rule.names) continue;
    previous = &rule;
    const bool seen = rule.comment == "seen";
    text += Concat("| ", EscapeForMarkdown(rule.comment), " | ",
                   seen ? std::to_string(rule.names.size()) : CodeCell(rule.names), " |\n");
  }
  return text;
}

std::string CapabilityTable(const GeneratedProfile& made) {
  if (!made.capabilities_recorded) return "Capabilities were not recorded: nothing is known of which it needs.\n";
  if (made.capabilities.empty()) return "No capability was checked.\n";
  std::string rows;
  std::vector<std::string> passing;
  for (const CapabilityVerdict& verdict : made.capabilities) {
    if (verdict.verdict == Verdict::kOpportunistic) {
      passing.push_back(Concat(MarkdownCode(CapabilityName(verdict.capability)), " (granted ", Times(verdict.granted),
                               ", refused ", Times(verdict.denied), ")"));
      continue;
    }
    rows += Concat("| ", MarkdownCodeInTable(CapabilityName(verdict.capability)), " | ", VerdictName(verdict.verdict),
                   " | ", verdict.granted, " | ", verdict.denied, " | ", EscapeForMarkdown(verdict.why), " |\n");
  }
  std::string text;
  if (!rows.empty()) {
    text += "| capability | verdict | granted | refused | why |\n| --- | --- | --- | --- | --- |\n" + rows;
  }
  if (passing.empty()) return text;
  if (!rows.empty()) text += "\n";
  return text + Concat("Opportunistic: ", absl::StrJoin(passing, ", "), ".\n");
}

// The denials in the recording that are not known to be harmless.
std::string RefusedTable(const GeneratedProfile& made) {
  std::string rows;
  for (const RefusedCall& call : made.refused) {
    if (call.allowed) continue;
    for (const RefusalTotal& total : RefusalTotals(call)) {
      std::vector<std::string> programs;
      for (const auto& [label, count] : total.programs) programs.push_back(label.empty() ? "unknown" : label);
      rows += Concat("| ", MarkdownCodeInTable(call.name), " | ", EscapeForMarkdown(DenialWords(total.answer)), " | ",
                     total.count, " | ", CodeCell(programs), " |\n");
    }
  }
  if (rows.empty()) return "";
  return Concat(
      "A filter already in force refused these while recording, so they are not allowed:\n\n"
      "| call | answer | count | program |\n| --- | --- | --- | --- |\n",
      rows, "\n");
}

std::string Section(const ServiceSummary& service) {
  const GeneratedProfile& made = service.made;
  std::string text = Concat("\n## ", MarkdownCode(service.title), "\n\n");
  text += Concat("Recorded: ", Recorded(service.facts), ".\n\n");
  text += EscapeForMarkdown(FirstSummaryLine(made)) + ".\n\n";
  text += Concat("The container runtime's own calls: ", EscapeForMarkdown(BaselineSummary(made)), ".\n\n");
  text += ReasonTable(made) + "\n";
  for (const std::string& line : service.sure) text += Concat("- ", EscapeForMarkdown(line), "\n");
  if (!service.sure.empty()) text += "\n";
  if (const std::vector<std::string> ceiling = CeilingLines(made); !ceiling.empty()) {
    for (const std::string& line : ceiling) text += Concat("- ", EscapeForMarkdown(line), "\n");
    text += "\n";
  }
  if (const std::string line = NotNeededLine(made); !line.empty()) {
    text += Concat("- ", EscapeForMarkdown(line), "\n\n");
  }
  if (const std::string line = HarmlessLine(made, made.refused.size()); !line.empty()) {
    text += Concat("- ", EscapeForMarkdown(line), "\n\n");
  }
  if (!made.gaps.empty()) {
    for (const std::string& line : UnexercisedLines(made.gaps)) text += Concat("- ", EscapeForMarkdown(line), "\n");
    text += "\n";
  }
  text += RefusedTable(made);
  text += CapabilityTable(made) + "\n";
  if (!service.warnings.empty()) {
    text += "Warnings:\n\n";
    for (const std::string& warning : service.warnings) text += Concat("- ", EscapeForMarkdown(warning), "\n");
    text += "\n";
  }
  if (!service.for_engine) return text + Concat("Its profile: ", MarkdownCode(service.profile_path), "\n");
  text += "For `docker run`:\n\n" + MarkdownBlock("sh", DockerRunOptions(service) + "\n");
  if (service.compose.has_value()) {
    text += "\nFor Compose:\n\n" + MarkdownBlock("yaml", *service.compose);
  } else {
    text += "\nIts name or its profile's path cannot be written in a Compose file.\n";
  }
  return text;
}

}  // namespace

std::string DockerRunOptions(const ServiceSummary& service) {
  std::string text = Concat("--security-opt ", QuoteForShell(Concat("seccomp=", service.profile_path)));
  if (service.facts.no_new_privs) text += " --security-opt no-new-privileges";
  if (!service.made.capabilities_recorded) return text;
  text += " --cap-drop ALL";
  for (const std::string& name : service.made.cap_add) text += Concat(" --cap-add ", QuoteForShell(name));
  return text;
}

std::string SummaryMarkdown(std::span<const ServiceSummary> services) {
  std::string text = Concat(kSummaryMarker,
                            " from recordings. `syscarve explain RECORDING` shows the reason for each call.\n\n"
                            "| profile | calls left | capabilities | warnings |\n| --- | --- | --- | --- |\n");
  for (const ServiceSummary& service : services) {
    const Reach reach = NativeReach(service.made);
    text += Concat("| ", MarkdownCodeInTable(service.title), " | ", reach.allowed, " of ", reach.kernel, " | ",
                   CapabilityCell(service.made), " | ",
                   service.warnings.size() + RefusalWarnings(service.made.refused).size(), " |\n");
  }
  for (const ServiceSummary& service : services) text += Section(service);
  return text;
}

}  // namespace syscarve
