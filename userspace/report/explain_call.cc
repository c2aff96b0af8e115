// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/explain_call.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/sentence.h"
#include "userspace/base/strict_json.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr std::string_view kSchema = "syscarve.explanation/1";
constexpr size_t kWidth = 120;

// Small numbers as numbers, others so that their bits can be seen.
std::string ArgumentWords(uint64_t value) {
  constexpr uint64_t kSmall = 256;
  return value < kSmall ? Concat(value) : absl::StrFormat("0x%x", value);
}

std::string CallWords(const std::string& name, std::span<const uint64_t> arguments, bool all) {
  std::string words = name + "(";
  for (size_t i = 0; i < arguments.size(); ++i) words += Concat(i == 0 ? "" : ", ", ArgumentWords(arguments[i]));
  return Concat(words, all ? "" : arguments.empty() ? "…" : ", …", ")");
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
  return Concat(said, "\n    but the filter that libseccomp makes of the profile answers otherwise: ",
                ActionWords(outcome.filter), "\n");
}

std::string DependsWords(const std::vector<unsigned>& indices) {
  return Concat(indices.size() == 1 ? "argument " : "arguments ", Enumerated(indices));
}

JsonValue OutcomeJson(const ExplainedOutcome& outcome) {
  JsonValue::Object object = {{"arguments", JsonValue::Array(outcome.arguments.begin(), outcome.arguments.end())},
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
                            std::span<const CallExplanation> answers) {
  std::string text = CallWords(name, known, known.size() == Arguments().size()) + "\n";
  for (const CallExplanation& answer : answers) {
    text += Concat("  ", AbiName(answer.id.abi), ": ");
    if (answer.outcomes.size() == 1) {
      text += OutcomeWords(file, answer, answer.outcomes.front());
      continue;
    }
    text += Concat("depends on ", DependsWords(answer.depends_on), "\n");
    for (const ExplainedOutcome& outcome : answer.outcomes) {
      text += Concat("    ", CallWords(name, outcome.arguments, true), ": ", OutcomeWords(file, answer, outcome));
    }
  }
  return text;
}

std::string ExplainCallJson(const std::string& name, std::span<const uint64_t> known,
                            std::span<const CallExplanation> answers) {
  JsonValue::Array abis;
  for (const CallExplanation& answer : answers) {
    JsonValue::Array outcomes;
    for (const ExplainedOutcome& outcome : answer.outcomes) outcomes.push_back(OutcomeJson(outcome));
    abis.push_back(
        JsonValue::Object{{"abi", AbiName(answer.id.abi)},
                          {"number", answer.id.nr},
                          {"listed", answer.is_listed},
                          {"depends_on", JsonValue::Array(answer.depends_on.begin(), answer.depends_on.end())},
                          {"outcomes", std::move(outcomes)}});
  }
  return PrintJson(JsonValue::Object{{"schema", kSchema},
                                     {"of", "call"},
                                     {"name", name},
                                     {"arguments", JsonValue::Array(known.begin(), known.end())},
                                     {"abis", std::move(abis)}},
                   kWidth);
}

}  // namespace syscarve
