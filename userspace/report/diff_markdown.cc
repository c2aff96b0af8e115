// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/quote.h"
#include "userspace/base/sentence.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/diff.h"
#include "userspace/report/diff_words.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr std::string_view kArrow = "→";
constexpr size_t kMaxInCell = 3;      // Programs and runs in a table's cell.
constexpr size_t kMaxSightings = 20;  // Per call: a suite can have thousands of tests.
constexpr size_t kMaxRows = 200;      // GitHub limits comments to 65536 characters.

std::string CodeCell(const std::set<std::string>& texts) {
  std::vector<std::string> parts;
  for (const std::string& text : texts) {
    if (parts.size() == kMaxInCell) break;
    parts.push_back(MarkdownCodeInTable(text.empty() ? "?" : text));
  }
  if (texts.size() > kMaxInCell) parts.push_back(Concat(texts.size() - kMaxInCell, " more"));
  return absl::StrJoin(parts, ", ");
}

std::string Names(const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (const std::string& name : names) parts.push_back(MarkdownCode(name));
  return absl::StrJoin(parts, " ");
}

std::string Changed(const CallChange& change, bool in_table) {
  std::vector<std::string> parts;
  for (const ActionChange& answer : change.answers) {
    std::string part = EscapeForMarkdown(AnswerWords(answer, kArrow));
    const auto code = [&](const std::string& text) {
      return in_table ? MarkdownCodeInTable(text) : MarkdownCode(text);
    };
    if (const std::string when = WhenWords(answer, Length::kShort); !when.empty()) {
      const bool conditions = when.starts_with("if ");
      part += conditions ? Concat(" if ", code(when.substr(3))) : Concat(" ", EscapeForMarkdown(when));
    }
    const std::string example = ExampleWords(change, answer);
    if (!example.empty()) part += Concat(", for example ", code(example));
    parts.push_back(std::move(part));
  }
  return absl::StrJoin(parts, "; ");
}

// The programs that made the call and the runs, short enough for a cell.
std::string Who(const DiffReport& report, const CallChange& change) {
  const CallEvidence* const evidence = EvidenceFor(report, change.names.front());
  if (evidence == nullptr) return "";
  std::set<std::string> programs;
  std::set<std::string> runs;
  for (const Sighting& sighting : SightingsToShow(*evidence)) {
    if (sighting.rest == 0) runs.insert(sighting.run_name);
    for (const auto& [program, count] : sighting.programs) programs.insert(ProgramLabel(program));
  }
  std::string origin = EscapeForMarkdown(OriginWords(*evidence, change.Has(Comparison::kLooser)));
  if (runs.empty()) return origin;
  return Concat(CodeCell(programs), " in ", CodeCell(runs), origin.empty() ? "" : ": ", origin);
}

std::string RiskCell(RiskLevel level) {
  return level == RiskLevel::kHigh ? Concat("**", RiskLevelName(level), "**") : std::string(RiskLevelName(level));
}

// A table of newly allowed calls, with `risks`, or of calls that are no longer allowed.
std::string CallTable(const DiffReport& report, const std::vector<FamilyChanges>& families, bool risks) {
  const bool evidence = report.evidence.has_value();
  std::string text = Concat(risks ? "| risk " : "", "| call | change |", risks ? " why it matters |" : "",
                            evidence ? (risks ? " brought in by |" : " made by |") : "", "\n", risks ? "| --- " : "",
                            "| --- | --- |", risks ? " --- |" : "", evidence ? " --- |" : "", "\n");
  size_t rows = 0;
  for (const FamilyChanges& family : families) {
    for (const CallChange* change : family.changes) {
      if (++rows > kMaxRows) continue;
      if (risks) text += Concat("| ", RiskCell(RiskOfChange(*change, report.risks)), ", ", family.family, " ");
      text += Concat("| ", MarkdownCodeInTable(CallTitle(*change, report.native)), " | ", Changed(*change, true), " |");
      if (risks) text += Concat(" ", EscapeForMarkdown(RiskBehind(*change, report.risks).why), " |");
      text += Concat(evidence ? Concat(" ", Who(report, *change), " |") : "", "\n");
    }
  }
  if (rows > kMaxRows) text += Concat("\nand ", rows - kMaxRows, " more.\n");
  return text;
}

// A collapsed section. `summary` is trusted.
std::string Folded(const std::string& summary, const std::string& content) {
  return Concat("\n<details><summary>", summary, "</summary>\n\n", content, "\n</details>\n");
}

