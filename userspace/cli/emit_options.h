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

// The source of the profiles that a verb writes.
enum class EmitSource { kProfiles, kRecordings };

// `request` must outlive `verb`. Returns the option for the format. Only kRecordings includes the formats of an
// AccessPolicy.
CLI::Option* AddEmitOptions(CLI::App& verb, EmitRequest& request, EmitSource source = EmitSource::kProfiles);

// kInvalidArgument if `output` is a terminal, which might interpret the bytes of a binary format.
absl::Status CheckNoTerminal(const std::string& output);

// The same for the requested format; OK for a text format.
absl::Status CheckEmitOutput(const EmitRequest& request, const std::string& output);

}  // namespace syscarve::cli
