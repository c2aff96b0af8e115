// SPDX-License-Identifier: Apache-2.0
// What a recorder uses of the host that it runs on. Tests supply their own, which needs no privilege.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "userspace/base/status.h"
#include "userspace/process/cgroup.h"
#include "userspace/trace/kernel_source.h"

namespace syscarve {

struct RecorderHost {
  // A source that is already counting, or an error that names what the host lacks.
  std::function<absl::StatusOr<std::unique_ptr<KernelSource>>(const BpfOptions&)> arm;
  // Where cgroup v2 is mounted.
  std::function<absl::StatusOr<std::string>()> cgroup_mount;
  // The cgroup of a recorded command.
  std::function<absl::StatusOr<CgroupLeaf>()> make_leaf;
  // The path, below the mount, of the cgroup that separates a container's process from the recorder.
  std::function<absl::StatusOr<std::string>(pid_t)> cgroup_set_apart;
};

// BPF and the cgroups of this host.
RecorderHost ThisHost();

}  // namespace syscarve
