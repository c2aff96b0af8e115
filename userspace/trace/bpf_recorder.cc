// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/bpf_recorder.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "userspace/base/unique_fd.h"
#include "userspace/process/cgroup.h"
#include "userspace/process/process_state.h"
#include "userspace/process/process_tree.h"
#include "userspace/process/signals.h"
#include "userspace/process/waiting_child.h"
#include "userspace/trace/bpf_session.h"
#include "userspace/trace/follow.h"
#include "userspace/trace/guardian.h"

namespace syscarve {
namespace {

using Clock = BpfSession::Clock;

// How long a command may take to end after SIGTERM.
constexpr std::chrono::seconds kStopTime{10};

// Whether `process` runs under a seccomp filter.
bool HasFilter(pid_t process) {
  return SeccompModeOf(process) == SECCOMP_MODE_FILTER;
}

BpfOptions ToBpf(const RecordOptions& options, bool filtered) {
  return {.every_call = options.every_call,
          .track_denials = options.track_denials || options.hardening || filtered,
          .hardening = options.hardening};
}

// The loss of an existing subject: the number of its processes that were started before the recording.
Loss StartedBeforeLoss(size_t processes) {
  return {.what = "started_before",
          .count = processes,
          .missed_calls = true,
          .detail =
              "processes ran before they were recorded, so the calls of their start are missing: record the program "
              "from its start (record -- COMMAND), or generate from this and a recording of the start together"};
}

// Whether the command has ended; its status remains available to waitpid.
bool HasEnded(pid_t child) {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child;
}

// Continues recording until the command has ended or the time is over. Returns whether it has ended.
absl::StatusOr<bool> EndsWithin(BpfSession& session, pid_t child, std::chrono::milliseconds time) {
  const Clock::time_point deadline = Clock::now() + time;
  while (!HasEnded(child)) {
    if (Clock::now() >= deadline) return false;
    std::vector<pollfd> none;
    SYSCARVE_RETURN_IF_ERROR(session.Wait(none, deadline));
  }
  return true;
}

absl::Status ExerciseCommand(BpfSession& session, pid_t child, const RecordOptions& options) {
  const auto note = [&options](std::string_view words) {
    options.note(absl::StrCat("exercise: the command ", std::string(words)));
  };
  SignalSet caught = 0;
  SYSCARVE_RETURN_IF_ERROR(session.Show([&caught](const Recording& recording) {
    if (recording.subjects.empty() || !recording.subjects[0].life.has_value()) return;
    const Life& life = *recording.subjects[0].life;
    for (const auto& [program, signals] : life.catches) {
      if (!CatchesEverything(signals)) caught |= signals & life.first_catches;
    }
  }));
  if (options.exercise.reload && (caught & SetOf(ReloadSignals())) == 0) {
    note("has no handler on purpose for SIGHUP, SIGUSR1 or SIGUSR2: nothing to reload");
  }
  for (const ConventionalSignal& reload : ReloadSignals()) {
    if (!options.exercise.reload || !HasSignal(caught, reload.signal)) continue;
    const std::string signal = SignalName(reload.signal);
    if (HasEnded(child)) break;
    kill(child, reload.signal);
    SYSCARVE_ASSIGN_OR_RETURN(const bool ended, EndsWithin(session, child, kReloadTime));
    note(ended ? absl::StrCat("ended when it was sent ", signal)
               : absl::StrCat("was sent ", signal, " (", std::string(reload.meaning), ")"));
  }
  if (!options.exercise.stop || HasEnded(child)) return absl::OkStatus();
  kill(child, SIGTERM);
  SYSCARVE_ASSIGN_OR_RETURN(const bool ended, EndsWithin(session, child, kStopTime));
  if (ended) {
    note("was stopped by SIGTERM");
    return absl::OkStatus();
  }
  note(absl::StrCat("did not end by SIGTERM in ", kStopTime.count(), " s, and was killed"));
  kill(child, SIGKILL);
  return absl::OkStatus();
}

// Follows the command until it has ended, and exercises it on a signal that requests the end, which is not forwarded
// before, or when the duration is over. Returns its waitpid(2) status.
absl::StatusOr<int> FollowExercised(BpfSession& session, SignalForwarder& signals, pid_t child,
                                    const RecordOptions& options) {
  // The ring is read once before that, as in FollowChild.
  FollowUntil until = {
      .over = [child, waited = false]() mutable { return std::exchange(waited, true) && HasEnded(child); }};
  if (options.duration) until.deadline = Clock::now() + *options.duration;
  SYSCARVE_ASSIGN_OR_RETURN(const FollowEnd why, Follow(session, signals, until));
  if (why != FollowEnd::kOver) {
    SYSCARVE_RETURN_IF_ERROR(ExerciseCommand(session, child, options));
    if (!options.exercise.stop && why == FollowEnd::kAskedToEnd && !HasEnded(child)) kill(child, SIGTERM);
  }
  // After its end no further SIGCHLD would arrive.
  if (!HasEnded(child)) return FollowChild(session, signals, child);
  int wait_status = 0;
  if (waitpid(child, &wait_status, 0) != child) return absl::ErrnoToStatus(errno, "the command cannot be waited for");
  return wait_status;
}

// Follows the command until none of its processes is left, in the leaf or elsewhere; kills those left after the grace
// period. Returns the command's status.
absl::StatusOr<CommandEnd> FollowCommand(BpfSession& session, CgroupLeaf& leaf, SignalForwarder& signals, pid_t child,
                                         const RecordOptions& options) {
  CommandEnd end;
  SYSCARVE_ASSIGN_OR_RETURN(const int wait_status, options.exercise.any()
                                                       ? FollowExercised(session, signals, child, options)
                                                       : FollowChild(session, signals, child));
  end.status = ShellStatus(wait_status);

  const auto gone = [&]() -> absl::StatusOr<bool> {
    SYSCARVE_ASSIGN_OR_RETURN(const bool populated, leaf.Populated());
    if (populated) return false;
    SYSCARVE_ASSIGN_OR_RETURN(const size_t left, session.CountFollowed());
    return left == 0;
  };
  SYSCARVE_ASSIGN_OR_RETURN(
      FollowEnd why, Follow(session, signals,
                            {.over = gone, .events_fd = leaf.events_fd(), .deadline = Clock::now() + options.grace}));
  if (why == FollowEnd::kOver) return end;

  // Counted before the first of them is killed.
  SYSCARVE_ASSIGN_OR_RETURN(size_t found, session.CountFollowed());
  end.ended_by_recorder = found;
  const auto gone_or_killed = [&]() -> absl::StatusOr<bool> {
    SYSCARVE_ASSIGN_OR_RETURN(const bool over, gone());
    if (over) return true;
    SYSCARVE_ASSIGN_OR_RETURN(found, session.CountFollowed());
    // The leaf at once, so that no process in it escapes by forking; then the processes elsewhere.
    SYSCARVE_RETURN_IF_ERROR(leaf.Kill());
    SYSCARVE_RETURN_IF_ERROR(session.KillEveryone());
    return false;
  };
  const FollowUntil all_dead = {
      .over = gone_or_killed, .events_fd = leaf.events_fd(), .deadline = Clock::now() + options.kill_limit};
  do {
    SYSCARVE_ASSIGN_OR_RETURN(why, Follow(session, signals, all_dead));
  } while (why == FollowEnd::kAskedToEnd);  // That is in progress.
  if (why == FollowEnd::kDeadline) {
    session.aggregator().AddLoss({"recorder_stopped", found, true, "killed processes that do not end"});
  }
  return end;
}

// Follows an existing subject until the end of the recording. `gone` returns whether nothing is left of it.
absl::Status FollowExisting(BpfSession& session, SignalForwarder& signals, const RecordOptions& options, int events_fd,
                            const std::function<absl::StatusOr<bool>()>& gone) {
  FollowUntil until = {.over = gone, .events_fd = events_fd};
  if (options.duration) until.deadline = Clock::now() + *options.duration;
  options.note(options.duration ? "recording" : "recording; Ctrl-C ends it");
  SYSCARVE_ASSIGN_OR_RETURN(const FollowEnd why, Follow(session, signals, until));
  if (why == FollowEnd::kOver) options.note("nothing of it is left");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RecordOutcome> RecordCommandWithBpf(const Command& command, const RecordOptions& options,
                                                   SignalForwarder& signals, RecordStage& stage) {
  stage = RecordStage::kSetUp;
  SYSCARVE_ASSIGN_OR_RETURN(CgroupLeaf leaf, options.host.make_leaf());
  SYSCARVE_ASSIGN_OR_RETURN(BpfSession session,
                            BpfSession::Begin(options.host, ToBpf(options, HasFilter(getpid())), options.run_name,
                                              /*keep_runtime_phase=*/false));
  // Followed before the child moves in: all that it does there is recorded, and its set-up is not counted as the
  // command's.
  SYSCARVE_RETURN_IF_ERROR(session.AddSubject({.kind = SubjectKind::kCommand, .name = options.subject_name},
                                              leaf.directory(), KernelSource::CgroupKind::kPlain));

  SYSCARVE_ASSIGN_OR_RETURN(const Command marked, session.OfferMarks(command, options.mark_by));
  const ExecImage image(marked);
  SYSCARVE_RETURN_IF_ERROR(session.source().MarkChildren());
  SYSCARVE_ASSIGN_OR_RETURN(WaitingChild child, WaitingChild::Start(image));
  // On an early error the child, and what it has executed, must not stay behind.
  absl::Cleanup end_child = [&] {
    (void)leaf.Kill();
    (void)session.KillEveryone();
    kill(child.pid(), SIGKILL);
    waitpid(child.pid(), nullptr, 0);
  };
  session.CommandStarted();
  SYSCARVE_RETURN_IF_ERROR(leaf.Add(child.pid()));
  SYSCARVE_ASSIGN_OR_RETURN(const Guardian guardian, Guardian::Start({.leaf = &leaf,
                                                                      .command = child.pid(),
                                                                      .mark_folder = session.mark_folder(),
                                                                      .checkpoint = options.safety.checkpoint_path}));
  SYSCARVE_RETURN_IF_ERROR(session.Settle(options.safety.give_up_privileges));
  session.OfferCheckpoints(options.safety.checkpoint);
  SYSCARVE_RETURN_IF_ERROR(child.Release());
  stage = RecordStage::kExec;
  SYSCARVE_RETURN_IF_ERROR(child.ReadExecFailure(command.path));
  stage = RecordStage::kRunning;
  SYSCARVE_ASSIGN_OR_RETURN(const CommandEnd end, FollowCommand(session, leaf, signals, child.pid(), options));
  std::move(end_child).Cancel();
  if (end.ended_by_recorder != 0) {
    options.note(
        absl::StrCat("ended ", end.ended_by_recorder, " process(es) that outlived the command and the grace period"));
  }
  session.aggregator().SetCommandEnd(end);
  RecordOutcome outcome;
  SYSCARVE_ASSIGN_OR_RETURN(outcome.recording, session.End());
  outcome.command_status = end.status;
  return outcome;
}

absl::StatusOr<RecordOutcome> RecordCgroupWithBpf(const std::string& cgroup, const RecordOptions& options,
                                                  SignalForwarder& signals) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string mount, options.host.cgroup_mount());
  // Both common forms: the directory, and the path in /proc/PID/cgroup.
  const std::string path = cgroup.starts_with(mount + "/") ? cgroup.substr(mount.size()) : cgroup;
  const std::string directory = absl::StrCat(mount, path.starts_with("/") ? "" : "/", path);
  UniqueFd events(open((directory + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events.valid()) {
    const absl::Status error = PosixError(absl::StrCat("open ", directory, "/cgroup.events"), errno);
    const bool root = path.find_first_not_of('/') == std::string::npos;
    return WithHint(
        error,
        root ? "The root cgroup holds the whole host; name a cgroup below it."
             : absl::StrCat("A cgroup's path is what /proc/PID/cgroup has behind 0::, or begins with ", mount, "."));
  }

  std::set<pid_t> earlier;
  const auto look = [&] {
    for (const pid_t pid : ProcessesInCgroup(directory)) earlier.insert(pid);
  };
  look();
  const bool filtered = std::ranges::any_of(earlier, HasFilter);
  SYSCARVE_ASSIGN_OR_RETURN(BpfSession session, BpfSession::Begin(options.host, ToBpf(options, filtered),
                                                                  options.run_name, /*keep_runtime_phase=*/true));
  // Again, because arming takes time, and once more for processes that arrived before the first recorded call. The last
  // list may include a process whose start was recorded, too: this loss may be too high, never too low.
  look();
  SYSCARVE_RETURN_IF_ERROR(
      session.AddSubject({.kind = SubjectKind::kCgroup, .name = options.subject_name, .cgroup = path}, directory,
                         KernelSource::CgroupKind::kRunning));
  look();
  if (!earlier.empty()) session.aggregator().AddLoss(StartedBeforeLoss(earlier.size()));
  SYSCARVE_RETURN_IF_ERROR(session.Settle(options.safety.give_up_privileges));
  session.OfferCheckpoints(options.safety.checkpoint);
  bool was_populated = !earlier.empty();
  auto gone = [&]() -> absl::StatusOr<bool> {
    // A removed cgroup can no longer be read. An empty one that no process has used yet is waited for.
    const auto populated = IsPopulated(events.get());
    was_populated = was_populated || !populated.ok() || *populated;
    if (!was_populated || populated.value_or(false)) return false;
    SYSCARVE_ASSIGN_OR_RETURN(const size_t left, session.CountFollowed());
    return left == 0;
  };
  SYSCARVE_RETURN_IF_ERROR(FollowExisting(session, signals, options, events.get(), gone));
  RecordOutcome outcome;
  SYSCARVE_ASSIGN_OR_RETURN(outcome.recording, session.End());
  return outcome;
}

absl::StatusOr<RecordOutcome> RecordProcessWithBpf(pid_t process, const RecordOptions& options,
                                                   SignalForwarder& signals) {
  if (!ReadProcess(process)) return absl::NotFoundError(absl::StrCat("no process ", process));
  // A pidfd identifies this very process: it becomes readable at its end, and cannot refer to a later process with the
  // same number.
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (!pidfd.valid()) return PosixError(absl::StrCat("open process ", process), errno);
  SYSCARVE_ASSIGN_OR_RETURN(BpfSession session,
                            BpfSession::Begin(options.host, ToBpf(options, HasFilter(process)), options.run_name,
                                              /*keep_runtime_phase=*/true));
  SYSCARVE_RETURN_IF_ERROR(session.AddProcess(
      {.kind = SubjectKind::kProcess, .name = options.subject_name, .cgroup = CgroupOfProcess(process).value_or("")},
      process));
  // From here on the kernel side follows forks. Children from before are searched for until no new one is found.
  std::set<pid_t> followed = {process};
  for (bool found = true; found;) {
    found = false;
    for (const ProcessInfo& descendant : FindDescendants(process)) {
      if (!followed.insert(descendant.pid).second) continue;
      SYSCARVE_RETURN_IF_ERROR(session.source().FollowProcess(descendant.pid, session.subject()));
      found = true;
    }
  }
  session.aggregator().AddLoss(StartedBeforeLoss(followed.size()));
  SYSCARVE_RETURN_IF_ERROR(session.Settle(options.safety.give_up_privileges));
  session.OfferCheckpoints(options.safety.checkpoint);
  auto gone = [&]() -> absl::StatusOr<bool> {
    pollfd ended = {.fd = pidfd.get(), .events = POLLIN};
    if (poll(&ended, 1, 0) != 1) return false;
    SYSCARVE_ASSIGN_OR_RETURN(const size_t left, session.CountFollowed());
    return left == 0;
  };
  SYSCARVE_RETURN_IF_ERROR(FollowExisting(session, signals, options, -1, gone));
  RecordOutcome outcome;
  SYSCARVE_ASSIGN_OR_RETURN(outcome.recording, session.End());
  return outcome;
}

}  // namespace syscarve
