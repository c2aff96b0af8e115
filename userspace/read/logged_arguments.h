// SPDX-License-Identifier: Apache-2.0
// Arguments of one call in a log, independent of the log's format.
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

// The arguments of `call` in a log. `value_of` is called with the index of an argument, from 0, and the known arguments
// before it, with 0 for unknown ones. It returns nullopt if the log lacks the argument; the call is then open.
SeenArguments LoggedArguments(const ArgumentTable& table, const RecordedCall& call, SyscallId id, ProgramId program,
                              absl::FunctionRef<std::optional<uint64_t>(size_t, std::span<const uint64_t>)> value_of);

// The arguments of all calls of a log; for each call as many different ones as a recording keeps.
class ArgumentsOfLog {
 public:
  ArgumentsOfLog(const RecordedCalls& recorded, const ArgumentTable& table) : recorded_(recorded), table_(table) {}

  // The call whose arguments a line about `id` should provide; nullptr if none are recorded, or the call is already
  // open.
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
