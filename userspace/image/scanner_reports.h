// SPDX-License-Identifier: Apache-2.0
// Reports of other scanners about an image: Trivy's, Grype's and gitleaks' JSON, and SARIF by Trivy, Grype and Docker
// Scout. They contain the claims which packages are vulnerable; syscarve itself makes none. Secrets quoted in them are
// not copied.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/severity.h"

namespace syscarve {

inline constexpr size_t kMaxScannerReportBytes = size_t{64} << 20;

struct ReportedVulnerability {
  std::string id;       // "CVE-2023-4911"
  std::string package;  // "libc6"; "" if the report does not contain it.
  std::string version;  // The installed one, or "".
  std::string fixed;    // The version with the fix, or "".
  std::string type;     // Of the package: "deb", "debian", "gobinary", or "".
  Severity severity = Severity::kMedium;
  std::vector<std::string> paths;  // Where in the image the package was found: a list of packages, or a file of it.
};

struct ReportedSecret {
  std::string rule;
  std::string path;
  std::optional<size_t> line;
};

struct ScannerReport {
  std::string tool;  // "Trivy"
  std::vector<ReportedVulnerability> vulnerabilities;
  std::vector<ReportedSecret> secrets;
  size_t passed_over = 0;  // Results of other kinds, such as misconfigurations.
};

// The format is recognised by its content. kInvalidArgument for any other.
absl::StatusOr<ScannerReport> ParseScannerReport(std::string_view text);

}  // namespace syscarve
