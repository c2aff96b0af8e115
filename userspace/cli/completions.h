// SPDX-License-Identifier: Apache-2.0
// Completions for shells, generated from the command line's tree.
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace syscarve::cli {

// A script for bash to source. Does not need the package bash-completion.
std::string BashCompletion(const CLI::App& app);

// A file for a folder of zsh's $fpath, _syscarve.
std::string ZshCompletion(const CLI::App& app);

// A file for fish's vendor_completions.d.
std::string FishCompletion(const CLI::App& app);

}  // namespace syscarve::cli
