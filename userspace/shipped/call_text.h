// SPDX-License-Identifier: Apache-2.0
// A call in readable form, by profiles/rules/arguments.json:
//
//   openat(AT_FDCWD, "/etc/shadow", O_RDONLY|O_CLOEXEC)
//
// Values are registers as a filter sees them. If the kernel reads only the lower half of a register, and the upper half
// is not what the kernel would make of it, the value is written as a plain number: a filter can distinguish it from the
// named one.
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

// The text at the address in an argument.
struct PathText {
  std::string bytes;   // Untrusted.
  bool whole = false;  // Up to the NUL.
  bool operator==(const PathText&) const = default;
};

struct CallTextOptions {
  std::map<unsigned, PathText> paths;  // By argument. An argument without an entry is written as an address.
  // For comparisons of a filter: all 64 bits count, so that different values are written differently, and arguments
  // beyond the call's own are written if they are not 0.
  bool exact = false;
};

// `display_name`, and in brackets the arguments of the call `id`; "…" stands for those beyond `arguments`. For an
// unknown call all of `arguments` as plain numbers. UTF-8, with paths percent-encoded; not yet escaped for a terminal.
std::string CallText(const ArgumentTable& table, SyscallId id, std::string_view display_name,
                     std::span<const uint64_t> arguments, const CallTextOptions& options = {});

// The last of `arguments`, in the form of CallText.
std::string LastArgumentText(const ArgumentTable& table, SyscallId id, std::span<const uint64_t> arguments);

// The indices of the arguments that are addresses of paths; ascending.
std::vector<unsigned> PathArguments(const ArgumentTable& table, SyscallId id, std::span<const uint64_t> arguments);

// The value of a text such as "O_RDWR|O_CLOEXEC", as the call's argument after `known`; nullopt if a name is not one of
// that argument's.
std::optional<uint64_t> ArgumentFromNames(const ArgumentTable& table, SyscallId id, std::span<const uint64_t> known,
                                          std::string_view text);

}  // namespace syscarve
