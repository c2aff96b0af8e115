// SPDX-License-Identifier: Apache-2.0
// The job of `scan`: an image looked at, beside a recording and the reports of other scanners.
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
  std::string reference;                     // Which of an archive's images, or "".
  std::optional<std::string> engine_socket;  // nullopt: the usual ones.
  std::vector<std::string> recordings;       // Files or folders; none: nothing is joined.
  std::vector<std::string> reports;          // Files of other scanners.
  std::vector<std::string> disabled;         // Rules to leave out.
};

// An error names the file that it is about.
absl::StatusOr<ScanResult> ScanImage(const ScanRequest& request);

// kInvalidArgument for a rule that there is none of.
absl::Status CheckRuleNames(const std::vector<std::string>& rules);

}  // namespace syscarve
