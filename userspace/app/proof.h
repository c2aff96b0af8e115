// SPDX-License-Identifier: Apache-2.0
// What `prove` finds: which capabilities and calls a command needs, by running it again without some of them.
//
// A run is as before when the command succeeds in time, no more had to be ended, and every program ends with the ids,
// groups, capabilities, root and listening ports that it has without anything taken away. A server that fails to change
// its user serves on, as root; that its tests pass proves nothing, and how it ends does.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/process/process_state.h"

namespace syscarve {

// How a process ended by itself: what it executed, and what it was.
struct ProcessEnding {
  std::string program;  // Its path: an adversary's bytes.
  ProcessState state;
  auto operator<=>(const ProcessEnding&) const = default;
};

// One run of the command.
struct ProofRun {
  int status = 0;  // As a shell reports it.
  std::chrono::milliseconds took{0};
  bool over_limit = false;
  uint64_t ended = 0;          // Processes that outlived the command and the grace period, and were ended.
  bool start_refused = false;  // The command itself could not be started.
  std::set<ProcessEnding> endings;

  bool Failed() const { return status != 0 || over_limit || start_refused; }
};

// How the command goes with nothing taken away.
class UsualRuns {
 public:
  // REQUIRES: at least one.
  explicit UsualRuns(std::vector<ProofRun> runs);

  const std::vector<ProofRun>& runs() const { return runs_; }
  size_t failed() const { return failed_; }

  // How often a run may be tried before it counts as one that goes wrong, so that what goes wrong by itself counts so
  // once in twenty times at most. 0 where no number is enough, since the command never succeeds.
  uint32_t Attempts() const;

  // How `run`, in which nobody could have `without`, differs; nullopt where it is as before. One sentence without its
  // full stop. What differs between these runs themselves does not count.
  std::optional<std::string> Difference(const ProofRun& run, uint64_t without) const;

  std::chrono::milliseconds longest() const { return longest_; }

 private:
  std::optional<std::string> DifferentEnding(const ProofRun& run, uint64_t without) const;

  std::vector<ProofRun> runs_;  // Those that did not fail decide; all are told.
  std::set<ProcessEnding> always_;
  std::set<ProcessEnding> ever_;
  size_t failed_ = 0;
  uint64_t most_ended_ = 0;
  std::chrono::milliseconds longest_{0};
};

enum class ProofVerdict {
  kNeeded,     // Without it, and with all others that are needed, something differs.
  kNotNeeded,  // All is as before without it, and without all others that are not needed.
  kUndecided,
};
std::string_view ProofVerdictName(ProofVerdict verdict);  // "needed", "not-needed", "undecided".

struct Proven {
  std::string name;  // "CAP_CHOWN"; "chown".
  ProofVerdict verdict = ProofVerdict::kUndecided;
  std::string why;  // Of what is needed, what differs without it; of what is undecided, why. Without a full stop.
};

struct Proof {
  std::vector<ProofRun> usual;       // With nothing taken away, in their order.
  std::vector<Proven> capabilities;  // Ascending by number. Empty where they were not looked at.
  std::vector<Proven> calls;         // Ascending by name. Likewise.
  uint64_t trials = 0;               // Runs with something taken away.
  std::vector<std::string> remarks;  // Sentences without their full stop.
  std::string unproven;  // Why nothing could be proven, as a sentence without its full stop; "" where it was.

  bool Complete() const;  // Something was proven, and nothing is undecided.
};

// The names of those that have this verdict.
std::vector<std::string> NamesOf(const std::vector<Proven>& proven, ProofVerdict verdict);

// JSON of the schema syscarve.proof/1 (docs/prove.md).
std::string ProofJson(const Proof& proof, const std::vector<std::string>& command);

}  // namespace syscarve