std::string SightingItems(const std::vector<Sighting>& sightings, Abi native) {
  std::string text;
  for (size_t i = 0; i < std::min(sightings.size(), kMaxSightings); ++i) {
    const Sighting& sighting = sightings[i];
    text += Concat("  - run ", MarkdownCode(sighting.run_name), " by ", MarkdownCode(sighting.subject), ": ",
                   Times(sighting.count));
    if (sighting.id.abi != native) text += Concat(" as ", MarkdownCode(DisplayName(sighting.id)));
    if (sighting.after_start_nanos.has_value()) text += Concat(", first after ", Seconds(*sighting.after_start_nanos));
    std::vector<std::string> programs;
    for (const auto& [program, count] : sighting.programs) {
      programs.push_back(Concat(MarkdownCode(program.path.empty() ? "?" : ProgramLabel(program)), " ", Times(count)));
    }
    if (programs.size() > kMaxSightings) programs.resize(kMaxSightings);
    if (!programs.empty()) text += Concat(" (", absl::StrJoin(programs, ", "), ")");
    text += "\n";
  }
  uint64_t more = 0;
  for (size_t i = kMaxSightings; i < sightings.size(); ++i) more += std::max<uint64_t>(sightings[i].rest, 1);
  if (more > 0) text += Concat("  - and ", more, " more\n");
  return text;
}

std::string EvidenceSection(const DiffReport& report, const std::vector<FamilyChanges>& families) {
  std::string items;
  for (const FamilyChanges& family : families) {
    for (const CallChange* change : family.changes) {
      const Risk risk = RiskBehind(*change, report.risks);
      items += Concat("- ", MarkdownCode(CallTitle(*change, report.native)));
      if (const CallEvidence* const evidence = EvidenceFor(report, change->names.front())) {
        const std::string origin = OriginWords(*evidence, change->Has(Comparison::kLooser));
        items += Concat(origin.empty() ? "" : ": ", EscapeForMarkdown(origin));
        if (!risk.references.empty()) {
          items += Concat(". See ", EscapeForMarkdown(absl::StrJoin(risk.references, "; ")));
        }
        items += "\n" + SightingItems(SightingsToShow(*evidence), report.native);
        continue;
      }
      items += risk.references.empty()
                   ? "\n"
                   : Concat(": see ", EscapeForMarkdown(absl::StrJoin(risk.references, "; ")), "\n");
    }
  }
  return items;
}

std::string ManyItem(const DiffReport& report, const CallChange& change) {
  std::string text = Concat("- ", EscapeForMarkdown(ManyWords(change)), ": ", Changed(change, false));
  if (change.names.size() <= kFewNames) {
    if (change.names.size() > 1) text += Concat(": ", Names(change.names));
  } else if (change.Opens()) {
    const std::vector<std::string> riskiest = Riskiest(report, change, kFewNames);
    if (!riskiest.empty()) text += Concat("; the most risky among them: ", Names(riskiest));
  }
  return text + "\n";
}

std::string OtherAnswersList(const DiffReport& report, const std::vector<FamilyChanges>& families) {
  std::map<std::string, std::vector<std::string>> by_answers;
  for (const FamilyChanges& family : families) {
    for (const CallChange* change : family.changes) {
      by_answers[Changed(*change, false)].push_back(CallTitle(*change, report.native));
    }
  }
  std::string text;
  for (auto& [answers, titles] : by_answers) {
    std::ranges::sort(titles);
    text += Concat("- ", answers, ": ", Names(titles), "\n");
  }
  return text;
}

std::string Plural(size_t count) {
  return Concat(count, count == 1 ? " call" : " calls");
}

}  // namespace

std::string DiffMarkdown(const DiffReport& report) {
  std::string text = Concat("### Seccomp profile: ", VerdictWords(report), "\n\n", MarkdownCode(report.before), " ",
                            kArrow, " ", MarkdownCode(report.after), ": ", CountWords(report), ".\n");
  if (report.evidence.has_value() && !report.evidence->complete) {
    text += "\nA recording behind the evidence is incomplete: calls may be missing from it.\n";
  }
  for (const AbiChange& abi : report.diff.abis) {
    text += Concat("\n**", AbiName(abi.abi), "**: ", EscapeForMarkdown(AbiWords(abi)), ".\n\n");
    for (const CallChange& change : abi.changes) text += ManyItem(report, change);
  }
  if (!report.diff.unnamed.empty()) text += "\n**The default**\n\n";
  for (const CallChange& change : report.diff.unnamed) text += ManyItem(report, change);

  const RankedChanges ranked = Rank(report);
  if (!ranked.looser.empty()) {
    text += "\n" + CallTable(report, ranked.looser, true);
    text += Folded(Concat("Evidence and references for ", Plural(CountOf(ranked.looser))),
                   EvidenceSection(report, ranked.looser));
  }
  if (!ranked.tighter.empty()) {
    text += Folded(Concat(Plural(CountOf(ranked.tighter)), " tighter"), CallTable(report, ranked.tighter, false));
  }
  if (!ranked.other.empty()) {
    text += Folded(Concat(Plural(CountOf(ranked.other)), " refused in another way"),
                   OtherAnswersList(report, ranked.other));
  }
  if (!report.diff.unclear.empty()) {
    std::string items;
    for (const UnclearCall& call : report.diff.unclear) {
      items += Concat("- ", MarkdownCode(DisplayName(call.id)), ": ", EscapeForMarkdown(call.why), "\n");
    }
    text += Folded(Concat(Plural(report.diff.unclear.size()), " whose decision is unclear"), items);
  }
  return text;
}

}  // namespace syscarve
