// SPDX-License-Identifier: Apache-2.0
// Whether the kernel can take the CPU from a task in the middle of a BPF program.
#pragma once

#include <optional>

namespace syscarve {

// Whether it can at raw tracepoints: for every other task on that CPU the program is then skipped until the first is
// back (since Linux 7.0). Nothing when the kernel does not let us look; it is one of before 6.15 then, where it cannot,
// or lacks CONFIG_KALLSYMS_ALL.
std::optional<bool> RawTracepointsArePreemptible();

}  // namespace syscarve
