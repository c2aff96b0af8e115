// SPDX-License-Identifier: Apache-2.0
// Waits until no BPF program that has been detached is still running on another CPU: what it counts must be in the maps
// before they are read for the last time.
#pragma once

#include "userspace/base/unique_fd.h"

namespace syscarve {

class ProgramBarrier {
 public:
  // The means of waiting for the running programs, best first.
  enum class Kind {
    kMembarrier,  // membarrier(2): an RCU grace period, and programs run inside RCU sections.
    // An update of a map of maps, in which the kernel waits for the same grace period (maybe_wait_bpf_programs in
    // kernel/bpf/syscall.c, Linux 5.0).
    kMapOfMaps,
    kSlept,  // Neither is available: sleeps 100 ms, without a guarantee.
  };

  // Without maps: membarrier, otherwise sleep.
  ProgramBarrier() = default;
  // Creates the maps, while the process still has the right.
  static ProgramBarrier Create();

  Kind Wait() const;

 private:
  UniqueFd outer_;
  UniqueFd inner_;
};

}  // namespace syscarve
