// SPDX-License-Identifier: Apache-2.0
// The container that a profile is meant for. Moby's entries may depend on it (`includes`, `excludes`), and a profile
// without architectures applies to its native one.
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
  // The bounding set, by number (capability.h). nullopt: unknown; entries that depend on it are an error.
  std::optional<std::set<int>> capabilities;
  std::optional<KernelVersion> kernel;  // nullopt: unknown, likewise.
};

// Parses "4.8"; nullopt if anything follows.
std::optional<KernelVersion> KernelVersionFromText(std::string_view text);
// The version at the beginning of a release of uname(2): 6.1 for "6.1.0-13-amd64".
std::optional<KernelVersion> KernelVersionFromRelease(std::string_view release);

// Whether filters apply to uretprobe: on the kernels from 6.11, which introduced it, to 6.13. Since 6.14 it is exempt
// (kernel/seccomp.c), as uprobe has been from the beginning.
bool FiltersUretprobe(KernelVersion kernel);

// The engines' name for a machine's native ABI: "amd64", "x86" and "arm64"; AbiName for others.
std::string_view EngineArchName(Abi abi);
std::optional<Abi> AbiFromEngineArchName(std::string_view name);

// Docker's default capabilities of a container (moby's oci/caps, DefaultCapabilities).
const std::set<int>& DefaultEngineCapabilities();

}  // namespace syscarve
