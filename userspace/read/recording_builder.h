// SPDX-License-Identifier: Apache-2.0
// Builds a Recording from another tool's log, call by call.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/model/recording.h"

namespace syscarve {

// The losses that readers of logs report, in addition to those of syscarve's own recorders (docs/recording-format.md).
inline constexpr std::string_view kUnreadableLine = "unreadable_line";
inline constexpr std::string_view kUnknownName = "unknown_name";
inline constexpr std::string_view kUnclearAbi = "unclear_abi";
inline constexpr std::string_view kFilteredLog = "filtered_log";
inline constexpr std::string_view kUnreliableLog = "unreliable_log";
inline constexpr std::string_view kUnknownErrno = "unknown_errno";
inline constexpr std::string_view kStartedBefore = "started_before";
inline constexpr std::string_view kRecorderStopped = "recorder_stopped";
inline constexpr std::string_view kUnknownAbi = "unknown_abi";

class RecordingBuilder {
 public:
  // The program at `path`, which is "" if unknown. A path that no recording can contain counts as unknown.
  ProgramId Program(std::string_view path);
  void Call(SyscallId id, ProgramId program, uint64_t count = 1);
  // Sets the arguments of all calls of this number. REQUIRES: there are such calls.
  void Arguments(SyscallId id, SeenArguments seen);
  void Denied(SyscallId id, int errno_value, ProgramId program);
  // A capability that was checked and granted. The call and the kernel functions are unknown; `witness` stands for
  // them.
  void Capability(int capability, std::string_view witness);
  // For a text of lines: losses from here on are in the next line, initially the first one; after EndLines, in no line.
  void NextLine() { ++line_; }
  void EndLines() { line_ = 0; }
  // Adds `count` to the loss of this name. Its detail is a sentence that lists the first lines by number.
  void Lost(std::string_view what, bool missed_calls, std::string_view detail, uint64_t count = 1);

  bool empty() const { return trace_.calls.empty() && trace_.denials.empty(); }

  // Returns one run of one subject. The run's id is computed from `text`, the whole log: equal logs give the same run.
  Recording Build(Abi native, Method method, Subject subject, std::string_view text, std::optional<CommandEnd> end) &&;

 private:
  std::map<std::string, ProgramId, std::less<>> program_ids_;
  std::vector<syscarve::Program> programs_;
  struct LossInLines {
    Loss loss;
    std::vector<uint64_t> lines;  // Ascending; at most kMaxLinesNamed.
    bool more = false;
  };

  std::map<std::string, LossInLines, std::less<>> losses_;
  uint64_t line_ = 0;
  SubjectTrace trace_;
};

}  // namespace syscarve
