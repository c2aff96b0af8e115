// SPDX-License-Identifier: Apache-2.0
// Texts of recordings for the tests of their codec.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "userspace/model/recording_json.h"

namespace syscarve {

// What a file of the sources holds.
inline std::string SourceFile(const std::string& name) {
  std::ifstream file(std::string(SYSCARVE_SOURCE_DIR) + "/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return place == std::string::npos ? text : text.replace(place, from.size(), to);
}

inline std::string RecordingErrorOf(std::string_view text) {
  return std::string(ParseRecording(text).status().message());
}

// A small valid recording with one call, for cases that change one place of it.
inline constexpr std::string_view kSmallRecording = R"({
  "schema": "syscarve.recording/5",
  "host": {"kernel": "6.18.44", "native_abi": "x86_64", "libseccomp": "2.5.4"},
  "method": {"backend": "bpf", "events": "first", "capabilities": "none", "denials": "none"},
  "complete": {"complete": true, "losses": []},
  "programs": [{"id": 0, "path": "/bin/sh", "device": 46, "inode": 17}],
  "subjects": [{"id": 0, "kind": "command", "name": "sh", "cgroup": ""}],
  "runs": [
    {
      "id": "00112233445566778899aabbccddeeff",
      "name": "",
      "start": 1,
      "end": 2,
      "subjects": [
        {
          "subject": 0,
          "calls": [{"abi": "x86_64", "nr": 257, "name": "openat", "count": 23, "first_seen": 1, "programs": {"0": 23}}],
          "runtime_calls": [],
          "baseline_calls": [],
          "denials": [],
          "capabilities": []
        }
      ]
    }
  ]
}
)";

// The small recording with one part of it replaced by another.
inline std::string SmallRecordingWith(std::string_view old_part, std::string_view new_part) {
  std::string text(kSmallRecording);
  const size_t place = text.find(old_part);
  EXPECT_NE(place, std::string::npos) << old_part;
  return text.replace(place, old_part.size(), new_part);
}

// The dense form, however few numbers there are.
inline constexpr RecordingLimits kDense = {.full_numbers = 0};

}  // namespace syscarve
