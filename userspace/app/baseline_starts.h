// SPDX-License-Identifier: Apache-2.0
// A baseline, made from recorded starts of a container runtime.
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

inline constexpr uint32_t kOtherUser = 65534;  // Any user other than root.

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

// Which calls were not made in each of the `runs` starts of every setting, and which only as root or only as another
// user: text that begins with "; ", or "".
std::string RemarksOnStarts(const SeenInStarts& seen, bool no_new_privs, unsigned runs);

// The names of the calls that the runtime made under the filter of container `id`. Fails if `recording` does not
// determine them. Calls without a name, or of an ABI other than the host's native one, are appended to `nameless`.
absl::StatusOr<std::set<std::string>> CallsOfStart(const Recording& recording, const std::string& id, bool no_new_privs,
                                                   const std::string& runtime, std::vector<SyscallId>& nameless);

// Where and how a baseline was measured.
struct MeasuredOn {
  std::string distribution;  // DistributionFromText.
  std::string release;       // uname(2)'s release.
  bool unified = false;      // The runtime saw only cgroup v2.
  unsigned runs = 0;
};

// The distribution's name in the text of /etc/os-release, escaped.
std::string DistributionFromText(std::string_view os_release);

// The provenance text of a baseline's file. `privileges` describes the no_new_privs setting, such as
// ", with no_new_privs,".
std::string ProvenanceOf(const MeasuredOn& where, std::string_view privileges);

}  // namespace syscarve
