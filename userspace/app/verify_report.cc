// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/verify_report.h"

#include <array>
#include <utility>

#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/report/finding.h"

namespace syscarve {
namespace {

constexpr char kSchema[] = "syscarve.verify-report/1";

struct KindWords {
  VerifyProblemKind kind;
  const char* id;
  const char* summary;
  const char* help;
};

constexpr std::array<KindWords, 6> kKinds = {{
    {VerifyProblemKind::kRefused, "refused", "No call is refused.",
     "Record the command that makes the call, and generate the profile anew."},
    {VerifyProblemKind::kFails, "fails", "The command succeeds under the profile as it does without.",
     "The calls that were refused tell why."},
    {VerifyProblemKind::kFailsAnyway, "fails-anyway", "The command succeeds without the profile.",
     "Mend the command first."},
    {VerifyProblemKind::kStops, "stops", "What the command started ends as it does without the profile.",
     "Record how it stops."},
    {VerifyProblemKind::kTakesTooLong, "takes-too-long", "No run is over its time.", "See --limit."},
    {VerifyProblemKind::kStartIsRefused, "start-is-refused", "The command can be started.", "Allow execve."},
}};

const KindWords& WordsOf(VerifyProblemKind kind) {
  for (const KindWords& words : kKinds) {
    if (words.kind == kind) return words;
  }
  return kKinds.front();
}

JsonValue RunJson(const VerifiedRun& run, const EnforcedFilter& filter) {
  return JsonValue::Object{
      {"enforced", run.enforced},
      {"status", run.status},
      {"milliseconds", static_cast<uint64_t>(run.took.count())},
      {"over_limit", run.over_limit},
      {"ended_after_grace", run.ended},
      {"refused", FilteredCallsJson(run.refused, filter.stub, /*log_only=*/!run.enforced)},
  };
}

}  // namespace

std::string VerificationJson(const Verification& result, const EnforcedFilter& filter, const VerifiedSubject& subject) {
  JsonValue::Array command;
  for (const std::string& word : subject.command) command.emplace_back(EncodePercent(word));
  JsonValue::Array runs;
  for (const VerifiedRun& run : result.runs) runs.push_back(RunJson(run, filter));
  JsonValue::Array problems;
  for (const VerifyProblem& problem : result.problems) {
    problems.emplace_back(JsonValue::Object{
        {"kind", WordsOf(problem.kind).id}, {"message", EncodePercent(problem.message)}, {"fix", problem.fix}});
  }
  JsonValue::Array remarks;
  for (const std::string& remark : result.remarks) remarks.emplace_back(EncodePercent(remark));
  return PrintJson(JsonValue::Object{{"schema", kSchema},
                                     {"profile", EncodePercent(subject.profile)},
                                     {"command", std::move(command)},
                                     {"passed", result.Passed()},
                                     {"problems", std::move(problems)},
                                     {"remarks", std::move(remarks)},
                                     {"runs", std::move(runs)}},
                   /*width=*/0);
}

std::string VerificationJunit(const Verification& result, const VerifiedSubject& subject) {
  std::vector<FindingRule> rules;
  for (const KindWords& words : kKinds) {
    rules.push_back({.id = words.id, .summary = words.summary, .help = words.help, .level = FindingLevel::kError});
  }
  std::vector<Finding> findings;
  for (const VerifyProblem& problem : result.problems) {
    Finding finding;
    finding.rule = WordsOf(problem.kind).id;
    finding.level = FindingLevel::kError;
    finding.message = problem.message;
    finding.file = subject.profile;
    finding.fix = problem.fix;
    findings.push_back(std::move(finding));
  }
  return FormatJunit("syscarve verify", rules, findings);
}

}  // namespace syscarve
