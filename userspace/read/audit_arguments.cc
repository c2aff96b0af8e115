// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/audit_arguments.h"

#include <algorithm>
#include <span>
#include <vector>

namespace syscarve {

std::string_view AuditEvent(std::string_view record) {
  constexpr std::string_view kBegin = "audit(";
  const size_t begin = record.find(kBegin);
  if (begin == std::string_view::npos) return {};
  record.remove_prefix(begin + kBegin.size());
  const std::string_view event = record.substr(0, record.find_first_not_of("0123456789.:"));
  return record.substr(event.size()).starts_with(')') ? event : std::string_view();
}

void AuditedCalls::Add(std::string_view event, const AuditedCall& call) {
  if (event.empty()) return;
  const auto known = calls_.find(event);
  if (known == calls_.end()) {
    calls_.emplace(event, call);
  } else if (known->second != call) {
    known->second.reset();
  }
}

SeenArguments AuditedCalls::Of(std::string_view event, const ArgumentTable& table, const RecordedCall& call,
                               SyscallId id, ProgramId program) const {
  const auto found = calls_.find(event);
  const bool known = found != calls_.end() && found->second.has_value() && found->second->id == id && !call.pointed_to;
  SeenArguments seen = LoggedArguments(table, call, id, program,
                                       [&](size_t index, std::span<const uint64_t>) -> std::optional<uint64_t> {
                                         if (!known || index >= found->second->registers.size()) return std::nullopt;
                                         return found->second->registers[index];
                                       });
  if (seen.open) return seen;
  const std::optional<std::vector<uint64_t>> masks = ArgumentMasks(table, call, id.abi);
  for (size_t place = 0; place < call.indexes.size(); ++place) {
    const auto index = static_cast<size_t>(call.indexes[place]);
    if (index < found->second->registers.size()) {
      seen.dirty |= IsDirty(found->second->registers[index], (*masks)[place]);
    }
  }
  return seen;
}

}  // namespace syscarve
