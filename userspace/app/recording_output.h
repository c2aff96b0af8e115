// SPDX-License-Identifier: Apache-2.0
// How `record` lets go of what it recorded: into the file that was asked for, or else into another place that the
// message names. Nothing that was recorded is lost to a full disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "userspace/app/checkpoint_files.h"
#include "userspace/app/notes.h"
#include "userspace/base/fallback_folder.h"
#include "userspace/base/output_file.h"
#include "userspace/base/status.h"
#include "userspace/base/sudo_caller.h"
#include "userspace/model/recording.h"
#include "userspace/process/signals.h"
#include "userspace/trace/record_options.h"

namespace syscarve {

// Whom a recorder's files belong to: who called sudo, or nullopt: us.
std::optional<UserIds> OwnerOfResults();

// What a recorder does without once all is armed: it keeps what reading maps on older kernels (CAP_BPF), ending what
// outlives the command (CAP_KILL) and writing files for somebody else take (CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER),
// and no limit on the size of its files.
absl::Status GiveUpPrivileges();
// A supervisor by notification needs CAP_SYS_PTRACE instead of CAP_BPF: it reads which program a task of another user
// executes.
absl::Status GiveUpSupervisorPrivileges();

struct RecordedTotals {
  size_t kinds = 0;  // Of calls.
  uint64_t calls = 0;
  uint64_t refused = 0;
  // That made a call. A recording has others: of a process that ended, what it caught is known and not always which
  // program it was.
  size_t programs = 0;
  bool operator==(const RecordedTotals&) const = default;
};

RecordedTotals TotalsOf(const Recording& recording);

// With checkpoints in `files` (not owned), at `path`.
RecorderSafety SafetyWith(CheckpointFiles& files, const std::string& path);

// After the last write: removes the checkpoints unless something was lost; then warnings name them.
void EndCheckpoints(CheckpointFiles& files, bool lost, Notes& notes);

// The end of waiting for a reader that does not read: what asks `signals` (not owned) to end.
StopSignal StopAtSignal(SignalForwarder& signals);

class RecordingOutput {
 public:
  // `signals` (not owned) end the wait for a reader that does not read.
  explicit RecordingOutput(SignalForwarder& signals);

  // Files are readable by their owner and its group, no others: a recording tells much about a host. An error says what
  // went wrong and where the recording is kept instead.
  absl::Status Write(const OutputFile& file, const Recording& recording);
  absl::Status Write(const std::string& path, const Recording& recording);
  // Whether a recording could be kept nowhere.
  bool lost_any() const { return lost_any_; }

 private:
  absl::Status KeepElsewhere(const absl::Status& problem, const std::string& path, const std::string& text);

  WriteOptions options_;
  FallbackFolder fallback_;
  bool lost_any_ = false;
};

}  // namespace syscarve
