// SPDX-License-Identifier: Apache-2.0
// What of a program's life its recordings do not show: how it stops, what it does when it is told to reload, when
// somebody opens a shell in its container, when it starts on the data that it left. A profile made of them refuses what
// these would have asked for.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "userspace/model/recording.h"
#include "userspace/model/signal.h"

namespace syscarve {

enum class GapKind {
  kNotKnown,  // The recording does not have how its subject lived: an older version made it.
  kStop,
  kReload,
  kExec,
  kHealth,
  kRestart,
};

struct Gap {
  GapKind kind = GapKind::kNotKnown;
  std::string words;   // "stops: was killed, how it stops was not recorded"
  std::string remedy;  // A command that would show it; "" for kNotKnown.
  auto operator<=>(const Gap&) const = default;
};

// Of all subjects of a name together, the recordings over: what one of them exercised is exercised. Nothing of what
// ended by itself, as commands and jobs do, nor of what cannot be: a program without a handler for a signal has nothing
// to do when it comes. Each kind at most once for a name; names in front where there are several. Words and remedies
// may hold an adversary's bytes.
std::vector<Gap> FindGaps(std::span<const Recording> recordings);

// "words: remedy", on one line.
std::string GapLine(const Gap& gap);

// The signal by which an engine stops this container; SIGTERM unless it is configured otherwise.
int StopSignalOf(const Container& container);

// The signals by which a subject can be told to reload: its first process, which is sent them, has a handler or passes
// them on, some program of it has a handler on purpose, and it is not what stops it. Those that came already are left
// out when `unsent_only`.
SignalSet ReloadSignalsOf(const Life& life, int stop_signal, bool unsent_only);

// Whether the life shows how its first process stops when it is asked to, that it has nothing to do then, or that it
// does not listen.
bool ShowsStop(const Life& life, int stop_signal);

}  // namespace syscarve
