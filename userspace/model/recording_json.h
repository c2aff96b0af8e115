// SPDX-License-Identifier: Apache-2.0
// The Recording's file: docs/recording-format.md. Writing and reading are exact inverses:
// ParseRecording(FormatRecording(r)) == r.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "userspace/model/recording.h"

namespace syscarve {

// The maximum length of a recording's texts in percent-encoding. Code that takes texts from elsewhere must cut or drop
// longer ones, or no reader accepts the file.
inline constexpr size_t kMaxRecordingTextBytes = size_t{64} << 10;

// The maximum size of a recording; a reader rejects more before parsing.
inline constexpr size_t kMaxRecordingBytes = size_t{1} << 30;

// The limits of the writer and the reader. Other values than these are for tests.
struct RecordingLimits {
  size_t bytes = kMaxRecordingBytes;
  // JSON values of one tree in memory: a run, a shape, a row, or everything else together.
  size_t values = size_t{1} << 23;
  // Recordings with more numbers (RunList::numbers) are written in the dense form.
  size_t full_numbers = 100'000;
};

// The loss "runs_full": `count` runs did not fit in a file.
Loss RunsFullLoss(uint64_t count);

// UTF-8 JSON with keys and sets in a fixed order and a newline at the end: equal Recordings give equal bytes. Untrusted
// byte strings are percent-encoded (base/escape.h). The reader accepts every result: if a file cannot hold all runs,
// the last ones are left out and the loss runs_full is added. "" if the rest does not fit.
std::string FormatRecording(const Recording& recording, const RecordingLimits& limits = {});

// The same with all runs; kResourceExhausted if a file cannot hold them.
absl::StatusOr<std::string> FormatWholeRecording(const Recording& recording, const RecordingLimits& limits = {});

// Reads kRecordingSchema, syscarve.recording/2, which has every trace in full, and syscarve.recording/1, which has no
// `container`, `start` and `baseline_calls` either. The text's runs are packed one by one as they are read.
//
// Strict: kInvalidArgument, with one sentence that names the place ("runs[0].subjects[0].calls[3].count: …"), for
// anything that is not a recording of these schemas: malformed or truncated JSON, another schema, unknown or missing
// fields, wrong types, ids out of range, numbers that do not fit, duplicates, sums that do not add up, nesting or sizes
// beyond any real recording.
absl::StatusOr<Recording> ParseRecording(std::string_view text, const RecordingLimits& limits = {});

// ReadFile + ParseRecording, with the path in the message. "-" is standard input.
absl::StatusOr<Recording> LoadRecording(const std::string& path);

}  // namespace syscarve
