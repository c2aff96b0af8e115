// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/action_spelling.h"

#include <linux/seccomp.h>

#include <cstddef>
#include <cstring>

namespace syscarve {
namespace {

constexpr ActionSpelling kSpellings[] = {
    {ActionKind::kKillProcess, SECCOMP_RET_KILL_PROCESS, "SCMP_ACT_KILL_PROCESS", "kill-process", "KILL_PROCESS", "",
     "kills the process", "a kill of the process", "kill"},
    {ActionKind::kKillThread, SECCOMP_RET_KILL_THREAD, "SCMP_ACT_KILL_THREAD", "kill-thread", "KILL", "",
     "kills the thread", "a kill of the thread", "kill"},
    {ActionKind::kTrap, SECCOMP_RET_TRAP, "SCMP_ACT_TRAP", "trap", "TRAP(0)", "", "raises SIGSYS", "SIGSYS", "SIGSYS"},
    {ActionKind::kErrno, SECCOMP_RET_ERRNO, "SCMP_ACT_ERRNO", "errno", "ERRNO", "is ", "refused with", "an errno",
     "errno"},
    {ActionKind::kNotify, SECCOMP_RET_USER_NOTIF, "SCMP_ACT_NOTIFY", "user-notif", "USER_NOTIF", "is ",
     "decided by a supervisor", "a supervisor's decision", "notify"},
    {ActionKind::kTrace, SECCOMP_RET_TRACE, "SCMP_ACT_TRACE", "trace", "TRACE", "is ", "decided by a tracer",
     "a tracer's decision", "trace"},
    {ActionKind::kLog, SECCOMP_RET_LOG, "SCMP_ACT_LOG", "log", "LOG", "is ", "allowed and logged",
     "let through and logged", "log"},
    {ActionKind::kAllow, SECCOMP_RET_ALLOW, "SCMP_ACT_ALLOW", "allow", "ALLOW", "is ", "allowed", "let through",
     "allow"},
};

constexpr bool IsByKind() {
  size_t place = 0;
  for (const ActionSpelling& spelling : kSpellings) {
    if (static_cast<size_t>(spelling.kind) != place++) return false;
  }
  return place == static_cast<size_t>(ActionKind::kAllow) + 1;
}
static_assert(IsByKind());

}  // namespace

std::span<const ActionSpelling> ActionSpellings() {
  return kSpellings;
}

const ActionSpelling& SpellingOf(ActionKind kind) {
  return kSpellings[static_cast<size_t>(kind)];
}

const ActionSpelling& SpellingOfReturn(uint32_t seccomp_return) {
  for (const ActionSpelling& spelling : kSpellings) {
    if (spelling.seccomp_return == (seccomp_return & SECCOMP_RET_ACTION_FULL)) return spelling;
  }
  return SpellingOf(ActionKind::kKillProcess);
}

std::optional<std::string_view> ErrnoName(int value) {
  const char* const name = strerrorname_np(value);
  if (name == nullptr || value == 0) return std::nullopt;
  return name;
}

}  // namespace syscarve
