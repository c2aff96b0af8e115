// SPDX-License-Identifier: Apache-2.0
// What a recorder takes from the host that it runs on. Tests have one of their own, which needs no privilege.
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
  // A source that is counting already, or an error that says what the host lacks.
  std::function<absl::StatusOr<std::unique_ptr<KernelSource>>(const BpfOptions&)> arm;
  // Where cgroup v2 is mounted.
  std::function<absl::StatusOr<std::string>()> cgroup_mount;
  // The cgroup of a recorded command.
  std::function<absl::StatusOr<CgroupLeaf>()> make_leaf;
  // The path, below the mount, of the cgroup in which a container's process is set apart from the recorder.
  std::function<absl::StatusOr<std::string>(pid_t)> cgroup_set_apart;
};

// BPF and the cgroups of this host.
RecorderHost ThisHost();

}  // namespace syscarve
