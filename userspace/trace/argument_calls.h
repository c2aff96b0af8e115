// SPDX-License-Identifier: Apache-2.0
// Which arguments of which calls a recorder keeps: shipped/recorded_arguments.h by number, for this kernel's ABIs.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/seen_arguments.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {

struct ArgumentCall {
  const RecordedCall* call = nullptr;
  std::vector<uint64_t> masks;  // Of call->indexes.

  // An empty SeenArguments for this call.
  SeenArguments Nothing() const { return {.indexes = call->indexes, .pointed_to = call->pointed_to}; }
  // The arguments of one call of `program` with these registers, as the kernel side keeps them, without kinds of files.
  // REQUIRES: the argument is not `pointed_to`.
  SeenArguments Of(std::span<const uint64_t, 6> registers, ProgramId program) const;
};

using ArgumentCalls = std::map<SyscallId, ArgumentCall>;

// The calls of all ABIs that a kernel of `native` serves.
absl::StatusOr<ArgumentCalls> ArgumentCallsFor(Abi native);

}  // namespace syscarve
