// SPDX-License-Identifier: Apache-2.0
// What a scan can find, and what it found. docs/scan.md explains the rules.
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
  Severity severity;      // A finding's may be another, where more is known.
};

// All rules but those of secrets, which are called "secret-" and the rule's id in shipped/secret_rules.h.
std::span<const ImageRule> ImageRules();
inline constexpr std::string_view kSecretPrefix = "secret-";

// A rule of either kind.
struct ScanRule {
  std::string id;
  std::string summary;
  std::string help;
  Severity severity = Severity::kMedium;
};
// All of them.
absl::StatusOr<std::vector<ScanRule>> AllScanRules();

// Texts may hold an adversary's bytes, but never a secret.
struct ImageFinding {
  std::string rule;
  Severity severity = Severity::kMedium;
  std::string message;           // A sentence.
  std::string path;              // In the image, without a slash in front; "" for what is about the image.
  std::optional<size_t> line;    // In that file, from 1.
  std::optional<size_t> layer;   // From 1, the lowest.
  bool deleted = false;          // A layer has it, and a container does not see it.
  std::optional<bool> executed;  // Of a program, with a recording that can tell.
  bool operator==(const ImageFinding&) const = default;
};

// A finding of a rule with the severity that the rule has.
ImageFinding NewFinding(std::string_view rule, std::string path, std::string message);

}  // namespace syscarve
