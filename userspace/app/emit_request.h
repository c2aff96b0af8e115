// SPDX-License-Identifier: Apache-2.0
// How a profile is to be written: in which format, and what a format needs beside the profile.
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
  std::string format;  // "": not chosen yet, where there is no default.
  std::string name;    // "": that of what the profile was made of.
  std::string base_profile;
  bool stricter = false;
  bool sets = false;
  std::optional<KernelVersion> kernel;  // Of the target; nullopt: not said.
};

OutputFormat FormatOf(const EmitRequest& request);

// The options as Emit takes them. Without a name the result is called as the file `source`, less its folders and its
// extension.
EmitOptions EmitOptionsOf(const EmitRequest& request, const std::string& source, Abi native);

// In how many of the parts of `recordings`, which are what one subject did in one run, each call of the profile was
// seen.
Coverage CoverageOf(const GeneratedProfile& made, std::span<const Recording> recordings);

// What was made of `recordings`, with what they hold beside the calls: capabilities, no_new_privs, coverage, and in the
// formats of an AccessPolicy what MakeAccessPolicy makes of them.
absl::StatusOr<Emitted> EmitGenerated(const EmitRequest& request, const std::string& source,
                                      const GeneratedProfile& made, std::span<const Recording> recordings);

}  // namespace syscarve
