// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/diff.h"

#include <algorithm>
#include <map>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/diff_words.h"
#include "userspace/report/sighting.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

std::vector<std::string> WordsOf(const std::string& sentence) {
  const std::vector<std::string_view> words = SplitNonEmpty(sentence, ' ');
  return {words.begin(), words.end()};
}

std::string EvidenceLines(const DiffReport& report, const CallChange& change) {
  const CallEvidence* const evidence = EvidenceFor(report, change.names.front());
  if (evidence == nullptr) return "";
  const std::string origin = OriginWords(*evidence, change.Has(Comparison::kLooser));
  std::string text = origin.empty() ? "" : Concat("    ", EscapeForTerminal(origin), "\n");
  for (const Sighting& sighting : SightingsToShow(*evidence)) {
    text += Indented(SightingLines(sighting, sighting.id.abi == report.native), "  ");
  }
  return text;
}

std::string AnswerLines(const CallChange& change, const std::string& indent) {
  std::string text;
  for (const ActionChange& answer : change.answers) {
    const std::string when = WhenWords(answer, Length::kShort);
    text += Concat(indent, AnswerWords(answer, "->"), when.empty() ? "" : " ", when, "\n");
    if (const std::string example = ExampleWords(change, answer); !example.empty()) {
      text += Concat(indent, "  for example ", example, "\n");
    }
  }
  return text;
}

std::string FamilyLines(const DiffReport& report, const FamilyChanges& family, bool with_risk) {
  std::string text = Concat("\n", family.family, "\n");
  for (const CallChange* change : family.changes) {
    const Risk risk = RiskBehind(*change, report.risks);
    text += Concat("  ", CallTitle(*change, report.native),
                   with_risk ? Concat(" [", RiskLevelName(RiskOfChange(*change, report.risks)), "]") : "", "\n");
    text += AnswerLines(*change, "    ");
    if (change->Opens()) text += WrapWords("    ", WordsOf(risk.why));
    text += EvidenceLines(report, *change);
  }
  return text;
}

std::string Section(const DiffReport& report, const std::string& title, const std::vector<FamilyChanges>& families,
                    bool with_risk) {
  if (families.empty()) return "";
  std::string text = Concat("\n", title, " (", CountOf(families), ")\n");
  for (const FamilyChanges& family : families) text += FamilyLines(report, family, with_risk);
  return text;
}

// A change of the default action, or of many calls of an ABI.
std::string ManyLines(const DiffReport& report, const CallChange& change) {
  std::string text = Concat("  ", ManyWords(change), "\n", AnswerLines(change, "    "));
  if (change.names.size() <= kFewNames) {
    if (change.names.size() > 1) text += WrapWords("      ", change.names);
  } else if (change.Opens()) {
    const std::vector<std::string> riskiest = Riskiest(report, change, kFewNames);
    if (!riskiest.empty()) text += "    the most risky among them:\n" + WrapWords("      ", riskiest);
  }
  return text;
}

// Calls whose refusal changed, in brief: there may be very many.
std::string OtherAnswers(const DiffReport& report, const std::vector<FamilyChanges>& families) {
  if (families.empty()) return "";
  std::map<std::string, std::vector<std::string>> by_answers;
  for (const FamilyChanges& family : families) {
    for (const CallChange* change : family.changes) {
      by_answers[AnswerLines(*change, "  ")].push_back(CallTitle(*change, report.native));
    }
  }
  std::string text = Concat("\nrefused in another way (", CountOf(families), ")\n\n");
  for (auto& [answers, titles] : by_answers) {
    std::ranges::sort(titles);
    text += answers + WrapWords("    ", titles);
  }
  return text;
}

}  // namespace

std::string DiffText(const DiffReport& report) {
  std::string text = Concat(EscapeForTerminal(report.before), " -> ", EscapeForTerminal(report.after), ": ",
                            VerdictWords(report), "\n", CountWords(report), "\n");
  for (const AbiChange& abi : report.diff.abis) {
    text += Concat("\n", AbiName(abi.abi), "\n  ", AbiWords(abi), "\n");
    for (const CallChange& change : abi.changes) text += ManyLines(report, change);
  }
  if (!report.diff.unnamed.empty()) text += "\nthe default\n";
  for (const CallChange& change : report.diff.unnamed) text += ManyLines(report, change);
  const RankedChanges ranked = Rank(report);
  text += Section(report, "looser", ranked.looser, true);
  text += Section(report, "tighter", ranked.tighter, false);
  text += OtherAnswers(report, ranked.other);
  if (!report.diff.unclear.empty()) text += "\nunclear\n";
  for (const UnclearCall& call : report.diff.unclear) {
    text += Concat("  ", DisplayName(call.id), ": ", EscapeForTerminal(call.why), "\n");
  }
  return text;
}

}  // namespace syscarve
