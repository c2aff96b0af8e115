// SPDX-License-Identifier: Apache-2.0
// The options of the verbs that write profiles.
#pragma once

#include <string>

#include "userspace/app/emit_request.h"
#include "userspace/base/status.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace syscarve::cli {

// What a verb writes profiles from.
enum class EmitSource { kProfiles, kRecordings };

// `request` must outlive `verb`. Returns the option for the format. Only of recordings there are formats that say which
// files may be used.
CLI::Option* AddEmitOptions(CLI::App& verb, EmitRequest& request, EmitSource source = EmitSource::kProfiles);

// kInvalidArgument when bytes that a terminal may obey would go to one.
absl::Status CheckNoTerminal(const std::string& output);

// The same for what is written in this format; nothing against text.
absl::Status CheckEmitOutput(const EmitRequest& request, const std::string& output);

}  // namespace syscarve::cli
