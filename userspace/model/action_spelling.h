// SPDX-License-Identifier: Apache-2.0
// What an action is called: one table of all the words for it, those of libseccomp and OCI, of the kernel's headers, of
// auditd, of Kafel, and ours.
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

// Whether Action::value says more of it.
constexpr bool HasValue(ActionKind kind) {
  return kind == ActionKind::kErrno || kind == ActionKind::kTrace;
}

// The words for one kind of action. Where an action has a value, it follows the words or takes their place.
struct ActionSpelling {
  ActionKind kind;
  uint32_t seccomp_return;     // SECCOMP_RET_* (linux/seccomp.h), which libseccomp's SCMP_ACT_* are equal to.
  std::string_view scmp;       // libseccomp, runtime-spec: "SCMP_ACT_KILL_PROCESS".
  std::string_view audit;      // auditd, in an interpreted record (libaudit's seccomp_code_table): "kill-process".
  std::string_view kafel;      // Kafel: "KILL_PROCESS".
  std::string_view link;       // Between a call and the next: "", "is ".
  std::string_view predicate;  // "kills the process", "allowed".
  std::string_view noun;       // What a call is answered with: "a kill of the process", "let through".
  std::string_view brief;      // "kill", "allow".
};

// All of them, by ActionKind.
std::span<const ActionSpelling> ActionSpellings();
const ActionSpelling& SpellingOf(ActionKind kind);
// Of what a filter returned, whatever its data; for unknown action bits as the kernel has it, kKillProcess.
const ActionSpelling& SpellingOfReturn(uint32_t seccomp_return);

// "ENOSYS"; nullopt for a value without a name, 0 among them.
std::optional<std::string_view> ErrnoName(int value);

}  // namespace syscarve
