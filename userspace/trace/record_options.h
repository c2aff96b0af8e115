// SPDX-License-Identifier: Apache-2.0
// Options and results common to every recording, whatever its subject and backend.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/trace/mark_socket.h"
#include "userspace/trace/recorder_host.h"

namespace syscarve {

// Keeps the recording, and the host, safe while it goes on.
struct RecorderSafety {
  // Called once, when all is armed and the command's process exists, before any data from an adversary is read.
  std::function<absl::Status()> give_up_privileges = [] { return absl::OkStatus(); };
  // Called now and then with the Recording as it would be if it ended now, with the loss "checkpoint". Unset: no
  // checkpoints.
  std::function<void(const Recording&)> checkpoint;
  std::string checkpoint_path;  // Of the checkpoint, for messages after the recorder was killed; "" if unknown.
};

// How a command recorded with BPF is exercised at its end: on a signal to the recorder, which is then not forwarded, or
// when the duration is over.
struct CommandExercise {
  bool reload = false;  // Send the signals for which it has handlers and that conventionally mean reload.
  bool stop = false;    // Send SIGTERM, and SIGKILL if it has not ended 10 s later.
  bool any() const { return reload || stop; }
};

struct RecordOptions {
  std::string run_name;
  std::string subject_name;    // For a single subject; containers have names of their own.
  bool every_call = false;     // With BPF: stream every call, not only first sightings.
  bool track_denials = false;  // With BPF. Otherwise only if a subject has a filter in force already.
  bool hardening = false;      // Hardening evidence, too; with BPF this attaches to exits of calls as for denials.
  std::chrono::milliseconds grace = std::chrono::seconds(5);  // How long processes may outlive a command.
  // How long killed tasks may take to die before the recording ends without them.
  std::chrono::milliseconds kill_limit = std::chrono::seconds(10);
  MarkBy mark_by = MarkBy::kSocket;                   // How a command marks runs recorded with BPF.
  std::optional<std::chrono::milliseconds> duration;  // How long to record; without a command, or with `exercise`.
  CommandExercise exercise;
  RecorderSafety safety;
  // Called with messages for the user as things happen: recording has begun, tasks had to be ended, …
  std::function<void(std::string_view)> note = [](std::string_view) {};
  RecorderHost host = ThisHost();  // With BPF.
};

struct RecordOutcome {
  Recording recording;
  int command_status = 0;  // As a shell reports it; 0 for an existing subject.
};

// How far the recording of a command progressed.
enum class RecordStage {
  kSetUp,    // Nothing of the command has happened: another backend may be tried.
  kExec,     // The command could not be executed; the error is kNotFound or kPermissionDenied, as for ResolveCommand.
  kRunning,  // It was executed.
};

}  // namespace syscarve
