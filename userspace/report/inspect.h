// SPDX-License-Identifier: Apache-2.0
// The report of `inspect`: the decisions of a process's filters, for people.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "userspace/seccomp/decompile.h"

namespace syscarve {

// A table per ABI, or one for several ABIs whose decisions agree by name: the default, and the calls by action, with
// conditions. `instructions` has the length of each filter, newest first. Safe to print; each line ends with a newline.
std::string InspectText(const std::string& subject, std::span<const size_t> instructions,
                        const std::vector<AbiSummary>& abis);

}  // namespace syscarve
