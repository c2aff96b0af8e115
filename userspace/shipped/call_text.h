// SPDX-License-Identifier: Apache-2.0
// A call as people write it, by profiles/rules/arguments.json:
//
//   openat(AT_FDCWD, "/etc/shadow", O_RDONLY|O_CLOEXEC)
//
// Values are registers as a filter sees them. One whose upper half is not what the kernel would make of the lower,
// where it looks at the lower alone, is written as a plain number: a filter may tell it from the one with a name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/shipped/argument_table.h"

namespace syscarve {

// What was read at the address that an argument holds.
struct PathText {
  std::string bytes;   // Untrusted.
  bool whole = false;  // Up to the NUL.
  bool operator==(const PathText&) const = default;
};

struct CallTextOptions {
  std::map<unsigned, PathText> paths;  // By argument. Where there is none, the address is written.
  // For what a filter compares: all 64 bits count, so that no two values are written alike, and arguments beyond the
  // call's own are written if they are not 0.
  bool exact = false;
};

// `display_name`, and in brackets the arguments that the call has, by `id`'s; "…" stands for those beyond `arguments`.
// All of `arguments`, as plain numbers, where nothing is known of the call. UTF-8, with paths percent-encoded; not yet
// escaped for a terminal.
std::string CallText(const ArgumentTable& table, SyscallId id, std::string_view display_name,
                     std::span<const uint64_t> arguments, const CallTextOptions& options = {});

// The last of `arguments`, as CallText writes it.
std::string LastArgumentText(const ArgumentTable& table, SyscallId id, std::span<const uint64_t> arguments);

// Which of these arguments are the addresses of paths; ascending.
std::vector<unsigned> PathArguments(const ArgumentTable& table, SyscallId id, std::span<const uint64_t> arguments);

// The value of e.g. "O_RDWR|O_CLOEXEC" as the argument of the call that follows `known`; nullopt for what has no such
// name there.
std::optional<uint64_t> ArgumentFromNames(const ArgumentTable& table, SyscallId id, std::span<const uint64_t> known,
                                          std::string_view text);

}  // namespace syscarve
