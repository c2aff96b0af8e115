// SPDX-License-Identifier: Apache-2.0
// Whether one profile lets through no more than another, for people (text) and programs (JSON; docs/subset.md has its
// fields).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "userspace/model/abi.h"
#include "userspace/seccomp/algebra.h"

namespace syscarve {

// The names may hold an adversary's bytes.
struct SubsetAnswer {
  std::string left;
  std::string right;
  std::optional<Counterexample> counterexample;
  std::map<SyscallId, std::string> undecided;  // Calls that cannot be told, with the reason.

  // nullopt: it cannot be told.
  std::optional<bool> is_subset() const {
    if (counterexample.has_value()) return false;
    return undecided.empty() ? std::optional(true) : std::nullopt;
  }
};

std::string SubsetText(const SubsetAnswer& answer);
std::string SubsetJson(const SubsetAnswer& answer);

}  // namespace syscarve
