// SPDX-License-Identifier: Apache-2.0
// The handshake between the hook and its recorder: the hook returns, and the container starts, when the recorder is
// ready.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// The recorder's side: signals once to the waiting hook that the recorder is ready or has failed.
class HookCaller {
 public:
  // Our parent, if it blocks or handles the signal; otherwise nothing is sent, because the signal would kill it.
  static HookCaller Parent();
  // `pid` is our parent, or 0 to signal nothing.
  explicit HookCaller(pid_t pid) : pid_(pid) {}

  void Ready();
  void Failed();

 private:
  void Signal(int signal);

  pid_t pid_;
};

// The hook and the recorder that it starts.
class HookFork {
 public:
  // Returns in both processes. The recorder is a fork without an exec, because linking this program anew would take a
  // tenth of the time that the container waits. It is detached from the hook's caller; its standard error is a pipe to
  // the hook.
  static absl::StatusOr<HookFork> Start();

  // Whether this is the recorder.
  bool is_recorder() const { return recorder_ == 0; }
  // The hook's process.
  pid_t hook() const { return hook_; }

  // In the hook: waits for the recorder. kFailedPrecondition if it failed or ended, kDeadlineExceeded if it took too
  // long, and then it is killed.
  absl::Status WaitUntilReady() const;
  // In the hook: the recorder's standard error up to its end or its signal, to be shown to the user.
  std::string ReadErrors() const;

 private:
  HookFork(pid_t hook, pid_t recorder, UniqueFd errors)
      : hook_(hook), recorder_(recorder), errors_(std::move(errors)) {}

  pid_t hook_;
  pid_t recorder_;
  UniqueFd errors_;
};

}  // namespace syscarve
