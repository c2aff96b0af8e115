// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/subset.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr std::string_view kSubsetSchema = "syscarve.subset/1";

std::vector<std::string> Hex(const Arguments& arguments) {
  std::vector<std::string> words;
  for (const uint64_t argument : arguments) words.push_back(absl::StrFormat("0x%x", argument));
  return words;
}

JsonValue::Object CallJson(SyscallId id) {
  JsonValue::Object call;
  if (std::optional<std::string> name = SyscallName(id)) call.push_back({"name", *std::move(name)});
  call.push_back({"abi", AbiName(id.abi)});
  call.push_back({"number", static_cast<uint64_t>(id.nr)});
  return call;
}

}  // namespace

std::string SubsetText(const SubsetAnswer& answer) {
  const std::string left = EscapeForTerminal(answer.left);
  const std::string right = EscapeForTerminal(answer.right);
  if (answer.counterexample.has_value()) {
    const Counterexample& example = *answer.counterexample;
    const bool any = example.for_all_arguments;
    return Concat("no: ", left, " is less restrictive than ", right, "\n\n",
                  SyscallName(example.id).value_or("a call without a name"), " (", AbiName(example.id.abi), ", number ",
                  example.id.nr, ")\n  with ", any ? std::string("any arguments, such as ") : std::string("arguments "),
                  absl::StrJoin(Hex(example.arguments), ", "), "\n  ", left, ": ", ActionWords(example.left), "\n  ",
                  right, ": ", ActionWords(example.right), "\n");
  }
  if (!answer.undecided.empty()) {
    return Concat("unclear for ", answer.undecided.size(), " calls; for all others ", left,
                  " is at least as restrictive as ", right, "\n");
  }
  return Concat("yes: ", left, " is at least as restrictive as ", right, " for every call\n");
}

std::string SubsetJson(const SubsetAnswer& answer) {
  const std::optional<bool> is_subset = answer.is_subset();
  JsonValue::Object result = {{"schema", kSubsetSchema},
                              {"left", EncodePercent(answer.left)},
                              {"right", EncodePercent(answer.right)},
                              {"subset", is_subset.has_value() ? JsonValue(*is_subset) : JsonValue()}};
  if (answer.counterexample.has_value()) {
    const Counterexample& example = *answer.counterexample;
    JsonValue::Object call = CallJson(example.id);
    JsonValue::Array arguments;
    for (std::string& argument : Hex(example.arguments)) arguments.push_back(std::move(argument));
    call.push_back({"any_arguments", example.for_all_arguments});
    call.push_back({"arguments", std::move(arguments)});
    call.push_back({"left", ActionJson(example.left)});
    call.push_back({"right", ActionJson(example.right)});
    result.push_back({"counterexample", std::move(call)});
  }
  JsonValue::Array undecided;
  for (const auto& [id, why] : answer.undecided) {
    JsonValue::Object call = CallJson(id);
    call.push_back({"why", why});
    undecided.push_back(std::move(call));
  }
  result.push_back({"undecided", std::move(undecided)});
  return PrintJson(std::move(result), kReportJsonWidth);
}

}  // namespace syscarve
