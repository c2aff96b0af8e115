// SPDX-License-Identifier: Apache-2.0
// The life of a subject, as far as it was seen: how it began and ended, which signals it was sent and which it has
// handlers for, who joined it. What was never exercised is in no recording, and follows from this
// (policy/exercise.h). Plain data, as recording.h has it; life_json.h is its file format.
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
  kKilled,   // By a signal that it did not handle.
  kRunning,  // It had not ended when the recording did.
};

// How the first process of a subject ended.
struct LifeEnd {
  EndKind kind = EndKind::kRunning;
  int status = 0;  // Of kExited: 0 to 255.
  int signal = 0;  // Of kKilled.
  // The latest signal that it was sent before and has taken, by a handler or, while it was blocked, by signalfd or
  // sigwait; none of those that programs are sent for their own work, as SIGCHLD. 0: none, or not known.
  int taken = 0;
  auto operator<=>(const LifeEnd&) const = default;
};

// What became of a signal, by what was known when it was sent.
enum class SignalOutcome {
  kHandled,  // There was a handler.
  kWaited,   // There was none, and it was blocked: for signalfd or sigwait, or to be unblocked later.
  kDefault,  // It did what it does by itself.
  kIgnored,
};

enum class SignalOrigin {
  kKernel,   // Faults, timers, terminals, children.
  kInside,   // A process of the subject.
  kOutside,  // Any other.
};

struct SignalUse {
  int signal = 0;
  SignalOutcome outcome = SignalOutcome::kHandled;
  SignalOrigin origin = SignalOrigin::kKernel;
  auto operator<=>(const SignalUse&) const = default;
};

struct Life {
  bool start_seen = false;  // Its first program was started while it was recorded.
  std::optional<UnixNanos> started;
  std::optional<UnixNanos> ended;  // The last time.
  std::set<LifeEnd> ends;          // Several when it was started anew, or when recordings were merged.
  // Whether what follows was looked for: otherwise it is empty and says nothing.
  bool watched = false;
  std::map<SignalUse, uint64_t> signals;   // How often each was sent to processes of the subject.
  std::map<ProgramId, SignalSet> catches;  // What its programs have handlers for.
  // Of the first process alone, which is the one that an engine sends signals to.
  SignalSet first_catches = 0;
  SignalSet first_blocks = 0;
  SignalSet died_of = 0;  // By which signals any of its processes ended.
  uint64_t joined =
      0;  // Programs that processes from outside executed in it after its own: exec sessions, health checks.
  uint64_t restarts = 0;  // Of the same container.
  auto operator<=>(const Life&) const = default;
};

// Puts `more` into `kept`: what one of them has exercised is exercised. Counts become `add(more, kept)`, and programs
// are those of `kept` already.
void JoinLife(const Life& more, uint64_t (*add)(uint64_t more, uint64_t kept), Life& kept);

// The words of the file format.
std::string_view EndKindName(EndKind kind);
std::string_view SignalOutcomeName(SignalOutcome outcome);
std::string_view SignalOriginName(SignalOrigin origin);
std::optional<EndKind> EndKindFromName(std::string_view name);
std::optional<SignalOutcome> SignalOutcomeFromName(std::string_view name);
std::optional<SignalOrigin> SignalOriginFromName(std::string_view name);

}  // namespace syscarve
