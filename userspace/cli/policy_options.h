// SPDX-License-Identifier: Apache-2.0
// What decides which calls a profile made from recordings allows, as the verbs that make one are told it.
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

// Reads the recordings of companions. Baselines and a ceiling are chosen elsewhere.
absl::StatusOr<GenerateOptions> GenerateOptionsOf(const PolicyArguments& arguments, Abi native);

}  // namespace syscarve::cli
