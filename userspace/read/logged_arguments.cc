// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/logged_arguments.h"

#include <utility>
#include <vector>

#include "userspace/model/syscall_table.h"

namespace syscarve {

SeenArguments LoggedArguments(const ArgumentTable& table, const RecordedCall& call, SyscallId id, ProgramId program,
                              absl::FunctionRef<std::optional<uint64_t>(size_t, std::span<const uint64_t>)> value_of) {
  SeenArguments seen = {.indexes = call.indexes, .pointed_to = call.pointed_to};
  const std::optional<std::vector<uint64_t>> masks = ArgumentMasks(table, call, id.abi);
  std::vector<uint64_t> registers;
  std::vector<uint64_t> values;
  for (size_t place = 0; masks.has_value() && place < call.indexes.size(); ++place) {
    const auto index = static_cast<size_t>(call.indexes[place]);
    registers.resize(index);
    const bool last = place > 0 && place + 1 == call.indexes.size();
    if (last && call.options.has_value() && !call.options->contains(values.front())) {
      values.push_back(0);
      break;
    }
    const std::optional<uint64_t> value = value_of(index, registers);
    if (!value.has_value()) break;
    values.push_back(*value & (*masks)[place]);
    registers.push_back(values.back());
  }
  if (values.size() == call.indexes.size()) {
    seen.values[std::move(values)] = {program};
  } else {
    seen.open = true;
  }
  return seen;
}

const RecordedCall* ArgumentsOfLog::Wanted(SyscallId id) const {
  const auto call = recorded_.find(SyscallName(id).value_or(""));
  if (call == recorded_.end() || !ArgumentMasks(table_, call->second, id.abi).has_value()) return nullptr;
  const auto known = all_.find(id);
  return known != all_.end() && known->second.has_value() && known->second->open ? nullptr : &call->second;
}

void ArgumentsOfLog::Add(SyscallId id, const SeenArguments& seen) {
  std::optional<SeenArguments>& known = all_[id];
  JoinArguments(seen, !known.has_value(), known);
  known->open |= known->values.size() > kMaxRecordedValues;
}

}  // namespace syscarve
