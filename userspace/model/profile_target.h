// The container that a profile is meant for. Moby's entries may depend on it (`includes`, `excludes`), and a profile
// that names no architecture speaks of its native one.
#pragma once

#include <optional>
#include <set>

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

}  // namespace syscarve
