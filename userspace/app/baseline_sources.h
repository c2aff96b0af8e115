// SPDX-License-Identifier: Apache-2.0
// Baselines for a generated profile: which are read, from which files, and which one fits a container.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/policy/baseline_choice.h"

namespace syscarve {

// Where `syscarve baseline` writes by default.
inline constexpr std::string_view kBaselineFolder = "/var/lib/syscarve/baseline";

struct BaselineRequest {
  std::string baseline = "auto";  // Or "none", or a file.
  std::string folder = std::string(kBaselineFolder);
  std::string no_new_privs = "any";  // Or "recorded".
};

// The baselines in `folder`, which were measured on this host, followed by the shipped ones. An unusable file in
// `folder` is a warning in `notes`, not an error.
absl::StatusOr<std::vector<KnownBaseline>> FindKnownBaselines(const std::string& folder, Notes& notes);

// The requested baselines, read once for any number of profiles.
class BaselineSources {
 public:
  // Reads the baselines that `request` names. `containers`: whether the recordings have a container; if not, `auto`
  // reads nothing. An unusable file of the baseline folder is a warning in `notes`, not an error.
  static absl::StatusOr<BaselineSources> Load(const BaselineRequest& request, bool containers, Notes& notes);

  BaselineChoice Choose(std::span<const Recording> recordings) const;

 private:
  NoNewPrivsMode mode_ = NoNewPrivsMode::kAny;
  bool auto_ = false;
  std::vector<BaselineCalls> given_;
  std::vector<KnownBaseline> known_;
  std::vector<OccasionalCalls> occasional_;
};

// Whether a subject of `recording` is a container.
bool HasContainers(const Recording& recording);

}  // namespace syscarve
