// SPDX-License-Identifier: Apache-2.0
// Recordings as inputs of jobs: syscarve's files, logs of other programs, and folders of both.
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

// The suffix of the files in a folder that are recordings. Hidden files are not: they may be half-written.
inline constexpr std::string_view kRecordingSuffix = ".recording.json";

// Calls `use` with the path and the name before the suffix of each recording in `folder`, in no particular order, until
// a call fails. Returns the number of recordings.
absl::StatusOr<size_t> ForEachRecordingIn(
    const std::string& folder, absl::FunctionRef<absl::Status(const std::string& path, std::string_view stem)> use);

// The files that `inputs` name: a file is itself, a folder stands for its *.recording.json that are not hidden, in the
// order of their names. kNotFound if a folder has none; kInvalidArgument if standard input is named more than once.
absl::StatusOr<std::vector<std::string>> RecordingPaths(const std::vector<std::string>& inputs);

// The recording in the file, in any format of read/recording_reader.h; - is standard input. `native` is the ABI of a
// log, which does not contain one. Errors name the file.
absl::StatusOr<Recording> ReadRecordingInput(const std::string& path, Abi native = NativeAbi());

// Adds the recordings that `inputs` name (see RecordingPaths) to `merger`, one after the other, and returns their
// number. Keeps neither recordings nor their names in memory; a folder's come in no particular order, which does not
// affect the merged recording. Errors name the file.
absl::StatusOr<size_t> AddRecordings(const std::vector<std::string>& inputs, RecordingMerger& merger,
                                     Abi native = NativeAbi());

}  // namespace syscarve
