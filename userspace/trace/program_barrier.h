// SPDX-License-Identifier: Apache-2.0
// Waits until no BPF program that has been detached is still running on another CPU: what it counts must be in the maps
// before they are read for the last time.
#pragma once

#include "userspace/base/unique_fd.h"

namespace syscarve {

class ProgramBarrier {
 public:
  // How the end of the running programs was waited for, best first.
  enum class Kind {
    kMembarrier,  // membarrier(2): an RCU grace period, and programs run inside RCU sections.
    // A change of a map of maps, before which the kernel waits for the same (maybe_wait_bpf_programs in
    // kernel/bpf/syscall.c, Linux 5.0).
    kMapOfMaps,
    kSlept,  // Neither is to be had: 100 ms, and nothing is sure.
  };

  // Without maps: membarrier or sleep.
  ProgramBarrier() = default;
  // Makes the maps while there is the right to.
  static ProgramBarrier Create();

  Kind Wait() const;

 private:
  UniqueFd outer_;
  UniqueFd inner_;
};

}  // namespace syscarve
