// SPDX-License-Identifier: Apache-2.0
// A Recording put together from somebody else's log, call by call.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/model/recording.h"

namespace syscarve {

// What readers of logs report as lost, beside the words of our own recorders (docs/recording-format.md).
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
  // The program at `path`, which is "" when it is not known. A path that no recording can hold counts as unknown.
  ProgramId Program(std::string_view path);
  void Call(SyscallId id, ProgramId program, uint64_t count = 1);
  // What the arguments of the calls of this number were, all of them. REQUIRES: there are some.
  void Arguments(SyscallId id, SeenArguments seen);
  void Denied(SyscallId id, int errno_value, ProgramId program);
  // A capability that was asked for and granted. Of which call is not known, nor of which of the kernel's functions:
  // `witness` stands in their place.
  void Capability(int capability, std::string_view witness);
  // For a text of lines: what is lost from here on is so in the next line, the first one before all, or, behind the
  // last one, in none.
  void NextLine() { ++line_; }
  void EndLines() { line_ = 0; }
  // Adds `count` to the loss of this name, whose detail is a sentence with the numbers of the first lines.
  void Lost(std::string_view what, bool missed_calls, std::string_view detail, uint64_t count = 1);

  bool empty() const { return trace_.calls.empty() && trace_.denials.empty(); }

  // One run of one subject. The run's id is made of `text`, the whole log: the same log is the same run.
  Recording Build(Abi native, Method method, Subject subject, std::string_view text, std::optional<CommandEnd> end) &&;

 private:
  std::map<std::string, ProgramId, std::less<>> program_ids_;
  std::vector<syscarve::Program> programs_;
  struct LossInLines {
    Loss loss;
    std::vector<uint64_t> lines;  // Ascending, and at most kMaxLinesNamed.
    bool more = false;
  };

  std::map<std::string, LossInLines, std::less<>> losses_;
  uint64_t line_ = 0;
  SubjectTrace trace_;
};

}  // namespace syscarve
