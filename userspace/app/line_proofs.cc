// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/line_proofs.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include "userspace/app/hardening_files.h"

namespace syscarve {
namespace {

bool RanConfined(const Verification& result, const std::string& title) {
  bool any = false;
  for (const VerifiedRun* run : result.RunsOf(true)) {
    if (!run->containers.has_value()) continue;
    for (const VerifiedContainer& container : run->containers->containers) {
      if (container.service != title) continue;
      if (!container.confined) return false;
      any = true;
    }
  }
  return any;
}

}  // namespace

bool HaveLines(std::span<const ServiceProfile> profiles) {
  return std::ranges::any_of(profiles, [](const ServiceProfile& profile) { return profile.line.has_value(); });
}

absl::Status KeepLineProofs(std::span<const ServiceProfile> profiles, const Verification& result,
                            const WriteOptions& options) {
  std::map<std::string, LineProofs> by_file;
  for (const ServiceProfile& profile : profiles) {
    if (!profile.line.has_value()) continue;
    const std::string path = (std::filesystem::path(profile.file).parent_path() / kHardeningProofsName).string();
    if (!by_file.contains(path)) {
      SYSCARVE_ASSIGN_OR_RETURN(by_file[path], ReadLineProofs(path));
    }
    // A problem without a service is the command's, and so counts against every service.
    if (!result.Passed()) {
      const bool blamed = std::ranges::any_of(result.problems, [&](const VerifyProblem& problem) {
        return problem.service.empty() || problem.service == profile.title;
      });
      if (blamed) by_file[path].erase(profile.title);
    } else if (RanConfined(result, profile.title)) {
      by_file[path][profile.title] = {.profile = DigestOf(profile.engine_profile), .line = *profile.line};
    }
  }
  for (const auto& [path, proofs] : by_file) {
    if (proofs.empty() && !std::filesystem::exists(path)) continue;
    SYSCARVE_RETURN_IF_ERROR(WriteOutput(path, FormatLineProofs(proofs), options));
  }
  return absl::OkStatus();
}

}  // namespace syscarve
