// SPDX-License-Identifier: Apache-2.0
// The words of a command that is to be run, exactly as the caller typed them.
#pragma once

#include <string>
#include <vector>

namespace syscarve::cli {

// The words behind the first "--" of our own command line; `parsed` where there is none. CLI11 takes "[a,b]" for a list
// and "[]" for nothing, also behind "--", so a command's words must not come from it.
std::vector<std::string> CommandWords(std::vector<std::string> parsed);

}  // namespace syscarve::cli
