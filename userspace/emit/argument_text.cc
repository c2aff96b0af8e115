// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/argument_text.h"

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"

namespace syscarve {
namespace {

// The operator, the same in both languages. REQUIRES: not kMaskedEqual.
const char* Operator(CompareOp op) {
  switch (op) {
    case CompareOp::kNotEqual:
      return "!=";
    case CompareOp::kLess:
      return "<";
    case CompareOp::kLessOrEqual:
      return "<=";
    case CompareOp::kGreaterOrEqual:
      return ">=";
    case CompareOp::kGreater:
      return ">";
    case CompareOp::kEqual:
    case CompareOp::kMaskedEqual:
      break;
  }
  return "==";
}

}  // namespace

std::string HexText(uint64_t value) {
  return absl::StrFormat("0x%x", value);
}

std::string MinijailConditions(const std::vector<ArgumentCondition>& conditions) {
  std::vector<std::string> atoms;
  for (const ArgumentCondition& condition : conditions) {
    const std::string argument = Concat("arg", condition.index);
    if (condition.op != CompareOp::kMaskedEqual) {
      atoms.push_back(Concat(argument, " ", Operator(condition.op), " ", HexText(condition.value)));
      continue;
    }
    const uint64_t clear = condition.value & ~condition.value_two;
    if (clear != 0) atoms.push_back(Concat(argument, " in ~", HexText(clear)));
    for (uint64_t bit = 1; bit != 0; bit <<= 1) {
      if ((condition.value_two & bit) != 0) atoms.push_back(Concat(argument, " & ", HexText(bit)));
    }
  }
  return absl::StrJoin(atoms, " && ");
}

std::string KafelConditions(const std::vector<ArgumentCondition>& conditions) {
  std::vector<std::string> parts;
  for (const ArgumentCondition& condition : conditions) {
    const std::string argument = Concat("arg", condition.index);
    if (condition.op == CompareOp::kMaskedEqual) {
      parts.push_back(Concat("(", argument, " & ", HexText(condition.value), ") == ", HexText(condition.value_two)));
    } else {
      parts.push_back(Concat(argument, " ", Operator(condition.op), " ", HexText(condition.value)));
    }
  }
  return absl::StrJoin(parts, " && ");
}

}  // namespace syscarve
