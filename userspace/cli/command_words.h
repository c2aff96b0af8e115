// SPDX-License-Identifier: Apache-2.0
// The words of a command to run, exactly as typed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve::cli {

// The words behind the first "--" of this process's command line; `parsed` if there is none. They are not CLI11's,
// because it parses "[a,b]" as a list and "[]" as nothing, even behind "--".
std::vector<std::string> CommandWords(std::vector<std::string> parsed);

// A verb's words other than options: files, and the command behind "--".
struct TypedWords {
  std::vector<std::string> words;
  size_t typed = 0;  // Their number as typed: CLI11 splits "[a,b]" into two.
};

// The words in front of "--"; `command` has those behind it. kInvalidArgument if there is no command or, with the hint
// `hint`, if there are words in front although none are `wanted`.
absl::StatusOr<std::vector<std::string>> WordsBefore(const TypedWords& all, const std::vector<std::string>& command,
                                                     bool wanted, std::string_view hint);

}  // namespace syscarve::cli
