// SPDX-License-Identifier: Apache-2.0
// libbpf's own messages on standard error.
#pragma once

namespace syscarve {

// Suppresses them from now on: errors are reported by the caller of libbpf. SYSCARVE_DEBUG=libbpf in the environment
// shows all of them, the verifier's log included.
void SetLibbpfLogLevel();

}  // namespace syscarve
