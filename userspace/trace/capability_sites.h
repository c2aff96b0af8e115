// SPDX-License-Identifier: Apache-2.0
// Where in the kernel capabilities are asked for, and which of the questions are in vain: what the kernel side is told,
// and what its answers mean.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bpf/recorder.h"
#include "userspace/model/abi.h"

namespace syscarve {

// CapabilitySite::functions from the names of a stack's functions as the kernel side took it: our program's own first,
// then the kernel's check, who asked, and so on to the entry of the call.
std::vector<std::string> AskingFunctions(std::span<const std::string_view> frames);

// For which calls, on the ABIs that a kernel whose own is `native` serves, the kernel asks for a capability before it
// knows whether that matters, and when it does not. capability_sites.cc names the kernel's function for each.
std::vector<std::pair<recorder_condition_key, recorder_condition>> CapabilityConditions(Abi native);

}  // namespace syscarve
