// SPDX-License-Identifier: Apache-2.0
// Recordings as jobs are given them: our own files and the logs of others, and folders of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/policy/merge.h"

namespace syscarve {

// How the files of a folder end that are taken for recordings, unless they are hidden: half-written ones are.
inline constexpr std::string_view kRecordingSuffix = ".recording.json";

// Calls `use` with the path of each recording in `folder` and what its name has before the suffix, in no particular
// order, until one fails. Returns how many there were.
absl::StatusOr<size_t> ForEachRecordingIn(
    const std::string& folder, absl::FunctionRef<absl::Status(const std::string& path, std::string_view stem)> use);

// The files that `inputs` name: each itself, or, of a folder, its *.recording.json that are not hidden, in the order of
// their names. kNotFound when a folder has none. kInvalidArgument when standard input is named more than once.
absl::StatusOr<std::vector<std::string>> RecordingPaths(const std::vector<std::string>& inputs);

// The recording in the file, whatever its format is (read/recording_reader.h); - is standard input. A log is taken for
// one of this host's architecture. An error names the file.
absl::StatusOr<Recording> ReadRecordingInput(const std::string& path, Abi native = NativeAbi());

// Adds the recordings of the files that `inputs` name, as RecordingPaths has them, one after the other, and returns how
// many there were. Neither a recording nor its name stays in memory, so a folder's come in no particular order, which
// makes no difference to what is merged. An error names the file.
absl::StatusOr<size_t> AddRecordings(const std::vector<std::string>& inputs, RecordingMerger& merger,
                                     Abi native = NativeAbi());

}  // namespace syscarve
