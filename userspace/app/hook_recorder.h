// SPDX-License-Identifier: Apache-2.0
// The OCI hook's job: which container to record, into which file, and the profile made from the recording.
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

// The container to record and the output file, validated.
struct HookJob {
  pid_t pid = 0;            // The container's first process, still the runtime.
  std::string output_path;  // As given.
  std::string runtime;      // The OCI runtime's path, or "": not known.
  ConfinedOutput output;
  ContainersCommonProfile input;  // The profile to extend; empty without an input file.
};

// The job in the container's state, which the runtime writes to standard input (-s).
absl::StatusOr<HookJob> HookJobFromState(const HookWords& words);
// The job in the words themselves (-r).
absl::StatusOr<HookJob> HookJobFromWords(const HookWords& words);

// Records until the container has ended, and writes the profile. Calls `armed` once, as soon as every call is recorded.
absl::Status RecordForHook(const HookJob& job, const std::function<void()>& armed, Notes& notes);

// The text of the profile made from a recording on top of `input`. `runtime` is as in HookJob; it is run to find its
// version if a baseline for a runtime of its name exists, shipped or in the folder `baselines`. Warnings and remarks go
// to `notes`.
absl::StatusOr<std::string> HookProfileText(Recording recording, const ContainersCommonProfile& input,
                                            const std::string& runtime, const std::string& baselines, Notes& notes);

}  // namespace syscarve
