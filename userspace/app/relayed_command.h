// SPDX-License-Identifier: Apache-2.0
// What running a command with a relay (container/engine_relay.h) in the engine's place takes: a folder for the socket,
// the command's environment, and ending what the command left.
#pragma once

#include <sys/types.h>

#include <string>

#include "userspace/base/fallback_folder.h"
#include "userspace/base/status.h"
#include "userspace/process/command.h"

namespace syscarve {

// For the socket and the recordings of a verification. Removed with its owner; what killed owners left is removed when
// the next one is made.
class WorkFolder {
 public:
  // Made in `parent`. The identity can pass through it, and nobody but us can look into it.
  static absl::StatusOr<WorkFolder> Make(bool others_pass, const std::string& parent = RuntimeFolders().front());
  WorkFolder(WorkFolder&& other) noexcept;
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();

  const std::string& path() const { return path_; }
  // Nobody else comes to what is in it, whoever that belongs to.
  std::string recordings() const { return path_ + "/recordings"; }

 private:
  WorkFolder() = default;

  std::string path_;
};

// `command` with the engine at `socket`, a path, and no other.
Command WithEngine(Command command, const std::string& socket);

// How many processes below `ancestor` run and are not of our own making, as the recorder, its guardian and the relay
// are.
size_t CountBelow(pid_t ancestor);
// Kills them.
void EndBelow(pid_t ancestor);

}  // namespace syscarve
