// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/argument_calls.h"

#include <utility>

#include "userspace/model/syscall_table.h"

namespace syscarve {

std::optional<std::vector<uint64_t>> ArgumentCall::Kept(std::span<const uint64_t, 6> arguments) const {
  if (call->pointed_to) return std::nullopt;
  std::vector<uint64_t> kept;
  for (size_t i = 0; i < masks.size(); ++i) kept.push_back(arguments[static_cast<size_t>(call->indexes[i])] & masks[i]);
  if (call->options.has_value() && !call->options->contains(kept.front())) kept.back() = 0;
  return kept;
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
