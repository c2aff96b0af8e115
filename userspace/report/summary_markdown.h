// SPDX-License-Identifier: Apache-2.0
// SUMMARY.md: what `generate` made of a folder of recordings, for people who review it, with what to paste.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/policy/generate.h"
#include "userspace/policy/service.h"

namespace syscarve {

// How every page begins.
inline constexpr std::string_view kSummaryMarker = "# Seccomp profiles\n\nMade by `syscarve generate`";

struct ServiceSummary {
  std::string title;         // What the profile's file is called, without its suffix.
  std::string profile_path;  // The profile's file as `docker run` is given it. Adversary's bytes, as is `title`.
  bool for_engine = true;    // The file is one that `docker run` takes.
  ServiceFacts facts;
  GeneratedProfile made;
  std::vector<std::string> sure;       // ConfidenceLines.
  std::vector<std::string> warnings;   // All, `made.warnings` included, but those of what was refused.
  std::optional<std::string> compose;  // The lines of its Compose file, where they can be written.
};

// The options of `docker run` for this service, quoted for a shell, on one line without a newline.
std::string DockerRunOptions(const ServiceSummary& service);

// The page. Whatever the services are called, nothing of it is markup, a link or a command but what is said here.
std::string SummaryMarkdown(std::span<const ServiceSummary> services);

}  // namespace syscarve
