// SPDX-License-Identifier: Apache-2.0
// The job of `harden`: from recordings to a plan for each service, and, with a folder to write to, the profiles and
// what the plans are in the words of a target.
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
  // Folders of recordings, of which each name is a service, or recordings, which are all of one.
  std::vector<std::string> inputs;
  std::string output;   // A folder, or "": nothing is written.
  std::string compose;  // The project's Compose file, or "".
  HardenTarget target = HardenTarget::kDocker;
  std::set<SettingKind> tried;
  std::set<SettingKind> left_out;
  std::string daemon_json;  // A file, or "".
  std::string proofs;       // A file, or "": that of `output`, when it is there.
  std::optional<std::string> apparmor;
  std::optional<std::string> selinux_type;
  GenerateOptions options;  // Without baselines and ceiling, which are chosen for each service.
  BaselineRequest baseline;
  Abi native = NativeAbi();
};

// In the order of their titles. Everything is read and made before the first file is written. Warnings go to `notes`.
absl::StatusOr<std::vector<PlannedService>> HardenServices(const HardenServicesRequest& request, Notes& notes);

}  // namespace syscarve
