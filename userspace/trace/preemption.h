// SPDX-License-Identifier: Apache-2.0
// Whether the kernel can preempt a task in the middle of a BPF program.
#pragma once

#include <optional>

namespace syscarve {

// Whether it can at raw tracepoints: the program is then skipped for every other task on that CPU until the first runs
// again (since Linux 7.0). nullopt if the kernel does not allow the probe; then it is older than 6.15, where it cannot,
// or lacks CONFIG_KALLSYMS_ALL.
std::optional<bool> RawTracepointsArePreemptible();

}  // namespace syscarve
