// SPDX-License-Identifier: Apache-2.0
// One line of what strace writes, taken apart: whose it is, and which call or which event. What the lines mean together
// is strace.cc's.
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
  std::optional<int64_t> pid;      // Of the prefix.
  std::optional<uint64_t> number;  // -n: the call's number.
  std::string_view name;           // Of a call.
  std::string_view rest;           // Of a call, its arguments and what it returned.
  int64_t other = 0;               // The process that the line's text names.
  std::string_view mode;
  int status = 0;
};

// What strace calls "64 bit", "32 bit", "x32" and the like on a machine of `native`.
std::optional<Abi> AbiOfStraceMode(std::string_view mode, Abi native);

// Views in the result are into `text`.
StraceLine ReadStraceLine(std::string_view text);

// The process whose attachment strace announces in `arguments`, in the middle of a call's line, or 0.
int64_t AttachedWithin(std::string_view arguments);

// The first text in C's spelling in `arguments`; nullopt when there is none in front of the first bracket, or it is
// cut.
std::optional<std::string> FirstStraceText(std::string_view arguments);

// What the call returned, without strace's remark; "" when that is not on the line.
std::string_view StraceReturned(std::string_view rest);

}  // namespace syscarve
