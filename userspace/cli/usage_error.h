// SPDX-License-Identifier: Apache-2.0
// What is wrong with a command line, for somebody who does not know CLI11.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace syscarve::cli {

// `error` as CLI11 found it while `app` parsed `words`, those behind the program's name: kInvalidArgument with one
// sentence and one hint. Of several mistakes it is the first unknown verb, then the first unknown option, then `error`.
absl::Status UsageError(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words);

}  // namespace syscarve::cli
