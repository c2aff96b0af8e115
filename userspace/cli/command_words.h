// SPDX-License-Identifier: Apache-2.0
// The words of a command that is to be run, exactly as the caller typed them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve::cli {

// The words behind the first "--" of our own command line; `parsed` where there is none. CLI11 takes "[a,b]" for a list
// and "[]" for nothing, also behind "--", so a command's words must not come from it.
std::vector<std::string> CommandWords(std::vector<std::string> parsed);

// What a verb has beside options: files, and the command behind "--".
struct TypedWords {
  std::vector<std::string> words;
  size_t typed = 0;  // So many it has: CLI11 takes "[a,b]" for two.
};

// The words in front of "--", where `command` are those behind it. kInvalidArgument without a command; and, with the
// hint `hint`, where there are such words and none are `wanted`.
absl::StatusOr<std::vector<std::string>> WordsBefore(const TypedWords& all, const std::vector<std::string>& command,
                                                     bool wanted, std::string_view hint);

}  // namespace syscarve::cli
