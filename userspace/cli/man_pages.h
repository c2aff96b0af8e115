// SPDX-License-Identifier: Apache-2.0
// Manual pages, generated from the command line's tree.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace CLI {
class App;
}  // namespace CLI

namespace syscarve::cli {

// By file name: syscarve.1 and a syscarve-VERB.1 for each verb. `date` appears in the footers.
std::map<std::string, std::string> ManPages(const CLI::App& app, std::string_view date);

}  // namespace syscarve::cli
