// SPDX-License-Identifier: Apache-2.0
// Runs a command with a relay (container/engine_relay.h) in the engine's place: a folder for the relay's socket, the
// command's environment, and the end of processes that the command leaves behind.
#pragma once

#include <sys/types.h>

#include <string>

#include "userspace/base/fallback_folder.h"
#include "userspace/base/status.h"
#include "userspace/process/command.h"

namespace syscarve {

// A folder for the socket and the recordings of a verification. Its destructor removes it; folders of killed processes
// are removed when the next one is made.
class WorkFolder {
 public:
  // Creates a folder in `parent` that only its owner can list; with `others_pass`, other users can traverse it.
  static absl::StatusOr<WorkFolder> Make(bool others_pass, const std::string& parent = RuntimeFolders().front());
  WorkFolder(WorkFolder&& other) noexcept;
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();

  const std::string& path() const { return path_; }
  // A subfolder that only its owner can enter, whatever the permissions of the files in it.
  std::string recordings() const { return path_ + "/recordings"; }

 private:
  WorkFolder() = default;

  std::string path_;
};

// `command` with an environment that selects the engine at `socket`, a path, and no other one.
Command WithEngine(Command command, const std::string& socket);

// The number of live descendants of `ancestor` that do not execute syscarve, as the recorder, its guardian and the
// relay do.
size_t CountBelow(pid_t ancestor);
// Kills the descendants that CountBelow counts.
void EndBelow(pid_t ancestor);

}  // namespace syscarve
