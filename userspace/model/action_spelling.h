// SPDX-License-Identifier: Apache-2.0
// The names of actions, in one table: those of libseccomp and OCI, of the kernel's headers, of auditd, of Kafel, and of
// syscarve's own output.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "userspace/model/profile.h"

namespace syscarve {

inline bool IsKill(Action action) {
  return action.kind == ActionKind::kKillProcess || action.kind == ActionKind::kKillThread;
}

// Whether Action::value is part of an action of this kind.
constexpr bool HasValue(ActionKind kind) {
  return kind == ActionKind::kErrno || kind == ActionKind::kTrace;
}

// The names of one kind of action. For an action with a value, the value is appended to the name or replaces it.
struct ActionSpelling {
  ActionKind kind;
  uint32_t seccomp_return;     // SECCOMP_RET_* (linux/seccomp.h); equal to libseccomp's SCMP_ACT_*.
  std::string_view scmp;       // libseccomp, runtime-spec: "SCMP_ACT_KILL_PROCESS".
  std::string_view audit;      // auditd, in an interpreted record (libaudit's seccomp_code_table): "kill-process".
  std::string_view kafel;      // Kafel: "KILL_PROCESS".
  std::string_view link;       // Goes between a call's name and `predicate`: "", "is ".
  std::string_view predicate;  // "kills the process", "allowed".
  std::string_view noun;       // The action's effect as a noun: "a kill of the process", "let through".
  std::string_view brief;      // "kill", "allow".
};

// Every spelling, indexed by ActionKind.
std::span<const ActionSpelling> ActionSpellings();
const ActionSpelling& SpellingOf(ActionKind kind);
// For the return value of a filter; its data bits are ignored. Unknown action bits are kKillProcess, as in the kernel.
const ActionSpelling& SpellingOfReturn(uint32_t seccomp_return);

// "ENOSYS"; nullopt for a value without a name, including 0.
std::optional<std::string_view> ErrnoName(int value);

}  // namespace syscarve
