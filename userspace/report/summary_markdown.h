// SPDX-License-Identifier: Apache-2.0
// SUMMARY.md: the result of `generate` for a folder of recordings, for reviewers, with commands and settings to paste.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/policy/generate.h"
#include "userspace/policy/service.h"

namespace syscarve {

// The first bytes of every page.
inline constexpr std::string_view kSummaryMarker = "# Seccomp profiles\n\nMade by `syscarve generate`";

struct ServiceSummary {
  std::string title;         // The name of the profile's file without its suffix.
  std::string profile_path;  // The path of the profile's file for `docker run`. Untrusted bytes, as is `title`.
  bool for_engine = true;    // `docker run` accepts the file.
  ServiceFacts facts;
  GeneratedProfile made;
  std::vector<std::string> sure;       // ConfidenceLines.
  std::vector<std::string> warnings;   // All warnings, including `made.warnings`, except those about denials.
  std::optional<std::string> compose;  // The lines for its Compose file; nullopt if they cannot be written.
};

// The options of `docker run` for this service, quoted for a shell, on one line without a newline.
std::string DockerRunOptions(const ServiceSummary& service);

// The page. Untrusted names in it never become markup, a link or a command.
std::string SummaryMarkdown(std::span<const ServiceSummary> services);

}  // namespace syscarve
