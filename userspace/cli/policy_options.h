// SPDX-License-Identifier: Apache-2.0
// The options of the verbs that generate a profile from recordings, for the calls that it allows.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/policy/generate_options.h"

namespace syscarve::cli {

struct PolicyArguments {
  std::string closure{ClosureModeName(GenerateOptions().closure)};
  std::string args{ArgumentModeName(GenerateOptions().arguments)};
  std::string unlisted = "enosys";
  std::vector<std::string> companions;
  std::vector<std::string> allow;
  std::vector<std::string> block;
  bool only_needed = false;
  bool allow_incomplete = false;
};

void AddPolicyOptions(CLI::App& verb, PolicyArguments& arguments);

// The options for Generate, without baselines and ceiling. Reads the recordings of companions.
absl::StatusOr<GenerateOptions> GenerateOptionsOf(const PolicyArguments& arguments, Abi native);

}  // namespace syscarve::cli
