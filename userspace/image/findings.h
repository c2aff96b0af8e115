// SPDX-License-Identifier: Apache-2.0
// The rules and findings of a scan. docs/scan.md explains the rules.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/severity.h"

namespace syscarve {

struct ImageRule {
  std::string_view id;
  std::string_view summary;
  std::string_view help;  // Why it matters and what to do.
  Severity severity;      // Of a finding, unless more specific facts change it.
};

// All rules except those for secrets, whose id is "secret-" and the rule's id in shipped/secret_rules.h.
std::span<const ImageRule> ImageRules();
inline constexpr std::string_view kSecretPrefix = "secret-";

// A rule of either kind.
struct ScanRule {
  std::string id;
  std::string summary;
  std::string help;
  Severity severity = Severity::kMedium;
};
// All rules of both kinds.
absl::StatusOr<std::vector<ScanRule>> AllScanRules();

// Texts may contain untrusted bytes, but never a secret.
struct ImageFinding {
  std::string rule;
  Severity severity = Severity::kMedium;
  std::string message;           // A sentence.
  std::string path;              // In the image, without a leading slash; "" for a finding about the image itself.
  std::optional<size_t> line;    // In that file, from 1.
  std::optional<size_t> layer;   // From 1, the lowest.
  bool deleted = false;          // In a layer, but not visible in a container.
  std::optional<bool> executed;  // Of a program; nullopt if no recording determines it.
  bool operator==(const ImageFinding&) const = default;
};

// A finding of `rule`, with the rule's severity.
ImageFinding NewFinding(std::string_view rule, std::string path, std::string message);

}  // namespace syscarve
