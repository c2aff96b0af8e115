// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/capability_sites.h"

#include <linux/fanotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "userspace/model/capability.h"
#include "userspace/model/profile_target.h"
#include "userspace/model/syscall_table.h"
#include "userspace/trace/kernel_snapshot.h"

namespace syscarve {
namespace {

// Further functions add no information: they lead from the entry of the call to its work.
constexpr size_t kMaxFunctions = 10;

// A BPF program's name in the kernel: "bpf_prog_", its tag of 16 digits, and its own name.
bool IsProgram(std::string_view function) {
  constexpr std::string_view kPrefix = "bpf_prog_";
  constexpr size_t kTagDigits = 16;
  if (!function.starts_with(kPrefix) || function.size() < kPrefix.size() + kTagDigits) return false;
  const std::string_view tag = function.substr(kPrefix.size(), kTagDigits);
  return tag.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The check itself, and the functions that a program attached to it adds to the stack; the caller of the check comes
// next.
bool IsOfCheck(std::string_view function) {
  constexpr std::array<std::string_view, 3> kNames = {"cap_capable", "cap_capable_helper", "security_capable"};
  constexpr std::array<std::string_view, 7> kPrefixes = {
      "bpf_trampoline_", "bpf_trace_run", "bpf_get_stack", "__bpf_trace_", "__traceiter_", "perf_", "trace_call_bpf"};
  return IsProgram(function) || std::ranges::find(kNames, function) != kNames.end() ||
         std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return function.starts_with(prefix); });
}

// "sys_mount" for the entry of a call, such as "__x64_sys_mount"; "" for any other function.
std::string CallEntry(std::string_view function) {
  constexpr std::array<std::string_view, 9> kPrefixes = {"__x64_sys_",       "__ia32_sys_",  "__ia32_compat_sys_",
                                                         "__x32_sys_",       "__arm64_sys_", "__arm64_compat_sys_",
                                                         "__do_compat_sys_", "__do_sys_",    "__se_sys_"};
  for (const std::string_view prefix : kPrefixes) {
    if (function.starts_with(prefix)) return "sys_" + std::string(function.substr(prefix.size()));
  }
  return "";
}

// Functions through which a task enters the kernel.
bool IsEntry(std::string_view function) {
  constexpr std::array<std::string_view, 8> kPrefixes = {
      "x64_sys_call", "ia32_sys_call", "do_syscall_", "do_int80_", "invoke_syscall", "entry_", "asm_", "ret_from_fork"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return function.starts_with(prefix); });
}

struct Condition {
  std::string_view capability;
  std::string_view call;
  recorder_condition condition;
};

constexpr recorder_condition Argument(uint32_t argument, uint64_t none, uint64_t some = 0) {
  return {.kind = RECORDER_CONDITION_ARGUMENT, .argument = argument, .none = none, .some = some, .looks = 0};
}
constexpr recorder_condition Is(recorder_condition_kind kind) {
  return {.kind = static_cast<uint32_t>(kind), .argument = 0, .none = 0, .some = 0, .looks = 0};
}

// FANOTIFY_ADMIN_INIT_FLAGS and FANOTIFY_FID_BITS, include/linux/fanotify.h.
constexpr uint64_t kFanotifyAdmin = 0x4 | 0x8 | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_ENABLE_AUDIT |
                                    FAN_REPORT_PIDFD | FAN_REPORT_TID | 0x2000 /* FAN_REPORT_FD_ERROR, 6.13 */;
constexpr uint64_t kFanotifyFid = FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME;

