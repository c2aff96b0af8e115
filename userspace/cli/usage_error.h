// SPDX-License-Identifier: Apache-2.0
// Errors in a command line, in words for users.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace syscarve::cli {

// kInvalidArgument with one sentence and one hint for `error`, which CLI11 threw while `app` parsed `words`, the words
// behind the program's name. Reports the first unknown verb, otherwise the first unknown option, otherwise `error`.
absl::Status UsageError(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words);

}  // namespace syscarve::cli
