// SPDX-License-Identifier: Apache-2.0
// Arguments in the kernel's audit: a record of seccomp has none, but if a rule of audit also audits the call, a record
// of type SYSCALL with the same event has the first four registers.
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

// The event of a record, "1700000000.101:11" for `audit(1700000000.101:11):`: all records of one event have the same;
// "" if there is none.
std::string_view AuditEvent(std::string_view record);

// A call in a record of type SYSCALL.
struct AuditedCall {
  SyscallId id;
  std::array<uint64_t, 4> registers = {};
  auto operator<=>(const AuditedCall&) const = default;
};

class AuditedCalls {
 public:
  void Add(std::string_view event, const AuditedCall& call);
  // The arguments of `call`, whose id is `id`, in this event; open where no record has them.
  SeenArguments Of(std::string_view event, const ArgumentTable& table, const RecordedCall& call, SyscallId id,
                   ProgramId program) const;

 private:
  // nullopt: ambiguous, because two hosts or two boots have events of this name.
  std::map<std::string, std::optional<AuditedCall>, std::less<>> calls_;
};

}  // namespace syscarve
