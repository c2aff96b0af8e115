// Recordings as the verbs are given them: our own files and the logs of others, and folders of them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/policy/merge.h"

namespace syscarve::cli {

// The files that `inputs` name: each itself, or, of a folder, its *.recording.json that are not hidden, in the order of
// their names. kNotFound when a folder has none. kInvalidArgument when standard input is named more than once.
absl::StatusOr<std::vector<std::string>> RecordingPaths(const std::vector<std::string>& inputs);

// The recording in the file, whatever its format is (read/recording_reader.h); - is standard input. A log is taken for
// one of this host's architecture. An error names the file.
absl::StatusOr<Recording> ReadRecordingInput(const std::string& path);

// Adds the recordings of the files that `inputs` name, as RecordingPaths has them, one after the other, and returns how
// many there were. Neither a recording nor its name stays in memory, so a folder's come in no particular order, which
// makes no difference to what is merged. An error names the file.
absl::StatusOr<size_t> AddRecordings(const std::vector<std::string>& inputs, RecordingMerger& merger);

}  // namespace syscarve::cli
