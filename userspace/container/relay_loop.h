// SPDX-License-Identifier: Apache-2.0
// The work of an engine_relay's process: one thread, with limits on connections and on the data kept for each.
#pragma once

#include <cstddef>
#include <string>

#include "userspace/base/unique_fd.h"
#include "userspace/container/engine_relay.h"

namespace syscarve {

// Kinds of lines in the report, by their first byte.
inline constexpr char kReportEvent = 'E';    // An event, as the engine wrote it.
inline constexpr char kReportProblem = 'P';  // RelayReport::problems.
inline constexpr char kReportGone = 'G';     // RelayReport::engine_gone.

// The largest message about a HeldEnd: "NUMBER CONTAINER".
inline constexpr size_t kMaxHeldEnd = size_t{8} << 10;

// Relays for `listening` until `control` is at its end, and writes lines to `report`. Writes to `ready` a byte once
// events are received, or an error's text. With hold_ends, `ends` is a non-blocking SOCK_SEQPACKET socket: a message
// about each HeldEnd is sent, and its number is received when the request is released.
void RunRelay(const RelayOptions& options, UniqueFd listening, UniqueFd control, UniqueFd ready, UniqueFd report,
              UniqueFd ends = {});

}  // namespace syscarve
