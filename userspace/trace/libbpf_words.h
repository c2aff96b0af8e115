// SPDX-License-Identifier: Apache-2.0
// What libbpf itself says on standard error.
#pragma once

namespace syscarve {

// Nothing, from now on: what fails is reported by whoever called it. SYSCARVE_DEBUG=libbpf in the environment shows all
// of it, the verifier's log included.
void SetLibbpfLogLevel();

}  // namespace syscarve
