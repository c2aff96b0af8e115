// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/diff.h"
#include "userspace/report/diff_words.h"

namespace syscarve {
namespace {

FindingLevel LevelOf(RiskLevel risk) {
  switch (risk) {
    case RiskLevel::kLow:
      return FindingLevel::kNote;
    case RiskLevel::kMedium:
      return FindingLevel::kWarning;
    case RiskLevel::kHigh:
      return FindingLevel::kError;
  }
  return FindingLevel::kError;
}

std::string Answers(const CallChange& change) {
  std::vector<std::string> parts;
  for (const ActionChange& answer : change.answers) {
    const std::string when = WhenWords(answer, Length::kWhole);
    parts.push_back(Concat(AnswerWords(answer, "->"), when.empty() ? "" : " ", when));
  }
  return absl::StrJoin(parts, "; ");
}

std::string AbisOf(const CallChange& change) {
  std::vector<std::string> abis;
  for (const Abi abi : change.abis) abis.emplace_back(AbiName(abi));
  return absl::StrJoin(abis, ",");
}

class Findings {
 public:
  explicit Findings(const DiffReport& report) : report_(report) {}

  void AddCall(const CallChange& change) {
    const std::string& name = change.names.front();
    const Risk risk = RiskBehind(change, report_.risks);
    std::string message = Concat(CallTitle(change, report_.native), ": ", Answers(change), ".");
    if (change.Opens()) message += Concat(" ", risk.why);
    if (const CallEvidence* const evidence = EvidenceFor(report_, name)) {
      const std::string origin = OriginWords(*evidence, change.Has(Comparison::kLooser));
      if (!origin.empty()) message += Concat(" Origin: ", origin, ".");
      for (const Sighting& sighting : SightingsToShow(*evidence)) {
        if (sighting.rest > 0) break;
        std::vector<std::string> programs;
        for (const auto& [program, count] : sighting.programs) programs.push_back(ProgramLabel(program));
        message += Concat(" Seen in run \"", sighting.run_name, "\" by ", absl::StrJoin(programs, ", "), ".");
        if (message.size() > kMaxMessage) break;
      }
    }
    Add(change, std::move(message), Concat(name, ":", AbisOf(change)));
  }

  void AddMany(const std::string& where, const CallChange& change) {
    const std::string answers = Answers(change);
    Add(change, Concat(where, ": ", ManyWords(change), ": ", answers, "."), Concat(where, ":", answers));
  }

  std::vector<Finding> Take() { return std::move(findings_); }

 private:
  static constexpr size_t kMaxMessage = 4096;

  void Add(const CallChange& change, std::string message, std::string identity) {
    Finding finding{.rule = "other-answer",
                    .level = FindingLevel::kNote,
                    .message = std::move(message),
                    .file = report_.after,
                    .line = std::nullopt,
                    .identity = std::move(identity),
                    .fix = "",
                    .changes = {}};
    if (change.Has(Comparison::kLooser)) {
      const RiskLevel risk = RiskOfChange(change, report_.risks);
      finding.rule = Concat("looser-", RiskLevelName(risk));
      finding.level = LevelOf(risk);
      if (change.Opens()) finding.fix = "Allow it only if the program is meant to do that.";
    } else if (change.Has(Comparison::kTighter)) {
      finding.rule = "tighter";
    }
    findings_.push_back(std::move(finding));
  }

  const DiffReport& report_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<FindingRule> DiffFindingRules() {
  std::vector<FindingRule> rules;
  for (const RiskLevel risk : {RiskLevel::kHigh, RiskLevel::kMedium, RiskLevel::kLow}) {
    rules.push_back({.id = Concat("looser-", RiskLevelName(risk)),
                     .summary = Concat("The profile lets more be done than before, at ", RiskLevelName(risk), " risk."),
                     .help = "Find what needs it (syscarve diff --evidence), and leave it out if nothing does.",
                     .level = LevelOf(risk)});
  }
  rules.push_back({.id = "tighter",
                   .summary = "The profile lets less be done than before.",
                   .help = "Programs that still make the call will be refused: syscarve check finds them.",
                   .level = FindingLevel::kNote});
  rules.push_back({.id = "other-answer",
                   .summary = "What was refused is refused with another error or signal.",
                   .help = "A program may fall back on something else, or no longer fall back, by the error it gets.",
                   .level = FindingLevel::kNote});
  rules.push_back({.id = "unclear",
                   .summary = "The decision of a live filter cannot be compared.",
                   .help = "Compare the files that the filters were made of.",
                   .level = FindingLevel::kWarning});
  return rules;
}

std::vector<Finding> DiffFindings(const DiffReport& report) {
  Findings findings(report);
  for (const AbiChange& abi : report.diff.abis) {
    for (const CallChange& change : abi.changes) findings.AddMany(std::string(AbiName(abi.abi)), change);
  }
  for (const CallChange& change : report.diff.unnamed)
    findings.AddMany(Concat("the default on ", AbisOf(change)), change);
  const RankedChanges ranked = Rank(report);
  for (const auto* families : {&ranked.looser, &ranked.tighter, &ranked.other}) {
    for (const FamilyChanges& family : *families) {
      for (const CallChange* change : family.changes) findings.AddCall(*change);
    }
  }
  std::vector<Finding> all = findings.Take();
  for (const UnclearCall& call : report.diff.unclear) {
    all.push_back({.rule = "unclear",
                   .level = FindingLevel::kWarning,
                   .message = Concat(DisplayName(call.id), ": ", call.why),
                   .file = report.after,
                   .line = std::nullopt,
                   .identity = DisplayName(call.id),
                   .fix = ""});
  }
  return all;
}

}  // namespace syscarve
