// SPDX-License-Identifier: Apache-2.0
// The OCI hook's job: which container it records, into which file, and the profile that becomes of that.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "userspace/app/notes.h"
#include "userspace/base/confined_file.h"
#include "userspace/base/status.h"
#include "userspace/container/hook_words.h"
#include "userspace/emit/containers_common.h"
#include "userspace/model/recording.h"

namespace syscarve {

// What is to be recorded, and for which file. All of it is checked.
struct HookJob {
  pid_t pid = 0;            // The container's first process, still the runtime.
  std::string output_path;  // As it was given.
  std::string runtime;      // The OCI runtime's path, or "": not known.
  ConfinedOutput output;
  ContainersCommonProfile input;  // What the profile begins with; empty without an input file.
};

// The job in the container's state, which the runtime writes to standard input (-s).
absl::StatusOr<HookJob> HookJobFromState(const HookWords& words);
// The job in the words themselves (-r).
absl::StatusOr<HookJob> HookJobFromWords(const HookWords& words);

// Records until the container has ended, and writes the profile. Calls `armed` once, when no call can be missed any
// more.
absl::Status RecordForHook(const HookJob& job, const std::function<void()>& armed, Notes& notes);

// The profile that a recording becomes, on top of `input`. `runtime` is as in HookJob; it is asked for its version if a
// baseline is known of a runtime of its name, shipped or in the folder `baselines`. What the user should know is noted.
absl::StatusOr<std::string> HookProfileText(Recording recording, const ContainersCommonProfile& input,
                                            const std::string& runtime, const std::string& baselines, Notes& notes);

}  // namespace syscarve
