// SPDX-License-Identifier: Apache-2.0
// How the hook and its recorder tell each other how it goes: the hook returns, and the container starts, when the
// recorder is ready.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// The recorder's side: whoever waits for it learns once how it went.
class HookCaller {
 public:
  // Our parent, if it waits for such a signal; anybody else would die of it.
  static HookCaller Parent();
  // `pid` is our parent, or 0 when nobody waits.
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
  // Returns in both. The recorder is a fork without an exec: linking this program anew would cost a tenth of the time
  // that the container waits. It is detached from the hook's caller, and what it writes to standard error the hook can
  // read.
  static absl::StatusOr<HookFork> Start();

  // Whether this is the recorder.
  bool is_recorder() const { return recorder_ == 0; }
  // In the recorder: who waits.
  pid_t hook() const { return hook_; }

  // In the hook: until the recorder is ready, has failed, or takes too long.
  absl::Status WaitUntilReady() const;
  // What the recorder wrote before it went silent, for whoever started the container.
  std::string ReadErrors() const;

 private:
  HookFork(pid_t hook, pid_t recorder, UniqueFd errors)
      : hook_(hook), recorder_(recorder), errors_(std::move(errors)) {}

  pid_t hook_;
  pid_t recorder_;
  UniqueFd errors_;
};

}  // namespace syscarve
