// SPDX-License-Identifier: Apache-2.0
// The life of a subject, as far as it was observed: how it began and ended, which signals it was sent and has handlers
// for, and which processes joined it. policy/exercise.h derives from it what was never exercised, which no recording
// contains. Plain data, as in recording.h; life_json.h is its file format.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>

#include "userspace/model/run.h"
#include "userspace/model/signal.h"

namespace syscarve {

enum class EndKind {
  kExited,   // By exit.
  kKilled,   // By a signal without a handler.
  kRunning,  // Still running when the recording ended.
};

// How the first process of a subject ended.
struct LifeEnd {
  EndKind kind = EndKind::kRunning;
  int status = 0;  // For kExited: 0 to 255.
  int signal = 0;  // For kKilled.
  // The last signal that the process received before its end, through a handler or, while the signal was blocked,
  // through signalfd or sigwait. Signals that are part of a program's own work, such as SIGCHLD, do not count. 0: none,
  // or unknown.
  int taken = 0;
  auto operator<=>(const LifeEnd&) const = default;
};

// The effect of a signal, by the receiver's state when it was sent.
enum class SignalOutcome {
  kHandled,  // There was a handler.
  kWaited,   // No handler, and the signal was blocked: for signalfd or sigwait, or to be unblocked later.
  kDefault,  // The default action.
  kIgnored,
};

enum class SignalOrigin {
  kKernel,   // Faults, timers, terminals, children.
  kInside,   // A process of the subject.
  kOutside,  // Any other process.
};

struct SignalUse {
  int signal = 0;
  SignalOutcome outcome = SignalOutcome::kHandled;
  SignalOrigin origin = SignalOrigin::kKernel;
  auto operator<=>(const SignalUse&) const = default;
};

struct Life {
  bool start_seen = false;  // Its first program started during the recording.
  std::optional<UnixNanos> started;
  std::optional<UnixNanos> ended;  // The last end.
  std::set<LifeEnd> ends;          // Several if it was restarted, or if recordings were merged.
  // Whether the members below were recorded; otherwise they are empty and have no meaning.
  bool watched = false;
  std::map<SignalUse, uint64_t> signals;   // How often each was sent to the subject's processes.
  std::map<ProgramId, SignalSet> catches;  // The signals that its programs have handlers for.
  // For the first process only, to which an engine sends signals.
  SignalSet first_catches = 0;
  SignalSet first_blocks = 0;
  SignalSet died_of = 0;  // The signals that ended any of its processes.
  uint64_t joined =
      0;  // Programs executed in it by processes from outside, after its own program: exec sessions, health checks.
  uint64_t restarts = 0;  // Restarts of the same container.
  auto operator<=>(const Life&) const = default;
};

// Merges `more` into `kept`: exercised in one is exercised. Each count becomes `add(more, kept)`. `more` has the
// program ids of `kept`.
void JoinLife(const Life& more, uint64_t (*add)(uint64_t more, uint64_t kept), Life& kept);

// The names in the file format.
std::string_view EndKindName(EndKind kind);
std::string_view SignalOutcomeName(SignalOutcome outcome);
std::string_view SignalOriginName(SignalOrigin origin);
std::optional<EndKind> EndKindFromName(std::string_view name);
std::optional<SignalOutcome> SignalOutcomeFromName(std::string_view name);
std::optional<SignalOrigin> SignalOriginFromName(std::string_view name);

}  // namespace syscarve
