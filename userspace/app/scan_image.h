// SPDX-License-Identifier: Apache-2.0
// The job of `scan`: examines an image, together with recordings and the reports of other scanners.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/image/scan_result.h"

namespace syscarve {

struct ScanRequest {
  // A file (docker-save or OCI tar), "-" for standard input, a folder (OCI layout or root file system), or the name of
  // an engine's image.
  std::string image;
  std::string reference;                     // Selects one of an archive's images; "" for the only one.
  std::optional<std::string> engine_socket;  // nullopt for the usual ones.
  std::vector<std::string> recordings;       // Files or folders; if empty, nothing is joined.
  std::vector<std::string> reports;          // Files of other scanners.
  std::vector<std::string> disabled;         // Rules to leave out.
};

// Errors name the file.
absl::StatusOr<ScanResult> ScanImage(const ScanRequest& request);

// kInvalidArgument for an unknown rule.
absl::Status CheckRuleNames(const std::vector<std::string>& rules);

}  // namespace syscarve
