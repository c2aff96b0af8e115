#include "userspace/report/wording.h"

#include <cstring>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {

std::string ErrnoWords(int value) {
  const char* const name = strerrorname_np(value);
  return name != nullptr && value != 0 ? std::string(name) : Concat("errno ", value);
}

std::string ActionWords(Action action) {
  switch (action.kind) {
    case ActionKind::kKillProcess:
      return "kills the process";
    case ActionKind::kKillThread:
      return "kills the thread";
    case ActionKind::kTrap:
      return "raises SIGSYS";
    case ActionKind::kErrno:
      return Concat("refused with ", ErrnoWords(action.value));
    case ActionKind::kNotify:
      return "decided by a supervisor";
    case ActionKind::kTrace:
      return "decided by a tracer";
    case ActionKind::kLog:
      return "allowed and logged";
    case ActionKind::kAllow:
      return "allowed";
  }
  return "kills the process";
}

std::string ConditionWords(const ArgumentCondition& condition) {
  const auto compare = [&](const char* op) {
    return absl::StrFormat("arg%d %s 0x%x", condition.index, op, condition.value);
  };
  switch (condition.op) {
    case CompareOp::kNotEqual:
      return compare("!=");
    case CompareOp::kLess:
      return compare("<");
    case CompareOp::kLessOrEqual:
      return compare("<=");
    case CompareOp::kEqual:
      return compare("==");
    case CompareOp::kGreaterOrEqual:
      return compare(">=");
    case CompareOp::kGreater:
      return compare(">");
    case CompareOp::kMaskedEqual:
      return absl::StrFormat("arg%d & 0x%x == 0x%x", condition.index, condition.value, condition.value_two);
  }
  return compare("==");
}

std::string Times(uint64_t count) {
  return Concat(count, count == 1 ? " time" : " times");
}

std::string Seconds(uint64_t nanos) {
  return absl::StrFormat("%d.%03d s", nanos / 1'000'000'000, nanos / 1'000'000 % 1000);
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : EscapeForTerminal(text)) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace syscarve
