// SPDX-License-Identifier: Apache-2.0
// The requested format of a profile, and what formats need besides the profile.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "userspace/base/status.h"
#include "userspace/emit/emit.h"
#include "userspace/model/profile_target.h"
#include "userspace/model/recording.h"
#include "userspace/policy/generate.h"

namespace syscarve {

struct EmitRequest {
  std::string format;  // "": not chosen yet, for verbs without a default.
  std::string name;    // "": derived from the profile's source.
  std::string base_profile;
  bool stricter = false;
  bool sets = false;
  std::optional<KernelVersion> kernel;  // Of the target; nullopt if not given.
};

OutputFormat FormatOf(const EmitRequest& request);

// The options for Emit. The default for the name is the file name of `source` without its extension.
EmitOptions EmitOptionsOf(const EmitRequest& request, const std::string& source, Abi native);

// For each call of the profile, in how many pairs of a subject and a run in `recordings` it was seen.
Coverage CoverageOf(const GeneratedProfile& made, std::span<const Recording> recordings);

// `made`, which was generated from `recordings`, in the requested format, with what the recordings contain besides the
// calls: capabilities, no_new_privs and coverage. In a format for an AccessPolicy, the result of MakeAccessPolicy.
absl::StatusOr<Emitted> EmitGenerated(const EmitRequest& request, const std::string& source,
                                      const GeneratedProfile& made, std::span<const Recording> recordings);

}  // namespace syscarve
