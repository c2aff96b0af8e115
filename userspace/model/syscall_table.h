// SPDX-License-Identifier: Apache-2.0
// Names and numbers of system calls, per ABI: our own (profiles/rules/syscalls.txt, after the kernel's headers),
// whatever the installed libseccomp knows. Thread-safe; the tables are built once, at first use.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"

namespace syscarve {

// How many numbers exhaustive checks go through, from an ABI's first on. Linux 6.18's last is 469 on every architecture
// but x32, which has some from 512 on, and arm, whose private calls (0xf0000…) lie apart.
inline constexpr int kSyscallTableEnd = 512 + 64;

struct SyscallEntry {
  int nr;
  std::string name;
};

// The kernel's name of `id`, or nullopt: an unknown number keeps its number and is never given an invented name.
std::optional<std::string> SyscallName(SyscallId id);

// For people: the name, or "#<nr>" where there is none; with ":<abi>" behind it when `abi` is not the native one,
// e.g. "getpid", "getpid:i386", "#999".
std::string DisplayName(SyscallId id);

// The number that `name` has on `abi`, or nullopt when that ABI has no such call.
std::optional<SyscallId> FindSyscall(Abi abi, std::string_view name);

// Whether any ABI we know has a call of this name.
bool IsKnownSyscallName(std::string_view name);
// Every name once, those of the first ABI that has them together, by number. Lives as long as the process.
const std::vector<std::string>& AllSyscallNames();

// Whether `id` is of those calls that have one number on every architecture (from 424 on), and that is `from` or more.
bool HasSharedNumber(SyscallId id, int from);

// Whether the installed libseccomp can write a filter for `abi`.
bool LibseccompHas(Abi abi);

// Whether the installed libseccomp itself (not our completion) can resolve `name` on `abi`. Container runtimes ignore a
// name their libseccomp does not know, silently.
bool LibseccompKnows(Abi abi, std::string_view name);

// The installed libseccomp's version, e.g. "2.5.4".
std::string LibseccompVersion();

// All named calls of `abi`, ascending by number.
std::span<const SyscallEntry> SyscallTable(Abi abi);

// Calls the kernel makes or serves for itself and exempts from seccomp: uretprobe (335) and uprobe (336) on x86_64.
// They are never recorded, checked or allowed unasked; FiltersUretprobe (profile_target.h) has the kernels that are
// different.
bool IsExemptFromSeccomp(SyscallId id);

// A number larger than every table's: what it meets is what calls of the future meet.
inline constexpr int kBeyondAllTables = 0x3fffffff;

// The numbers of `abi` that a proof about all of them looks at, ascending: every one of the tables and the holes
// between, and some far beyond them, the largest that is no other ABI's among them. Calls that the kernel exempts from
// seccomp are left out.
std::vector<int> NumbersToProve(Abi abi);

}  // namespace syscarve
