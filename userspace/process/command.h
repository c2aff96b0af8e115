// SPDX-License-Identifier: Apache-2.0
// Starting the command that is to be recorded or confined: who it runs as, which file is executed, and what the child
// does between fork and exec. Shared by both backends and by `run`, so that a command behaves the same under each.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// A user as the command shall run: ids, supplementary groups, and the variables that login sets.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string name;
  std::string home;
  std::string shell;
};

struct Command {
  std::string path;                      // The file to execute, resolved.
  std::vector<std::string> argv;         // argv[0] as the user wrote it.
  std::vector<std::string> environment;  // "NAME=value" each.
  std::optional<Identity> identity;      // nullopt: stay who we are.
  // Capabilities that it is to have in no set, and cannot get by any execve. REQUIRES: CAP_SETPCAP, where there are
  // any.
  std::vector<int> dropped_capabilities;
};

// docker run's and env(1)'s statuses for a command that could not be run.
inline constexpr int kExitSyscarveFailed = 125;
inline constexpr int kExitCannotExecute = 126;
inline constexpr int kExitNotFound = 127;

// Whom the command runs as: `user` ("name" or "uid[:gid]") when given; else, under sudo, who called sudo (SUDO_UID,
// SUDO_GID); else nullopt, nobody else. Changing the user without being root is kPermissionDenied.
absl::StatusOr<std::optional<Identity>> ResolveIdentity(const std::optional<std::string>& user);

// Finds argv[0] as execvp would, in the PATH of the environment. kNotFound when there is no such file (exit 127),
// kPermissionDenied when there is one that cannot be executed (126).
absl::StatusOr<Command> ResolveCommand(std::vector<std::string> argv, std::optional<Identity> identity);

// 127 for kNotFound, 126 otherwise: the exit code for a ResolveCommand or exec failure.
int ExitCodeForCommandError(const absl::Status& status);

// A Command as arrays for execve, made before fork: the child of a process that may have threads must not allocate.
class ExecImage {
 public:
  explicit ExecImage(const Command& command);
  ExecImage(const ExecImage&) = delete;
  ExecImage& operator=(const ExecImage&) = delete;

  // In the child: default dispositions for signals and an empty mask. Async-signal-safe.
  static void ResetSignals();
  // In the child: takes on the identity, and drops the capabilities. Returns 0 or an errno value. Async-signal-safe.
  int AssumeIdentity() const;
  // In the child: executes; a file without a known format (ENOEXEC) is given to /bin/sh, as execvp does. Returns only
  // on failure, with the errno value. Async-signal-safe.
  int Exec() const;

 private:
  int DropFromBounding() const;

  const Command& command_;
  std::vector<char*> argv_;
  std::vector<char*> shell_argv_;
  std::vector<char*> environment_;
};

// The status a shell would report for waitpid's `wait_status`: the exit status, or 128 + signal.
int ShellStatus(int wait_status);

// Takes these capabilities from the permitted, effective, inheritable and so the ambient set of the calling thread;
// what it lacks, or no kernel has, is left as it is. Returns 0 or an errno value. Async-signal-safe.
int DropFromOwnSets(std::span<const int> capabilities);

}  // namespace syscarve
