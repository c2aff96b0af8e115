// SPDX-License-Identifier: Apache-2.0
// The parts of a program's life that its recordings lack: how it stops, how it reloads, a shell in its container, a
// start on data of an earlier run. A profile made of them refuses calls that only these parts need.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "userspace/model/recording.h"
#include "userspace/model/signal.h"

namespace syscarve {

enum class GapKind {
  kNotKnown,  // The recording lacks the subject's life: an older version made it.
  kStop,
  kReload,
  kExec,
  kHealth,
  kRestart,
};

struct Gap {
  GapKind kind = GapKind::kNotKnown;
  std::string words;   // "stops: was killed, how it stops was not recorded"
  std::string remedy;  // A command that exercises it; "" for kNotKnown.
  auto operator<=>(const Gap&) const = default;
};

// The gaps of all subjects of one name together, over all recordings: exercised in one is exercised. There are none for
// subjects that end by themselves, such as commands and jobs, and none for what cannot happen: a program without a
// handler for a signal does nothing on receiving it. Each kind at most once per name; with the name in front if there
// are several. Words and remedies are untrusted.
std::vector<Gap> FindGaps(std::span<const Recording> recordings);

// "words: remedy", on one line.
std::string GapLine(const Gap& gap);

// The signal by which an engine stops this container; SIGTERM unless configured otherwise.
int StopSignalOf(const Container& container);

// The signals that make a subject reload: its first process, which receives them, has a handler or passes them on, some
// program of the subject handles them deliberately, and they are not the stop signal. With `unsent_only`, without those
// that were already sent.
SignalSet ReloadSignalsOf(const Life& life, int stop_signal, bool unsent_only);

// Whether the life shows how its first process stops on request, that it has no work to do then, or that it ignores the
// request.
bool ShowsStop(const Life& life, int stop_signal);

}  // namespace syscarve
