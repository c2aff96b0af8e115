// SPDX-License-Identifier: Apache-2.0
// Writes the recordings of `record`: to the requested file or, if that fails, to another place that the message names,
// so that a full disk does not lose a recording.
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

// The owner of a recorder's files: the user who called sudo, otherwise nullopt (keep the current user).
std::optional<UserIds> OwnerOfResults();

// Drops all privileges of a recorder that it does not need once it is armed. It keeps CAP_BPF (reading maps on older
// kernels), CAP_KILL (ending processes that outlive the command), and CAP_DAC_OVERRIDE, CAP_CHOWN and CAP_FOWNER
// (writing files for another user). Before that, lifts the limit on the size of files.
absl::Status GiveUpPrivileges();
// The same for a supervisor under user notification, which keeps CAP_SYS_PTRACE instead of CAP_BPF: it reads the
// executables of other users' tasks.
absl::Status GiveUpSupervisorPrivileges();

struct RecordedTotals {
  size_t kinds = 0;  // Distinct calls.
  uint64_t calls = 0;
  uint64_t refused = 0;
  // Programs that made a call. A recording has others: for a process that ended, its signal handlers are recorded, but
  // not always its program.
  size_t programs = 0;
  bool operator==(const RecordedTotals&) const = default;
};

RecordedTotals TotalsOf(const Recording& recording);

// The recorder's safety measures, with checkpoints in `files` (not owned), at `path`.
RecorderSafety SafetyWith(CheckpointFiles& files, const std::string& path);

// After the last write: removes the checkpoints or, if a recording was lost, keeps them and names them in warnings.
void EndCheckpoints(CheckpointFiles& files, bool lost, Notes& notes);

// Stops a blocked write when `signals` (not owned) receives a terminating signal.
StopSignal StopAtSignal(SignalForwarder& signals);

class RecordingOutput {
 public:
  // A terminating signal in `signals` (not owned) stops a write that blocks.
  explicit RecordingOutput(SignalForwarder& signals);

  // Writes the file with mode kRecordingMode. kDataLoss if that fails; the message has the cause and the path where the
  // recording is kept instead.
  absl::Status Write(const OutputFile& file, const Recording& recording);
  absl::Status Write(const std::string& path, const Recording& recording);
  // Whether a recording could not be written anywhere.
  bool lost_any() const { return lost_any_; }

 private:
  absl::Status KeepElsewhere(const absl::Status& problem, const std::string& path, const std::string& text);

  WriteOptions options_;
  FallbackFolder fallback_;
  bool lost_any_ = false;
};

}  // namespace syscarve
