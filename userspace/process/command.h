// SPDX-License-Identifier: Apache-2.0
// Starting the command that is to be recorded or confined: its user, its file, and the child's steps between fork and
// exec. Shared by both backends and by `run`, so that a command behaves the same under each.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// The user that a command runs as: ids, supplementary groups, and the variables that login sets.
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
  std::vector<std::string> argv;         // argv[0] as given by the user.
  std::vector<std::string> environment;  // "NAME=value" each.
  std::optional<Identity> identity;      // nullopt: keep the current user.
  // Capabilities to remove from all sets, so that no execve grants them either. REQUIRES: CAP_SETPCAP, unless empty.
  std::vector<int> dropped_capabilities;
};

// docker run's and env(1)'s statuses for a command that could not be run.
inline constexpr int kExitSyscarveFailed = 125;
inline constexpr int kExitCannotExecute = 126;
inline constexpr int kExitNotFound = 127;

// The user to run as: `user` ("name" or "uid[:gid]") if set; otherwise, under sudo, the caller of sudo (SUDO_UID,
// SUDO_GID); otherwise nullopt (keep the current user). kPermissionDenied if another user is requested without root.
absl::StatusOr<std::optional<Identity>> ResolveIdentity(const std::optional<std::string>& user);

// Finds argv[0] as execvp would, in the PATH of the environment. kNotFound if there is no such file (exit 127),
// kPermissionDenied if there is one that cannot be executed (126).
absl::StatusOr<Command> ResolveCommand(std::vector<std::string> argv, std::optional<Identity> identity);

// 127 for kNotFound, 126 otherwise: the exit code for a ResolveCommand or exec failure.
int ExitCodeForCommandError(const absl::Status& status);

// A Command as arrays for execve, created before fork: the child of a process that may have threads must not allocate.
class ExecImage {
 public:
  explicit ExecImage(const Command& command);
  ExecImage(const ExecImage&) = delete;
  ExecImage& operator=(const ExecImage&) = delete;

  // In the child: resets signal dispositions to default and clears the mask. Async-signal-safe.
  static void ResetSignals();
  // In the child: assumes the identity, and drops the capabilities. Returns 0 or an errno value. Async-signal-safe.
  int AssumeIdentity() const;
  // In the child: executes the command; runs a file without a known format (ENOEXEC) with /bin/sh, as execvp does.
  // Returns only on failure, with the errno value. Async-signal-safe.
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

// Removes these capabilities from the calling thread's permitted, effective and inheritable sets, and thereby from the
// ambient set; ignores those that it lacks or that the kernel does not have. Returns 0 or an errno value.
// Async-signal-safe.
int DropFromOwnSets(std::span<const int> capabilities);

}  // namespace syscarve
