// SPDX-License-Identifier: Apache-2.0
// The container that a profile is meant for. Moby's entries may depend on it (`includes`, `excludes`), and a profile
// that names no architecture speaks of its native one.
#pragma once

#include <optional>
#include <set>
#include <string_view>

#include "userspace/model/abi.h"
#include "userspace/model/capability.h"

namespace syscarve {

struct KernelVersion {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(const KernelVersion&) const = default;
};

struct ProfileTarget {
  Abi native = NativeAbi();
  // The bounding set, by number (capability.h). nullopt: not known, and entries that depend on it are refused.
  std::optional<std::set<int>> capabilities;
  std::optional<KernelVersion> kernel;  // As above.
};

// "4.8", and nothing behind it.
std::optional<KernelVersion> KernelVersionFromText(std::string_view text);
// What stands at the beginning of a release, as uname(2) gives it: 6.1 of "6.1.0-13-amd64".
std::optional<KernelVersion> KernelVersionFromRelease(std::string_view release);

// Linux 6.11 made uretprobe a call that filters were asked about like any other; since 6.14 it is exempt
// (kernel/seccomp.c), as uprobe has been from its beginning.
bool FiltersUretprobe(KernelVersion kernel);

// The name that engines have for an ABI as a machine's own: "amd64", "x86" and "arm64"; of others AbiName.
std::string_view EngineArchName(Abi abi);
std::optional<Abi> AbiFromEngineArchName(std::string_view name);

// What Docker gives a container when nobody asks for more or less (moby's oci/caps, DefaultCapabilities).
const std::set<int>& DefaultEngineCapabilities();

}  // namespace syscarve
