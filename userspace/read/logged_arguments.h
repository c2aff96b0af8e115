// SPDX-License-Identifier: Apache-2.0
// Arguments of one call in a log, whatever the log's way to write them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "userspace/model/abi.h"
#include "userspace/model/seen_arguments.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {

// The arguments of `call` as a log has them. `value_of` is asked for the argument at an index, from 0, and is
// given the known ones before it, 0 for the others; nullopt: the log lacks it. Then the call is open.
SeenArguments LoggedArguments(const ArgumentTable& table, const RecordedCall& call, SyscallId id, ProgramId program,
                              absl::FunctionRef<std::optional<uint64_t>(size_t, std::span<const uint64_t>)> value_of);

// The arguments of all calls of a log, of each as many different ones as a recording keeps.
class ArgumentsOfLog {
 public:
  ArgumentsOfLog(const RecordedCalls& recorded, const ArgumentTable& table) : recorded_(recorded), table_(table) {}

  // The call whose arguments are wanted of a line about `id`; nullptr when they are not, or the call is open already.
  const RecordedCall* Wanted(SyscallId id) const;
  void Add(SyscallId id, const SeenArguments& seen);

  const ArgumentTable& table() const { return table_; }
  const std::map<SyscallId, std::optional<SeenArguments>>& all() const { return all_; }

 private:
  const RecordedCalls& recorded_;
  const ArgumentTable& table_;
  std::map<SyscallId, std::optional<SeenArguments>> all_;
};

}  // namespace syscarve
