// SPDX-License-Identifier: Apache-2.0
// Parses one line of strace's output: its process, and its call or event. strace.cc combines the lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/model/abi.h"

namespace syscarve {

enum class StraceLineKind {
  kNothing,
  kCall,
  kResumed,
  kExited,
  kKilled,
  kSuperseded,
  kMode,
  kDetached,
  kAttached,
  kTable,
  kUnreadable
};

struct StraceLine {
  StraceLineKind kind = StraceLineKind::kUnreadable;
  std::optional<int64_t> pid;      // From the prefix.
  std::optional<uint64_t> number;  // From -n: the call's number.
  std::string_view name;           // The name of a call.
  std::string_view rest;           // The arguments and the result of a call.
  int64_t other = 0;               // The process in the line's text.
  std::string_view mode;
  int status = 0;
};

// The ABI of strace's "64 bit", "32 bit", "x32" and the like on a machine of `native`.
std::optional<Abi> AbiOfStraceMode(std::string_view mode, Abi native);

// Views in the result point into `text`.
StraceLine ReadStraceLine(std::string_view text);

// The process whose attachment strace reports in `arguments`, in the middle of a call's line, or 0.
int64_t AttachedWithin(std::string_view arguments);

// The first C string literal in `arguments`; nullopt if there is none before the first bracket, or it is cut.
std::optional<std::string> FirstStraceText(std::string_view arguments);

// The call's return value, without strace's explanation; "" if it is not on the line.
std::string_view StraceReturned(std::string_view rest);

}  // namespace syscarve
