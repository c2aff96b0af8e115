// SPDX-License-Identifier: Apache-2.0
// Recordings with arguments, and profiles made of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/policy/recordings.h"
#include "userspace/policy/generate.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {

// Adds calls of `name` with these values of the arguments that are recorded.
inline void CallWith(RecordingBuilder& builder, std::string_view name, const std::vector<std::vector<uint64_t>>& values,
                     Abi abi = Abi::kX86_64) {
  const RecordedCall& call = (*ShippedRecordedCalls())->find(name)->second;
  builder.Call(name, values.size(), abi);
  SeenArguments seen = {.indexes = call.indexes, .pointed_to = call.pointed_to};
  for (const std::vector<uint64_t>& one : values) seen.values[one] = {0};
  builder.trace().calls[FindSyscall(abi, name).value()].arguments = std::move(seen);
}

inline GeneratedProfile MadeOf(const RecordingBuilder& builder, ArgumentMode mode, GenerateOptions options = {}) {
  options.arguments = mode;
  const Recording recording = builder.Build();
  auto made = Generate({&recording, 1}, options);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : GeneratedProfile{};
}

inline std::set<std::string> NarrowedByArguments(const GeneratedProfile& made) {
  std::set<std::string> names;
  for (const NarrowedCall& call : made.narrowed) {
    if (call.by_arguments) names.insert(call.name);
  }
  return names;
}

}  // namespace syscarve
