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
inline constexpr size_t kMaxRecordingBytes = size_t{256} << 20;

// UTF-8 JSON with keys and sets in a fixed order and a newline at the end: the same Recording gives the same bytes.
// Byte strings that an adversary chose are percent-encoded (base/escape.h).
std::string FormatRecording(const Recording& recording);

// Reads kRecordingSchema and syscarve.recording/1, which has no `container`, `start` and `baseline_calls`.
//
// Strict: kInvalidArgument with one sentence that names the place ("runs[0].subjects[0].calls[3].count: …") for
// anything that is not a recording of these schemas: malformed or truncated JSON, another schema, unknown or missing
// fields, wrong types, ids out of range, numbers that do not fit, duplicates, sums that do not add up, nesting or sizes
// beyond any real recording.
absl::StatusOr<Recording> ParseRecording(std::string_view text);

// ReadFile + ParseRecording, with the path in the message. "-" is standard input.
absl::StatusOr<Recording> LoadRecording(const std::string& path);

}  // namespace syscarve
