// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/recorder_host.h"

#include "userspace/trace/bpf_event_source.h"

namespace syscarve {

RecorderHost ThisHost() {
  return {.arm = BpfEventSource::Create,
          .cgroup_mount = FindCgroup2Mount,
          .make_leaf = CgroupLeaf::Create,
          .cgroup_set_apart = CgroupSetApart};
}

}  // namespace syscarve
