// SPDX-License-Identifier: Apache-2.0
// Hardening evidence of notified calls (trace/supervisor.h). Each call is evaluated before it is made, so its result is
// unknown: evidence is of what was requested and could succeed as far as is visible. That is more than what was done,
// never less (docs/notify-backend.md has the exceptions).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "userspace/trace/call_evidence.h"
#include "userspace/trace/evidence_keeper.h"
#include "userspace/trace/supervisor.h"

namespace syscarve {

class Aggregator;

class NotifiedEvidence {
 public:
  // Tests supply their own.
  using OpenFiles = std::function<std::unique_ptr<TaskFileView>(pid_t task)>;

  // Without `proc_is_ours` nothing can be read, and all evidence is missing.
  NotifiedEvidence(bool proc_is_ours, OpenFiles open_files);

  // Evaluates the call while its task waits.
  void Look(const Notification& notification);
  // Keeps the evidence of the call last passed to Look(), which is made, by this program.
  void Keep(const Notification& notification, ProgramId program);

  HardeningEvidence Evidence() const { return keeper_.Evidence(); }
  void AddLosses(Aggregator& aggregator) const;

 private:
  // What to read when a task is next notified: ids after a call that may have changed them; the program after an exec,
  // with the name that was passed to it.
  struct Changed {
    bool executed = false;
    EvidenceOfCall named;
  };
  // The evidence of the pending call.
  struct Seen {
    EvidenceOfCall call;
    EvidenceOfCall executable;
    std::optional<ProcessIds> ids;
    bool took_change = false;
    pid_t process = 0;
  };

  struct Known {
    const EvidenceCall* call = nullptr;
    bool executes = false;  // With the name in its first argument, or, if by_directory, after a directory.
    bool by_directory = false;
    bool moves_mounts = false;
    bool by_ring = false;        // io_uring_setup
    bool serves_memory = false;  // userfaultfd
  };

  const Known* KnownCall(const Notification& notification) const;
  void LookAtChange(const Changed& changed, const TaskFileView& files, CallEvidenceReader& reader);
  void FindPlaces(EvidenceOfCall& evidence, const TaskFileView& files);
  void Add(const EvidenceOfCall& evidence, ProgramId program);
  void AddChanged(pid_t task, std::optional<EvidenceOfCall> named);

  bool proc_is_ours_;
  OpenFiles open_files_;
  std::map<SyscallId, Known> calls_;
  bool look_up_files_ = true;
  bool read_memory_ = true;
  EvidenceKeeper keeper_;
  Seen seen_;
  std::map<pid_t, Changed> changed_;
  std::map<uint64_t, MountPlace> places_;  // By mount number.
};

}  // namespace syscarve
