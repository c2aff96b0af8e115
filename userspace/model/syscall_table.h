// SPDX-License-Identifier: Apache-2.0
// Names and numbers of system calls per ABI, from syscarve's own tables (profiles/rules/syscalls.txt, made from the
// kernel's headers), independent of the installed libseccomp. Thread-safe; the tables are built once, at first use.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"

namespace syscarve {

// The count of numbers, from an ABI's first on, that exhaustive checks cover. Linux 6.18's last number is 469 on every
// architecture except x32, which has some from 512 on, and arm, whose private calls (0xf0000…) are far apart.
inline constexpr int kSyscallTableEnd = 512 + 64;

struct SyscallEntry {
  int nr;
  std::string name;
};

// The kernel's name of `id`, or nullopt: no name is invented for an unknown number.
std::optional<std::string> SyscallName(SyscallId id);

// For people: the name, or "#<nr>" if there is none, followed by ":<abi>" if `abi` is not the native one, e.g.
// "getpid", "getpid:i386", "#999".
std::string DisplayName(SyscallId id);

// The number of `name` on `abi`, or nullopt if that ABI has no such call.
std::optional<SyscallId> FindSyscall(Abi abi, std::string_view name);

// Whether any ABI has a call of this name.
bool IsKnownSyscallName(std::string_view name);
// Every name once, grouped by the first ABI that has it, by number. Lives as long as the process.
const std::vector<std::string>& AllSyscallNames();

// Whether `id` is a call with one number on every architecture (424 and above), and that number is at least `from`.
bool HasSharedNumber(SyscallId id, int from);

// Whether the installed libseccomp supports filters for `abi`.
bool LibseccompHas(Abi abi);

// Whether the installed libseccomp itself, without Compile's additions, resolves `name` on `abi`. Container runtimes
// silently ignore a name that their libseccomp does not resolve.
bool LibseccompKnows(Abi abi, std::string_view name);

// The installed libseccomp's version, e.g. "2.5.4".
std::string LibseccompVersion();

// All named calls of `abi`, ascending by number.
std::span<const SyscallEntry> SyscallTable(Abi abi);

// Calls that the kernel makes or serves for itself and exempts from seccomp: uretprobe (335) and uprobe (336) on
// x86_64. They are never recorded or checked, and allowed only on request; FiltersUretprobe (profile_target.h) has the
// kernels that do filter uretprobe.
bool IsExemptFromSeccomp(SyscallId id);

// A number larger than every table's: its action is the action for calls of future kernels.
inline constexpr int kBeyondAllTables = 0x3fffffff;

// The numbers of `abi` that stand for all of them in a proof, ascending: those of the tables, the holes between them,
// and some far beyond, including the largest that is no other ABI's. Calls that the kernel exempts from seccomp are
// left out.
std::vector<int> NumbersToProve(Abi abi);

}  // namespace syscarve
