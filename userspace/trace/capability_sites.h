// SPDX-License-Identifier: Apache-2.0
// The places of capability checks in the kernel, and the checks that do not affect the call's result: the conditions
// for the kernel side, and the meaning of the call chains that it records.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bpf/recorder.h"
#include "userspace/model/abi.h"

namespace syscarve {

// CapabilitySite::functions from the function names of a stack as recorded by the kernel side: its own program's first,
// then the kernel's check, the function that calls it, and so on to the entry of the call.
std::vector<std::string> AskingFunctions(std::span<const std::string_view> frames);

// For the calls, on the ABIs of a kernel with this native ABI, in which the kernel checks a capability before it can
// determine whether the result matters: the condition under which it does not. capability_sites.cc names the kernel's
// function for each.
std::vector<std::pair<recorder_condition_key, recorder_condition>> CapabilityConditions(Abi native);

}  // namespace syscarve
