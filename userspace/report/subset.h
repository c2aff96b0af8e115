// SPDX-License-Identifier: Apache-2.0
// Reports of `subset`: whether one profile is nowhere looser than another, for people (text) and programs (JSON;
// docs/subset.md has its fields).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "userspace/model/abi.h"
#include "userspace/seccomp/algebra.h"

namespace syscarve {

// The names may contain untrusted bytes.
struct SubsetAnswer {
  std::string left;
  std::string right;
  std::optional<Counterexample> counterexample;
  std::map<SyscallId, std::string> undecided;  // Calls that cannot be compared, with the reason.

  // nullopt if undecided.
  std::optional<bool> is_subset() const {
    if (counterexample.has_value()) return false;
    return undecided.empty() ? std::optional(true) : std::nullopt;
  }
};

std::string SubsetText(const SubsetAnswer& answer);
std::string SubsetJson(const SubsetAnswer& answer);

}  // namespace syscarve
