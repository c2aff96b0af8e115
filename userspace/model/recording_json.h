// SPDX-License-Identifier: Apache-2.0
// The Recording's file: docs/recording-format.md. Writing and reading are exact inverses:
// ParseRecording(FormatRecording(r)) == r.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "userspace/model/recording.h"

namespace syscarve {

// No text of a recording is longer in its percent-encoded spelling. Whoever takes texts from somebody else cuts or
// drops what is longer, or nobody can read the file.
inline constexpr size_t kMaxRecordingTextBytes = size_t{64} << 10;

// No recording of ours is larger; a reader refuses more before parsing.
inline constexpr size_t kMaxRecordingBytes = size_t{1} << 30;

// What the writer keeps to and the reader insists on. Others than these are for tests.
struct RecordingLimits {
  size_t bytes = kMaxRecordingBytes;
  // JSON values of what is in memory at once as a tree: a run, a shape, a row, or everything else together.
  size_t values = size_t{1} << 23;
  // The runs of a recording with more numbers (RunList::numbers) are written densely.
  size_t full_numbers = 100'000;
};

// "runs_full": `count` runs that no file has room for.
Loss RunsFullLoss(uint64_t count);

// UTF-8 JSON with keys and sets in a fixed order and a newline at the end: the same Recording gives the same bytes.
// Byte strings that an adversary chose are percent-encoded (base/escape.h). A reader takes what is written: the last
// runs are left out when a file cannot hold them, and the loss runs_full says so. "" when what is not runs does not
// fit.
std::string FormatRecording(const Recording& recording, const RecordingLimits& limits = {});

// The same with all runs; kResourceExhausted when a file cannot hold them.
absl::StatusOr<std::string> FormatWholeRecording(const Recording& recording, const RecordingLimits& limits = {});

// Reads kRecordingSchema, syscarve.recording/2, which has every trace in full, and syscarve.recording/1, which has no
// `container`, `start` and `baseline_calls` either. The text's runs are packed one by one as they are read.
//
// Strict: kInvalidArgument with one sentence that names the place ("runs[0].subjects[0].calls[3].count: …") for
// anything that is not a recording of these schemas: malformed or truncated JSON, another schema, unknown or missing
// fields, wrong types, ids out of range, numbers that do not fit, duplicates, sums that do not add up, nesting or sizes
// beyond any real recording.
absl::StatusOr<Recording> ParseRecording(std::string_view text, const RecordingLimits& limits = {});

// ReadFile + ParseRecording, with the path in the message. "-" is standard input.
absl::StatusOr<Recording> LoadRecording(const std::string& path);

}  // namespace syscarve
