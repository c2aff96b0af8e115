// SPDX-License-Identifier: Apache-2.0
// What the starts of a container runtime came to, and a baseline made of them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

inline constexpr uint32_t kOtherUser = 65534;  // Any but root does.

// How a container is started.
struct StartSetting {
  bool no_new_privs = false;
  uint32_t user = 0;  // 0 or kOtherUser.
  auto operator<=>(const StartSetting&) const = default;
};

// How often each call was seen, by name, in the starts of one setting.
using SeenInStarts = std::map<StartSetting, std::map<std::string, unsigned>>;

// The calls of all settings whose no_new_privs is in `no_new_privs`.
std::set<std::string> NamesSeen(const SeenInStarts& seen, const std::set<bool>& no_new_privs);

// What a measured set's names do not show: which do not come with every one of `runs` starts. Begins with "; ", or "".
std::string RemarksOnStarts(const SeenInStarts& seen, bool no_new_privs, unsigned runs);

// The calls that the runtime made under the filter of container `id`. An error when they cannot be known from
// `recording`. What has no name, or is not of the host's own ABI, is appended to `nameless`.
absl::StatusOr<std::set<std::string>> CallsOfStart(const Recording& recording, const std::string& id, bool no_new_privs,
                                                   const std::string& runtime, std::vector<SyscallId>& nameless);

// Where and how a baseline was measured.
struct MeasuredOn {
  std::string distribution;  // DistributionFromText.
  std::string release;       // As uname has it.
  bool unified = false;      // The runtime saw cgroup v2 alone.
  unsigned runs = 0;
};

// The distribution's name in the text of /etc/os-release, escaped.
std::string DistributionFromText(std::string_view os_release);

// For a baseline's file. `privileges` is with which no_new_privs: ", with no_new_privs," or the like.
std::string ProvenanceOf(const MeasuredOn& where, std::string_view privileges);

}  // namespace syscarve
