// SPDX-License-Identifier: Apache-2.0
// What other scanners have written about an image: Trivy's, Grype's and gitleaks' JSON, and SARIF as Trivy, Grype and
// Docker Scout write it. They say which packages are vulnerable; syscarve itself makes no such claim. The secrets that
// some of them quote are not taken over.
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
  std::string package;  // "libc6"; "" when the report does not say.
  std::string version;  // That is installed, or "".
  std::string fixed;    // In which it is mended, or "".
  std::string type;     // Of the package: "deb", "debian", "gobinary", or "".
  Severity severity = Severity::kMedium;
  std::vector<std::string> paths;  // In the image, where the package was found: a list of packages, or a file of it.
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

// Recognised by what is in it. kInvalidArgument for anything else.
absl::StatusOr<ScannerReport> ParseScannerReport(std::string_view text);

}  // namespace syscarve
