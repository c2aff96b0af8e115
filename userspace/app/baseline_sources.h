// SPDX-License-Identifier: Apache-2.0
// Where the calls of the container runtime come from that a profile gets.
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

// Where `syscarve baseline` leaves what it measured.
inline constexpr std::string_view kBaselineFolder = "/var/lib/syscarve/baseline";

struct BaselineRequest {
  std::string baseline = "auto";  // Or "none", or a file.
  std::string folder = std::string(kBaselineFolder);
  std::string no_new_privs = "any";  // Or "recorded".
};

// The baselines measured on this host, which are in `folder`, and behind them those that are shipped. Files that are
// there and cannot be used are warned of.
absl::StatusOr<std::vector<KnownBaseline>> FindKnownBaselines(const std::string& folder, Notes& notes);

// The files that were asked for, read once for any number of profiles.
class BaselineSources {
 public:
  // Reads what `request` asks for. Without containers in what is to be generated from (`containers`), `auto` needs and
  // reads nothing. Files that are there and cannot be used are warned of.
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
