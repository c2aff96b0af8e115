// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/argument_calls.h"

#include <utility>

#include "userspace/model/syscall_table.h"

namespace syscarve {

SeenArguments ArgumentCall::Of(std::span<const uint64_t, 6> registers, ProgramId program) const {
  SeenArguments seen = Nothing();
  std::vector<uint64_t> kept;
  for (size_t i = 0; i < masks.size(); ++i) {
    if (i > 0 && i + 1 == masks.size() && call->options.has_value() && !call->options->contains(kept.front())) {
      kept.push_back(0);
      continue;
    }
    const uint64_t value = registers[static_cast<size_t>(call->indexes[i])];
    kept.push_back(value & masks[i]);
    seen.dirty |= IsDirty(value, masks[i]);
  }
  seen.values[std::move(kept)] = {program};
  return seen;
}

absl::StatusOr<ArgumentCalls> ArgumentCallsFor(Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedCalls* const recorded, ShippedRecordedCalls());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  ArgumentCalls calls;
  for (const Abi abi : AbisServedBeside(native)) {
    for (const auto& [name, call] : *recorded) {
      std::optional<std::vector<uint64_t>> masks = ArgumentMasks(*table, call, abi);
      if (masks.has_value()) calls[*FindSyscall(abi, name)] = {&call, *std::move(masks)};
    }
  }
  return calls;
}

}  // namespace syscarve
