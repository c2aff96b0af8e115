// SPDX-License-Identifier: Apache-2.0
// All results of a scan, for the reports.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "userspace/image/recorded_programs.h"
#include "userspace/image/scan.h"

namespace syscarve {

struct ScanResult {
  std::string name;  // As given by the user.
  ScannedImage image;
  std::optional<RecordedPrograms> programs;  // With a recording.
  std::vector<std::string> unused_set_id;    // Known never to have been executed; with a leading slash.
  std::vector<std::string> unused_packages;  // Known not to have been used.
  std::vector<JoinedVulnerability> vulnerabilities;
  size_t passed_over = 0;  // Results in the reports that are neither vulnerabilities nor secrets.
};

}  // namespace syscarve
