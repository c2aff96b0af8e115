// SPDX-License-Identifier: Apache-2.0
// The maps of the kernel side, read into a snapshot. Nothing in them is changed.
#pragma once

#include <cstdint>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/trace/argument_calls.h"
#include "userspace/trace/kernel_snapshot.h"

struct recorder;  // The skeleton.

namespace syscarve {

class KernelTables {
 public:
  // The parameters with which the kernel side was loaded.
  struct Limits {
    Abi native;
    uint32_t slots;  // Their numbers, like those of subjects, begin at 1.
    uint32_t subjects;
    const ArgumentCalls* arguments;  // Not null.
  };

  // `skeleton` and the arguments must outlive it.
  KernelTables(const recorder& skeleton, const Limits& limits) : skeleton_(skeleton), limits_(limits) {}

  // Everything except the evidence.
  absl::Status Read(KernelSnapshot& snapshot) const;
  absl::Status ReadEvidence(KernelEvidence& evidence) const;

 private:
  // Parts of Read: subjects, the rows of counters, and the hash tables.
  absl::Status ReadSubjects(KernelSnapshot& snapshot) const;
  absl::Status ReadRows(KernelSnapshot& snapshot) const;
  absl::Status ReadTables(KernelSnapshot& snapshot) const;
  absl::Status ReadArguments(KernelSnapshot& snapshot) const;
  // Which arguments of this call are kept; nullptr: none.
  const ArgumentCall* ArgumentsOf(SyscallId id) const;

  const recorder& skeleton_;
  Limits limits_;
};

}  // namespace syscarve
