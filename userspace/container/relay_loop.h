// SPDX-License-Identifier: Apache-2.0
// What the process of an engine_relay does: one thread, bounded in connections and in what it keeps of each.
#pragma once

#include <cstddef>
#include <string>

#include "userspace/base/unique_fd.h"
#include "userspace/container/engine_relay.h"

namespace syscarve {

// Whoever reads the report tells these apart by the first byte of a line.
inline constexpr char kReportEvent = 'E';    // An event, as the engine wrote it.
inline constexpr char kReportProblem = 'P';  // RelayReport::problems.
inline constexpr char kReportGone = 'G';     // RelayReport::engine_gone.

// The largest message about a HeldEnd: "NUMBER CONTAINER".
inline constexpr size_t kMaxHeldEnd = size_t{8} << 10;

// Relays for `listening` until `control` is at its end, and writes lines to `report`. A byte is written to `ready` once
// events are listened to, or an error's text. With hold_ends, `ends` is a SOCK_SEQPACKET socket that does not block: a
// message about each HeldEnd is sent, and its number comes back when the request may pass.
void RunRelay(const RelayOptions& options, UniqueFd listening, UniqueFd control, UniqueFd ready, UniqueFd report,
              UniqueFd ends = {});

}  // namespace syscarve