constexpr std::array kConditions = {
    // cap_vm_enough_memory, security/commoncap.c: nothing else in these calls checks it, and profiles/rules has the
    // same reason for these calls as for the place. The call "" stands for none: page faults.
    Condition{"CAP_SYS_ADMIN", "", Is(RECORDER_CONDITION_ONE_PLACE)},
    Condition{"CAP_SYS_ADMIN", "brk", Is(RECORDER_CONDITION_ONE_PLACE)},
    Condition{"CAP_SYS_ADMIN", "mmap", Is(RECORDER_CONDITION_ONE_PLACE)},
    Condition{"CAP_SYS_ADMIN", "mmap2", Is(RECORDER_CONDITION_ONE_PLACE)},
    Condition{"CAP_SYS_ADMIN", "mprotect", Is(RECORDER_CONDITION_ONE_PLACE)},
    Condition{"CAP_SYS_ADMIN", "mremap", Is(RECORDER_CONDITION_ONE_PLACE)},
    // cap_inh_is_capped, security/commoncap.c: checked by every capset.
    Condition{"CAP_SETPCAP", "capset", Is(RECORDER_CONDITION_INHERITS_OWN)},
    // __sys_setuid and __sys_setgid, kernel/sys.c: with the capability, all three ids are set, without it the effective
    // one.
    Condition{"CAP_SETUID", "setuid", Is(RECORDER_CONDITION_SAME_USER)},
    Condition{"CAP_SETUID", "setuid32", Is(RECORDER_CONDITION_SAME_USER)},
    Condition{"CAP_SETGID", "setgid", Is(RECORDER_CONDITION_SAME_GROUP)},
    Condition{"CAP_SETGID", "setgid32", Is(RECORDER_CONDITION_SAME_GROUP)},
    // __sys_setresuid and __sys_setresgid, kernel/sys.c, until Linux 6.2.
    Condition{"CAP_SETUID", "setresuid", Is(RECORDER_CONDITION_OWN_USERS)},
    Condition{"CAP_SETUID", "setresuid32", Is(RECORDER_CONDITION_OWN_USERS)},
    Condition{"CAP_SETGID", "setresgid", Is(RECORDER_CONDITION_OWN_GROUPS)},
    Condition{"CAP_SETGID", "setresgid32", Is(RECORDER_CONDITION_OWN_GROUPS)},
    // setattr_copy and setattr_prepare, fs/attr.c: whether the set-group-id bit stays.
    Condition{"CAP_FSETID", "chmod", Argument(1, S_ISGID)},
    Condition{"CAP_FSETID", "fchmod", Argument(1, S_ISGID)},
    Condition{"CAP_FSETID", "fchmodat", Argument(2, S_ISGID)},
    Condition{"CAP_FSETID", "fchmodat2", Argument(2, S_ISGID)},
    // fanotify_init and do_fanotify_mark, fs/notify/fanotify/fanotify_user.c: allowed without it are groups that
    // identify files by handles, and marks on single files and folders.
    Condition{"CAP_SYS_ADMIN", "fanotify_init", Argument(0, kFanotifyAdmin, kFanotifyFid)},
    Condition{"CAP_SYS_ADMIN", "fanotify_mark", Argument(1, FAN_MARK_MOUNT | FAN_MARK_FILESYSTEM)},
};

}  // namespace

std::vector<std::string> AskingFunctions(std::span<const std::string_view> frames) {
  std::vector<std::string> functions;
  for (const std::string_view frame : frames) {
    // A module's function is followed by the module's name; a part that the compiler split off has a suffix.
    const std::string_view function = frame.substr(0, frame.find_first_of(". "));
    if (functions.empty() && IsOfCheck(function)) continue;
    // An address instead of a name: the kernel has no symbols.
    if (function.starts_with("0x")) return {};
    if (function.empty() || IsEntry(function) || functions.size() == kMaxFunctions) break;
    const std::string entry = CallEntry(function);
    functions.emplace_back(entry.empty() ? function : std::string_view(entry));
    if (!entry.empty()) break;
  }
  return functions;
}

std::vector<std::pair<recorder_condition_key, recorder_condition>> CapabilityConditions(Abi native) {
  std::vector<std::pair<recorder_condition_key, recorder_condition>> conditions;
  for (const uint32_t abi : {RECORDER_ABI_NATIVE, RECORDER_ABI_COMPAT, RECORDER_ABI_X32}) {
    const std::optional<Abi> served = AbiFromKernel(abi, native);
    if (!served.has_value()) continue;
    for (const Condition& condition : kConditions) {
      // The kernel side records checks outside of calls under the native ABI.
      const std::optional<SyscallId> call = !condition.call.empty()      ? FindSyscall(*served, condition.call)
                                            : abi == RECORDER_ABI_NATIVE ? std::optional(SyscallId{*served, -1})
                                                                         : std::nullopt;
      if (!call.has_value()) continue;
      conditions.push_back({{.capability = static_cast<__u16>(*CapabilityFromName(condition.capability)),
                             .abi = static_cast<__u16>(abi),
                             .nr = static_cast<__u32>(call->nr)},
                            condition.condition});
    }
  }
  return conditions;
}

}  // namespace syscarve
