// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/explain_call.h"

#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/sentence.h"
#include "userspace/base/strict_json.h"
#include "userspace/report/wording.h"
#include "userspace/shipped/call_text.h"

namespace syscarve {
namespace {

// Writes all bits of the arguments, as the filter compares them.
std::string CallWords(const ArgumentTable& table, SyscallId id, const std::string& name,
                      std::span<const uint64_t> arguments) {
  return CallText(table, id, name, arguments, {.paths = {}, .exact = true});
}

std::string RuleWords(const std::string& file, const CallExplanation& answer, const ExplainedOutcome& outcome) {
  if (!outcome.text.has_value()) return "";
  if (!answer.is_listed) return ", because the profile does not list this architecture";
  if (!outcome.rule.has_value()) return ", by the default";
  const RulePlace& rule = *outcome.rule;
  const std::string line = rule.line.has_value() ? Concat(" (", EscapeForTerminal(file), ":", *rule.line, ")") : "";
  return Concat(", by syscalls[", rule.entry, "]", line, rule.comment.empty() ? "" : ": ",
                EscapeForTerminal(rule.comment));
}

std::string OutcomeWords(const std::string& file, const CallExplanation& answer, const ExplainedOutcome& outcome) {
  const std::string said = ActionWords(outcome.text.value_or(outcome.filter)) + RuleWords(file, answer, outcome);
  if (!outcome.Differs()) return said + "\n";
  return Concat(
      said, "\n    but libseccomp's filter for the profile decides differently: ", ActionWords(outcome.filter), "\n");
}

std::string DependsWords(const std::vector<unsigned>& indices) {
  return Concat(indices.size() == 1 ? "argument " : "arguments ", Enumerated(indices));
}

JsonValue OutcomeJson(const ExplainedOutcome& outcome, std::string call) {
  JsonValue::Object object = {{"arguments", JsonValue::Array(outcome.arguments.begin(), outcome.arguments.end())},
                              {"call", std::move(call)},
                              {"filter", ActionJson(outcome.filter)}};
  if (outcome.text.has_value()) {
    object.push_back({"text", ActionJson(*outcome.text)});
    object.push_back({"differs", outcome.Differs()});
  }
  if (outcome.rule.has_value()) {
    JsonValue::Object rule = {{"entry", outcome.rule->entry}};
    if (outcome.rule->line.has_value()) rule.push_back({"line", *outcome.rule->line});
    if (!outcome.rule->comment.empty()) rule.push_back({"comment", outcome.rule->comment});
    object.push_back({"rule", std::move(rule)});
  }
  return object;
}

}  // namespace

std::string ExplainCallText(const std::string& file, const std::string& name, std::span<const uint64_t> known,
                            std::span<const CallExplanation> answers, const ArgumentTable& table) {
  std::string text = CallWords(table, answers.front().id, name, known) + "\n";
  for (const CallExplanation& answer : answers) {
    text += Concat("  ", AbiName(answer.id.abi), ": ");
    if (answer.outcomes.size() == 1) {
      text += OutcomeWords(file, answer, answer.outcomes.front());
      continue;
    }
    text += Concat("depends on ", DependsWords(answer.depends_on), "\n");
    for (const ExplainedOutcome& outcome : answer.outcomes) {
      text += Concat("    ", CallWords(table, answer.id, name, outcome.arguments), ": ",
                     OutcomeWords(file, answer, outcome));
    }
  }
  return text;
}

std::string ExplainCallJson(const std::string& name, std::span<const uint64_t> known,
                            std::span<const CallExplanation> answers, const ArgumentTable& table) {
  JsonValue::Array abis;
  for (const CallExplanation& answer : answers) {
    JsonValue::Array outcomes;
    for (const ExplainedOutcome& outcome : answer.outcomes) {
      outcomes.push_back(OutcomeJson(outcome, CallWords(table, answer.id, name, outcome.arguments)));
    }
    abis.push_back(
        JsonValue::Object{{"abi", AbiName(answer.id.abi)},
                          {"number", answer.id.nr},
                          {"listed", answer.is_listed},
                          {"depends_on", JsonValue::Array(answer.depends_on.begin(), answer.depends_on.end())},
                          {"outcomes", std::move(outcomes)}});
  }
  return PrintJson(JsonValue::Object{{"schema", kExplanationSchema},
                                     {"of", "call"},
                                     {"name", name},
                                     {"arguments", JsonValue::Array(known.begin(), known.end())},
                                     {"call", CallWords(table, answers.front().id, name, known)},
                                     {"abis", std::move(abis)}},
                   kReportJsonWidth);
}

}  // namespace syscarve
