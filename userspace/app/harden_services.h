// SPDX-License-Identifier: Apache-2.0
// The job of `harden`: makes a plan per service from recordings and, given an output folder, writes the profiles and
// the plans in the target's syntax.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/app/baseline_sources.h"
#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/emit/harden.h"
#include "userspace/harden/plan.h"
#include "userspace/model/abi.h"
#include "userspace/policy/generate_options.h"
#include "userspace/report/harden.h"

namespace syscarve {

struct HardenServicesRequest {
  // Folders of recordings, where each file name is a service, or recordings, all of one service.
  std::vector<std::string> inputs;
  std::string output;   // A folder, or "" to write nothing.
  std::string compose;  // The project's Compose file, or "".
  HardenTarget target = HardenTarget::kDocker;
  std::set<SettingKind> tried;
  std::set<SettingKind> left_out;
  std::string daemon_json;  // A file, or "".
  std::string proofs;       // A file, or "" for the one in `output`, if it exists.
  std::optional<std::string> apparmor;
  std::optional<std::string> selinux_type;
  GenerateOptions options;  // Without baselines and ceiling, which are chosen per service.
  BaselineRequest baseline;
  Abi native = NativeAbi();
};

// The plans, in the order of their titles; warnings go to `notes`. Everything is read and made before the first file is
// written.
absl::StatusOr<std::vector<PlannedService>> HardenServices(const HardenServicesRequest& request, Notes& notes);

}  // namespace syscarve
