// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/rule_evaluator.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

struct Multiplexed {
  std::string_view name;
  uint64_t selector;
};

// linux/net.h, SYS_SOCKET …
constexpr Multiplexed kSocketCalls[] = {
    {"socket", 1},      {"bind", 2},        {"connect", 3},    {"listen", 4},      {"accept", 5},
    {"getsockname", 6}, {"getpeername", 7}, {"socketpair", 8}, {"send", 9},        {"recv", 10},
    {"sendto", 11},     {"recvfrom", 12},   {"shutdown", 13},  {"setsockopt", 14}, {"getsockopt", 15},
    {"sendmsg", 16},    {"recvmsg", 17},    {"accept4", 18},   {"recvmmsg", 19},   {"sendmmsg", 20},
};

// linux/ipc.h, SEMOP …
constexpr Multiplexed kIpcCalls[] = {
    {"semop", 1},   {"semget", 2},  {"semctl", 3}, {"semtimedop", 4}, {"msgsnd", 11}, {"msgrcv", 12},
    {"msgget", 13}, {"msgctl", 14}, {"shmat", 21}, {"shmdt", 22},     {"shmget", 23}, {"shmctl", 24},
};

uint64_t ComparedBits(Abi abi) {
  return ComparesLowHalfOnly(abi) ? 0xffffffff : ~uint64_t{0};
}

bool Holds(const ArgumentCondition& condition, uint64_t argument, uint64_t compared_bits) {
  const uint64_t left = argument & compared_bits;
  const uint64_t value = condition.value & compared_bits;
  switch (condition.op) {
    case CompareOp::kNotEqual:
      return left != value;
    case CompareOp::kLess:
      return left < value;
    case CompareOp::kLessOrEqual:
      return left <= value;
    case CompareOp::kEqual:
      return left == value;
    case CompareOp::kGreaterOrEqual:
      return left >= value;
    case CompareOp::kGreater:
      return left > value;
    case CompareOp::kMaskedEqual:
      // libseccomp also uses only the masked bits of the second value.
      return (left & value) == (condition.value_two & value);
  }
  return false;
}

}  // namespace

bool ComparesLowHalfOnly(Abi abi) {
  return HasNarrowArguments(abi);
}

std::string_view MultiplexerOf(std::string_view name) {
  if (std::ranges::find(kSocketCalls, name, &Multiplexed::name) != std::end(kSocketCalls)) return "socketcall";
  if (std::ranges::find(kIpcCalls, name, &Multiplexed::name) != std::end(kIpcCalls)) return "ipc";
  return "";
}

std::optional<MultiplexedCall> MultiplexedOn(Abi abi, std::string_view name) {
  const std::string_view multiplexer = MultiplexerOf(name);
  if (multiplexer.empty()) return std::nullopt;
  const std::optional<SyscallId> id = FindSyscall(abi, multiplexer);
  if (!id.has_value()) return std::nullopt;
  const auto in = [&](std::span<const Multiplexed> calls) {
    return MultiplexedCall{*id, std::ranges::find(calls, name, &Multiplexed::name)->selector};
  };
  return multiplexer == "ipc" ? in(kIpcCalls) : in(kSocketCalls);
}

RuleEvaluator::RuleEvaluator(const Profile& profile) : default_action_(profile.default_action), abis_(profile.abis) {
  if (abis_.empty()) abis_.push_back(NativeAbi());
  for (const Rule& rule : profile.rules) {
    if (rule.action == default_action_) continue;
    for (const std::string& name : rule.names) {
      for (const Abi abi : abis_) {
        if (const std::optional<SyscallId> id = FindSyscall(abi, name)) Add(*id, rule.conditions, rule.action);
        if (const std::optional<MultiplexedCall> call = MultiplexedOn(abi, name)) {
          // libseccomp replaces any condition on argument 0 by the selector and keeps the others.
          std::vector<ArgumentCondition> conditions = rule.conditions;
          std::erase_if(conditions, [](const ArgumentCondition& condition) { return condition.index == 0; });
          conditions.push_back({.index = 0, .op = CompareOp::kEqual, .value = call->selector});
          Add(call->id, std::move(conditions), rule.action);
        }
      }
    }
  }
}

void RuleEvaluator::Add(SyscallId id, std::vector<ArgumentCondition> conditions, Action action) {
  // An empty mask is no condition, as in libseccomp.
  std::erase_if(conditions, [&](const ArgumentCondition& condition) {
    return condition.op == CompareOp::kMaskedEqual && (condition.value & ComparedBits(id.abi)) == 0;
  });
  Entry& entry = entries_[id];
  if (entry.unconditional.has_value()) return;
  if (conditions.empty()) {
    entry.unconditional = action;
    entry.alternatives.clear();
  } else {
    entry.alternatives.push_back({std::move(conditions), action});
  }
}

Action RuleEvaluator::Decide(SyscallId id, const Arguments& arguments) const {
  if (!Serves(id.abi)) return {ActionKind::kKillThread, 0};
  const Entry* const entry = Find(id);
  if (entry == nullptr) return default_action_;
  if (entry->unconditional.has_value()) return *entry->unconditional;
  std::optional<Action> decided;
  for (const Alternative& alternative : entry->alternatives) {
    const bool matches = std::all_of(alternative.conditions.begin(), alternative.conditions.end(),
                                     [&](const ArgumentCondition& condition) {
                                       return condition.index < arguments.size() &&
                                              Holds(condition, arguments[condition.index], ComparedBits(id.abi));
                                     });
    if (matches && (!decided.has_value() || alternative.action < *decided)) decided = alternative.action;
  }
  return decided.value_or(default_action_);
}

bool RuleEvaluator::DependsOnArguments(SyscallId id) const {
  const Entry* const entry = Find(id);
  return entry != nullptr && !entry->alternatives.empty();
}

bool RuleEvaluator::Serves(Abi abi) const {
  return std::find(abis_.begin(), abis_.end(), abi) != abis_.end();
}

const RuleEvaluator::Entry* RuleEvaluator::Find(SyscallId id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<SyscallId> RuleEvaluator::conflicts() const {
  std::vector<SyscallId> result;
  for (const auto& [id, entry] : entries_) {
    const bool conflicting = std::any_of(entry.alternatives.begin(), entry.alternatives.end(),
                                         [&first = entry.alternatives](const Alternative& alternative) {
                                           return alternative.action != first.front().action;
                                         });
    if (conflicting) result.push_back(id);
  }
  return result;
}

}  // namespace syscarve
