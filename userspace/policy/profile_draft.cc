// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/profile_draft.h"

#include <algorithm>

#include "userspace/model/syscall_table.h"

namespace syscarve {

AllowedCall& ProfileDraft::Allow(const std::string& name) {
  AllowedCall& call = calls[name];
  call.name = name;
  return call;
}

std::set<std::string> ProfileDraft::names() const {
  std::set<std::string> names;
  for (const auto& [name, call] : calls) names.insert(name);
  return names;
}

std::set<std::string> ProfileDraft::conditional() const {
  std::set<std::string> names;
  for (const NarrowedCall& call : narrowed) names.insert(call.name);
  return names;
}

bool ProfileDraft::ExistsSomewhere(std::string_view name) const {
  return std::ranges::any_of(abis, [name](Abi abi) { return FindSyscall(abi, name).has_value(); });
}

}  // namespace syscarve
