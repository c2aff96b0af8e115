// SPDX-License-Identifier: Apache-2.0
// The bytes of static programs that need nothing of the container they run in (stub.c).
#pragma once

#include <string_view>

namespace syscarve {

// Ends at once.
std::string_view StubProgram();
// Waits until it is killed.
std::string_view WaitingStubProgram();

}  // namespace syscarve
