// SPDX-License-Identifier: Apache-2.0
// What every recording is asked for, whatever it is of and by which backend it is made; and what comes of it.
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

// What keeps a recording, and the host, from harm while it goes on.
struct RecorderSafety {
  // Called once, when all is armed and the command's process is there, before anything an adversary writes is read.
  std::function<absl::Status()> give_up_privileges = [] { return absl::OkStatus(); };
  // Given, now and then, the Recording as it would be if the recorder ended now, with the loss "checkpoint". Unset: no
  // checkpoints.
  std::function<void(const Recording&)> checkpoint;
  std::string checkpoint_path;  // Where that one is, for the user of a recorder that was killed; "" when unknown.
};

// What a command that is recorded with BPF is asked when it is to end: by a signal to the recorder, which is then not
// passed on, or when the duration is over.
struct CommandExercise {
  bool reload = false;  // The signals for which it has handlers and that are conventionally a reload.
  bool stop = false;    // SIGTERM, and SIGKILL when it has not ended 10 s later.
  bool any() const { return reload || stop; }
};

struct RecordOptions {
  std::string run_name;
  std::string subject_name;    // Of one subject; containers have names of their own.
  bool every_call = false;     // With BPF: stream every call, not only first sightings.
  bool track_denials = false;  // With BPF: also when a subject is found to have a filter in force already.
  bool hardening = false;      // Hardening evidence, too; with BPF exits of calls are then watched as for denials.
  std::chrono::milliseconds grace = std::chrono::seconds(5);  // How long processes may outlive a command.
  // How long killed tasks may take to die before the recording ends without them.
  std::chrono::milliseconds kill_limit = std::chrono::seconds(10);
  MarkBy mark_by = MarkBy::kSocket;                   // How a command marks runs recorded with BPF.
  std::optional<std::chrono::milliseconds> duration;  // Without a command, or with `exercise`: for so long.
  CommandExercise exercise;
  RecorderSafety safety;
  // Told what a user wants to know while it happens: recording has begun, tasks had to be ended, …
  std::function<void(std::string_view)> note = [](std::string_view) {};
  RecorderHost host = ThisHost();  // With BPF.
};

struct RecordOutcome {
  Recording recording;
  int command_status = 0;  // As a shell reports it; 0 for an existing subject.
};

// How far the recording of a command came.
enum class RecordStage {
  kSetUp,    // Nothing of the command has happened: another backend may be tried.
  kExec,     // The command could not be executed; the error is kNotFound or kPermissionDenied, as for ResolveCommand.
  kRunning,  // It was executed.
};

}  // namespace syscarve
