// SPDX-License-Identifier: Apache-2.0
// Arguments in the kernel's audit: a record of seccomp has none, but where a rule of audit has the call audited
// too, a record of type SYSCALL has the same event's first four registers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/model/abi.h"
#include "userspace/read/logged_arguments.h"

namespace syscarve {

// "1700000000.101:11" of a record's `audit(1700000000.101:11):`: the records of one event have the same; "" when there
// is none.
std::string_view AuditEvent(std::string_view record);

// A call as a record of type SYSCALL has it.
struct AuditedCall {
  SyscallId id;
  std::array<uint64_t, 4> registers = {};
  auto operator<=>(const AuditedCall&) const = default;
};

class AuditedCalls {
 public:
  void Add(std::string_view event, const AuditedCall& call);
  // What is known of the arguments of `call`, which is `id`'s, in this event; open where no record has them.
  SeenArguments Of(std::string_view event, const ArgumentTable& table, const RecordedCall& call, SyscallId id,
                   ProgramId program) const;

 private:
  // nullopt: events of two hosts, or of two boots, that have the same name.
  std::map<std::string, std::optional<AuditedCall>, std::less<>> calls_;
};

}  // namespace syscarve
