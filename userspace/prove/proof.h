// SPDX-License-Identifier: Apache-2.0
// The results of `prove`: which capabilities and calls a command needs, found by running it without some of them.
//
// A trial is compared with reference runs, in which nothing was removed. Exit status alone is not enough: a server that
// cannot change its user continues as root and passes its tests. So the state in which every program ends (ids, groups,
// capabilities, no_new_privs, root directory, listening ports) is compared, too; for containers, their state when the
// engine is requested to end them, and how they end. A refusal of a program that was in no reference run is also a
// difference.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/app/call_refusals.h"
#include "userspace/app/verification.h"
#include "userspace/base/status.h"
#include "userspace/model/proofs.h"
#include "userspace/process/process_state.h"

namespace syscarve {

// A process at its end: its executable and its state. For the command, at its own exit; processes ended by a signal are
// not included. For containers, when the engine is requested to end the container.
struct ProcessEnding {
  std::string program;  // Path of the executable; untrusted.
  ProcessState state;
  std::string service;  // For containers; "" for the command.
  auto operator<=>(const ProcessEnding&) const = default;
};

// A call that the kernel refused with EPERM or EACCES.
struct ProgramRefusal {
  std::string service;  // As in ProcessEnding.
  std::string program;  // The last component of the executable's path; untrusted.
  std::string call;
  int error = 0;
  auto operator<=>(const ProgramRefusal&) const = default;
};

// One run of the command.
struct ProofRun {
  int status = 0;  // As a shell reports it.
  std::chrono::milliseconds took{0};
  bool over_limit = false;
  uint64_t ended = 0;          // Processes that outlived the command and the grace period and were terminated.
  bool start_refused = false;  // The command itself could not be started.
  std::set<ProcessEnding> endings;
  std::set<ProgramRefusal> refusals;          // Empty if they are not observed.
  std::vector<VerifiedContainer> containers;  // Containers of the services to prove.

  bool Failed() const { return status != 0 || over_limit || start_refused; }
};

// The runs with nothing removed, and comparison with them.
class ReferenceRuns {
 public:
  // REQUIRES: at least one.
  explicit ReferenceRuns(std::vector<ProofRun> runs);

  const std::vector<ProofRun>& runs() const { return runs_; }
  size_t failed() const { return failed_; }

  // The number of attempts before a trial counts as different, such that a flaky command is misjudged in at most 5 % of
  // trials (at most 10 attempts). 0 if every reference run failed.
  uint32_t Attempts() const;

  // The first difference between `run` and the reference runs, as a sentence without its full stop; nullopt if there is
  // none. The capabilities in the set `without` are ignored, and so is whatever differs among the reference runs.
  std::optional<std::string> Difference(const ProofRun& run, uint64_t without) const;

  // Whether the only difference is new refusals of programs. Refusals may vary with time more than the behaviour of
  // programs.
  bool DiffersInRefusalsOnly(const ProofRun& run, uint64_t without) const;

  std::chrono::milliseconds longest() const { return longest_; }

 private:
  // How the containers of a service ended.
  struct Ends {
    std::set<int> statuses;
    std::chrono::milliseconds longest_stop{0};
  };

  std::optional<std::string> DifferentOutcome(const ProofRun& run, uint64_t without) const;
  std::optional<std::string> NewRefusal(const ProofRun& run) const;
  std::optional<std::string> DifferentEnding(const ProofRun& run, uint64_t without) const;
  std::optional<std::string> DifferentContainer(const ProofRun& run) const;

  std::vector<ProofRun> runs_;
  std::set<ProcessEnding> always_;    // In every successful run.
  std::set<ProcessEnding> ever_;      // In any successful run.
  std::set<ProgramRefusal> refused_;  // In any run.
  std::map<std::string, Ends> ends_;  // By service, of the successful runs.
  size_t failed_ = 0;
  uint64_t most_ended_ = 0;
  std::chrono::milliseconds longest_{0};
};

struct Proven {
  std::string name;  // "CAP_CHOWN"; "chown"; "socket(AF_UNIX, SOCK_STREAM, 0)".
  ProofVerdict verdict = ProofVerdict::kUndecided;
  std::string why;             // kNeeded: the difference without it. kUndecided: the reason. Without a full stop.
  CallWithValues values = {};  // For arguments only.
};

// The result of a trial, with which an interrupted proof can be continued.
struct Tried {
  std::string service;               // The service of the containers; "": the command itself.
  std::vector<std::string> without;  // Values of Proven::name, sorted.
  std::optional<std::string> difference;
  bool operator==(const Tried&) const = default;
};

// The containers of one service.
struct ServiceProof {
  std::string service;
  std::string recording;             // The recording's file, which contains the granted capabilities.
  std::vector<Proven> capabilities;  // As in Proof, like the next two.
  std::vector<Proven> calls;
  std::vector<Proven> arguments;
};

struct Proof {
  std::vector<ProofRun> reference;     // In order.
  std::vector<Proven> capabilities;    // Ascending by number; empty if not requested.
  std::vector<Proven> calls;           // Ascending by name; empty if not requested.
  std::vector<Proven> arguments;       // Ascending by call and values; empty if not requested.
  std::vector<ServiceProof> services;  // For containers, instead of the three above.
  uint64_t trials = 0;                 // Runs with something removed.
  std::vector<Tried> tried;            // In order, with the reused ones of an earlier proof.
  std::vector<std::string> remarks;    // Sentences without their full stop.
  std::string unproven;  // Why the results are void, as a sentence without its full stop; "" if they are valid.

  bool Complete() const;  // The results are valid, and nothing is undecided.
};

// The names with this verdict, in order.
std::vector<std::string> NamesOf(const std::vector<Proven>& proven, ProofVerdict verdict);

// The command that a proof is about.
struct ProvenCommand {
  std::vector<std::string> words;
  std::string user;  // As specified; "" if not specified.
  bool operator==(const ProvenCommand&) const = default;
};

// JSON of the schema syscarve.proof/1 (docs/prove.md).
std::string ProofJson(const Proof& proof, const ProvenCommand& command);

// Proof::tried of such a report. kInvalidArgument if it is not one, or is for another command or another version of
// syscarve.
absl::StatusOr<std::vector<Tried>> ReadTried(std::string_view report, const ProvenCommand& command);

}  // namespace syscarve
