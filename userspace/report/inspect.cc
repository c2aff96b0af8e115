// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/inspect.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/action_spelling.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

// The decision for one name, without its ABI, so that two ABIs can be compared.
struct Meets {
  ArgumentRules answers;
  Action otherwise;
  std::string unclear;
  bool operator==(const Meets&) const = default;
};

std::map<std::string, Meets> ByName(const AbiSummary& abi) {
  std::map<std::string, Meets> by_name;
  for (const CallSummary& call : abi.calls) {
    // Conditions of 32-bit ABIs are on the low halves; ABIs are compared by the conditions' text.
    by_name[SyscallName(call.id).value_or(DisplayName(call.id))] = {call.answers, call.otherwise, call.unclear};
  }
  return by_name;
}

std::string When(const ArgumentRule& answer) {
  std::vector<std::string> words;
  for (const ArgumentCondition& condition : answer.conditions) words.push_back(ConditionWords(condition));
  return absl::StrJoin(words, " and ");
}

// "clone: allowed if arg0 & 0x7e020000 == 0x0; otherwise refused with EPERM"
std::string ConditionalLine(const std::string& name, const Meets& meets) {
  std::vector<std::pair<Action, std::vector<std::string>>> by_action;
  for (const ArgumentRule& answer : meets.answers) {
    if (by_action.empty() || by_action.back().first != answer.action) by_action.push_back({answer.action, {}});
    by_action.back().second.push_back(When(answer));
  }
  std::string line = Concat("    ", name, ": ");
  for (const auto& [action, when] : by_action) {
    line += Concat(ActionWords(action), " if ", absl::StrJoin(when, ", or "), "; ");
  }
  return Concat(line, "otherwise ", ActionWords(meets.otherwise), "\n");
}

std::string Table(const std::map<std::string, Meets>& by_name) {
  std::map<Action, std::vector<std::string>> plain;
  std::string conditional;
  size_t conditional_count = 0;
  std::string unclear;
  for (const auto& [name, meets] : by_name) {
    if (!meets.unclear.empty()) {
      unclear += Concat("    ", name, ": ", EscapeForTerminal(meets.unclear), "\n");
    } else if (meets.answers.empty()) {
      plain[meets.otherwise].push_back(name);
    } else {
      conditional += ConditionalLine(name, meets);
      ++conditional_count;
    }
  }
  std::string text;
  // From allow to kill.
  for (auto group = plain.rbegin(); group != plain.rend(); ++group) {
    text +=
        Concat("  ", ActionWords(group->first), " (", group->second.size(), ")\n") + WrapWords("    ", group->second);
  }
  if (conditional_count > 0) text += Concat("  depends on arguments (", conditional_count, ")\n", conditional);
  if (!unclear.empty()) text += Concat("  unclear\n", unclear);
  return text;
}

}  // namespace

std::string InspectText(const std::string& subject, std::span<const size_t> instructions,
                        const std::vector<AbiSummary>& abis) {
  std::vector<std::string> lengths;
  for (const size_t length : instructions) lengths.push_back(std::to_string(length));
  std::string text = Concat(subject, ": ", instructions.size(), instructions.size() == 1 ? " filter" : " filters",
                            " of ", absl::StrJoin(lengths, ", "), " instructions",
                            instructions.size() == 1 ? "" : ", the newest first; the strictest action applies", "\n");
  // The first ABI completely, then the differences of the others, by name.
  const std::map<std::string, Meets> first = ByName(abis.front());
  for (const AbiSummary& abi : abis) {
    text += "\n";
    if (abi.everything.has_value()) {
      text += Concat(AbiName(abi.abi), ": every call ", SpellingOf(abi.everything->kind).link,
                     ActionWords(*abi.everything), "\n");
      continue;
    }
    text += Concat(AbiName(abi.abi), ": numbers beyond the tables: ", ActionWords(abi.unknown), "\n");
    std::map<std::string, Meets> shown = ByName(abi);
    if (&abi != &abis.front() && !first.empty()) {
      const size_t all = shown.size();
      std::erase_if(shown, [&](const auto& call) {
        const auto same = first.find(call.first);
        return same != first.end() && same->second == call.second;
      });
      text += Concat("  as on ", AbiName(abis.front().abi), " (", all - shown.size(), ")\n");
    }
    text += Table(shown);
  }
  return text;
}

}  // namespace syscarve
