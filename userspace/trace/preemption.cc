// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/preemption.h"

#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "preemption.skel.h"

namespace syscarve {

std::optional<bool> RawTracepointsArePreemptible() {
  preemption* const probe = preemption__open_and_load();
  if (probe == nullptr) return std::nullopt;
  const absl::Cleanup end = [probe] { preemption__destroy(probe); };
  if (preemption__attach(probe) != 0) return std::nullopt;
  getppid();  // Any call will do.
  return probe->bss->preemptible;
}

}  // namespace syscarve
