// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/verify_report.h"

#include <array>
#include <utility>

#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/capability.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/finding.h"

namespace syscarve {
namespace {

constexpr char kSchema[] = "syscarve.verify-report/1";

// Which subjects of a verification can have the problem.
enum class Of { kBoth, kCommand, kContainers };

struct KindWords {
  VerifyProblemKind kind;
  Of of;
  const char* id;
  const char* summary;
  const char* help;
};

constexpr std::array<KindWords, 10> kKinds = {{
    {VerifyProblemKind::kRefused, Of::kBoth, "refused", "No call is refused.",
     "Record the command that makes the call, and generate the profile anew."},
    {VerifyProblemKind::kFails, Of::kBoth, "fails", "The command succeeds under the profile as it does without.",
     "The refused calls show why."},
    {VerifyProblemKind::kFailsAnyway, Of::kBoth, "fails-anyway", "The command succeeds without the profile.",
     "Mend the command first."},
    {VerifyProblemKind::kStops, Of::kBoth, "stops", "What the command started ends as it does without the profile.",
     "Record how it stops."},
    {VerifyProblemKind::kTakesTooLong, Of::kBoth, "takes-too-long", "No run is over its time.", "See --limit."},
    {VerifyProblemKind::kCapability, Of::kContainers, "capability", "No capability is missing.",
     "Add it, or record what needs it and generate anew."},
    {VerifyProblemKind::kNeverStarted, Of::kContainers, "never-started", "Every profile's service is started.",
     "Let the command start it, or leave its profile out."},
    {VerifyProblemKind::kNotConfined, Of::kContainers, "not-confined",
     "Every container of a service runs under its profile.",
     "The command must create its containers itself, through the engine that DOCKER_HOST names."},
    {VerifyProblemKind::kLeftRunning, Of::kContainers, "left-running", "The command stops what it starts.",
     "Stop the containers in the command."},
    {VerifyProblemKind::kStartIsRefused, Of::kCommand, "start-is-refused", "The command can be started.",
     "Allow execve."},
}};

const KindWords& WordsOf(VerifyProblemKind kind) {
  for (const KindWords& words : kKinds) {
    if (words.kind == kind) return words;
  }
  return kKinds.front();
}

JsonValue::Array Strings(const std::set<std::string>& texts) {
  JsonValue::Array array;
  for (const std::string& text : texts) array.emplace_back(EncodePercent(text));
  return array;
}

JsonValue::Array ContainersJson(const VerifiedContainers& all) {
  JsonValue::Array containers;
  for (const VerifiedContainer& container : all.containers) {
    JsonValue::Object entry = {
        {"service", EncodePercent(container.service)},
        {"name", EncodePercent(container.name)},
        {"id", EncodePercent(container.id)},
        {"confined", container.confined},
        {"running", container.running},
        {"status", container.status.has_value() ? JsonValue(*container.status) : JsonValue(nullptr)},
    };
    if (container.stop.has_value()) {
      entry.push_back({"stop_milliseconds", static_cast<uint64_t>(container.stop->count())});
    }
    containers.emplace_back(std::move(entry));
  }
  return containers;
}

JsonValue::Array ContainerRefusalsJson(const VerifiedContainers& all) {
  JsonValue::Array array;
  for (const auto& [call, refusals] : all.refused) {
    const std::optional<std::string> name = SyscallName(call.call);
    array.emplace_back(JsonValue::Object{
        {"service", EncodePercent(call.service)},
        {"name", name.has_value() ? JsonValue(*name) : JsonValue(nullptr)},
        {"abi", AbiName(call.call.abi)},
        {"number", static_cast<uint64_t>(call.call.nr)},
        {"answer", call.answer},
        {"by", call.by_runtime ? "runtime" : "program"},
        {"count", refusals.count},
        {"programs", Strings(refusals.programs)},
        {"tests", Strings(refusals.tests)},
        {"excuse", refusals.excuse},
    });
  }
  return array;
}

JsonValue::Array CapabilitiesJson(const VerifiedContainers& all) {
  JsonValue::Array array;
  for (const auto& [key, words] : all.capabilities) {
    array.emplace_back(
        JsonValue::Object{{"service", EncodePercent(key.service)}, {"name", CapabilityName(key.capability)}});
  }
  return array;
}

JsonValue RunJson(const VerifiedRun& run, const EnforcedFilter& filter) {
  JsonValue::Object object = {
      {"enforced", run.enforced},
      {"status", run.status},
      {"milliseconds", static_cast<uint64_t>(run.took.count())},
      {"over_limit", run.over_limit},
  };
  if (run.containers.has_value()) {
    object.push_back({"containers", ContainersJson(*run.containers)});
    object.push_back({"refused", ContainerRefusalsJson(*run.containers)});
    object.push_back({"capabilities", CapabilitiesJson(*run.containers)});
  } else {
    object.push_back({"ended_after_grace", run.ended});
    object.push_back({"refused", FilteredCallsJson(run.refused, filter.stub, /*log_only=*/!run.enforced)});
  }
  return object;
}

}  // namespace

std::string VerificationJson(const Verification& result, const EnforcedFilter& filter, const VerifiedSubject& subject) {
  JsonValue::Array command;
  for (const std::string& word : subject.command) command.emplace_back(EncodePercent(word));
  JsonValue::Array runs;
  for (const VerifiedRun& run : result.runs) runs.push_back(RunJson(run, filter));
  JsonValue::Array problems;
  for (const VerifyProblem& problem : result.problems) {
    JsonValue::Object entry = {
        {"kind", WordsOf(problem.kind).id}, {"message", EncodePercent(problem.message)}, {"fix", problem.fix}};
    if (!problem.service.empty()) entry.push_back({"service", EncodePercent(problem.service)});
    problems.emplace_back(std::move(entry));
  }
  JsonValue::Array remarks;
  for (const std::string& remark : result.remarks) remarks.emplace_back(EncodePercent(remark));
  JsonValue::Object report = {{"schema", kSchema}};
  if (subject.services.empty()) {
    report.push_back({"profile", EncodePercent(subject.profile)});
  } else {
    JsonValue::Object profiles;
    for (const auto& [service, file] : subject.services) {
      profiles.push_back({EncodePercent(service), EncodePercent(file)});
    }
    report.push_back({"profiles", std::move(profiles)});
  }
  report.push_back({"command", std::move(command)});
  report.push_back({"passed", result.Passed()});
  report.push_back({"problems", std::move(problems)});
  report.push_back({"remarks", std::move(remarks)});
  report.push_back({"runs", std::move(runs)});
  return PrintJson(report, /*width=*/0);
}

std::string VerificationJunit(const Verification& result, const VerifiedSubject& subject) {
  std::vector<FindingRule> rules;
  const Of other = subject.services.empty() ? Of::kContainers : Of::kCommand;
  for (const KindWords& words : kKinds) {
    if (words.of == other) continue;
    rules.push_back({.id = words.id, .summary = words.summary, .help = words.help, .level = FindingLevel::kError});
  }
  std::vector<Finding> findings;
  for (const VerifyProblem& problem : result.problems) {
    Finding finding;
    finding.rule = WordsOf(problem.kind).id;
    finding.level = FindingLevel::kError;
    finding.message = problem.message;
    const auto file = subject.services.find(problem.service);
    finding.file = file == subject.services.end() ? subject.profile : file->second;
    finding.fix = problem.fix;
    findings.push_back(std::move(finding));
  }
  return FormatJunit("syscarve verify", rules, findings);
}

}  // namespace syscarve
