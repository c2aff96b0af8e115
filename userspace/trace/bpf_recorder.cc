#include "userspace/trace/bpf_recorder.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "userspace/base/file.h"
#include "userspace/base/unique_fd.h"
#include "userspace/trace/aggregator.h"
#include "userspace/trace/bpf_event_source.h"
#include "userspace/trace/cgroup.h"
#include "userspace/trace/host.h"
#include "userspace/trace/process_tree.h"
#include "userspace/trace/signals.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;

// How long killed tasks may take to die before we give up waiting for them.
constexpr std::chrono::seconds kKillLimit{10};
// The ring is looked at this often even when nobody wakes us.
constexpr std::chrono::milliseconds kPollInterval{100};

uint64_t MonotonicToUnixOffset() {
  timespec monotonic;
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  return UnixNow() -
         (static_cast<uint64_t>(monotonic.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(monotonic.tv_nsec));
}

// Whether `process` runs under a seccomp filter ("Seccomp:\t2" in /proc/PID/status).
bool HasFilter(pid_t process) {
  const auto status = ReadFile(absl::StrCat("/proc/", process, "/status"), size_t{1} << 20);
  return status.ok() && status->find("\nSeccomp:\t2") != std::string::npos;
}

// What every kind of recording shares: the source, the aggregator, and how they end.
class Session {
 public:
  static absl::StatusOr<Session> Begin(const BpfRecordOptions& options, bool follow_processes, bool track_denials,
                                       Subject subject) {
    const BpfOptions bpf = {
        .every_call = options.every_call, .track_denials = track_denials, .follow_processes = follow_processes};
    SYSCARVE_ASSIGN_OR_RETURN(auto source, BpfEventSource::Create(bpf));
    const Method method = {.backend = "bpf",
                           .events = options.every_call ? "all" : "first",
                           .capabilities = source->capability_source(),
                           .denials = track_denials ? "sys_exit" : "none"};
    Session session(options, std::move(source), Aggregator(DescribeHost(), method));
    session.subject_ = session.aggregator_.AddSubject(std::move(subject));
    SYSCARVE_ASSIGN_OR_RETURN(std::string id, NewRunId());
    session.aggregator_.BeginRun(std::move(id), options.run_name, UnixNow());
    return session;
  }

  BpfEventSource& source() { return *source_; }
  SubjectId subject() const { return subject_; }
  Aggregator& aggregator() { return aggregator_; }
  absl::Status Drain() { return source_->Drain(news_); }

  // Waits for any of `descriptors`, the ring or `deadline`, and drains the ring. On return each descriptor's revents is
  // set.
  absl::Status Wait(std::vector<pollfd>& descriptors, std::optional<Clock::time_point> deadline) {
    std::chrono::milliseconds wait = kPollInterval;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
      wait = std::clamp(left, std::chrono::milliseconds(0), wait);
    }
    descriptors.push_back({.fd = source_->news_fd(), .events = POLLIN});
    const int ready = poll(descriptors.data(), descriptors.size(), static_cast<int>(wait.count()));
    descriptors.pop_back();
    if (ready < 0 && errno != EINTR) return PosixError("poll", errno);
    return Drain();
  }

  absl::StatusOr<Recording> End(bool keep_runtime_phase) {
    SYSCARVE_ASSIGN_OR_RETURN(const KernelSnapshot snapshot, source_->Finish(news_));
    Aggregate(snapshot, news_, options_->every_call, keep_runtime_phase, aggregator_);
    return aggregator_.Finish(UnixNow());
  }

 private:
  Session(const BpfRecordOptions& options, std::unique_ptr<BpfEventSource> source, Aggregator aggregator)
      : options_(&options),
        source_(std::move(source)),
        news_(NativeAbi(), MonotonicToUnixOffset()),
        aggregator_(std::move(aggregator)) {}

  const BpfRecordOptions* options_;
  std::unique_ptr<BpfEventSource> source_;
  NewsReader news_;
  Aggregator aggregator_;
  SubjectId subject_ = 0;
};

// A child that waits, before anything of the command happens, until it is told to go on.
struct WaitingChild {
  pid_t pid = -1;
  UniqueFd go;       // Write one byte: go on.
  UniqueFd failure;  // Gives an errno value when the command could not be executed, nothing when it was.
};

absl::StatusOr<WaitingChild> StartWaitingChild(const ExecImage& image) {
  int go[2];
  if (pipe2(go, O_CLOEXEC) != 0) return PosixError("pipe", errno);
  UniqueFd go_read(go[0]);
  UniqueFd go_write(go[1]);
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) != 0) return PosixError("pipe", errno);
  UniqueFd failure_read(failure[0]);
  UniqueFd failure_write(failure[1]);

  const pid_t pid = fork();
  if (pid < 0) return PosixError("fork", errno);
  if (pid == 0) {
    // Only async-signal-safe calls from here on. Our copy of the other end must go, or the recorder's death would go
    // unnoticed.
    close(go_write.get());
    char byte;
    if (read(go_read.get(), &byte, 1) != 1) _exit(kExitSyscarveFailed);
    int error = image.AssumeIdentity();
    if (error == 0) {
      ExecImage::ResetSignals();
      error = image.Exec();
    }
    (void)!write(failure_write.get(), &error, sizeof(error));
    _exit(kExitCannotExecute);
  }
  return WaitingChild{pid, std::move(go_write), std::move(failure_read)};
}

absl::Status ReadExecFailure(const UniqueFd& failure, const std::string& path) {
  int error = 0;
  if (read(failure.get(), &error, sizeof(error)) != sizeof(error)) return absl::OkStatus();
  return PosixError(absl::StrCat("execute ", path), error);
}

// Follows the leaf until no task is left in it, ending what is left when the grace period is over. Returns the
// command's status.
absl::StatusOr<CommandEnd> FollowCommand(Session& session, CgroupLeaf& leaf, SignalForwarder& signals, pid_t child,
                                         const BpfRecordOptions& options) {
  signals.SetTarget(child);
  CommandEnd end;
  bool command_running = true;
  bool killed = false;
  std::optional<Clock::time_point> deadline;
  while (true) {
    std::vector<pollfd> descriptors = {{.fd = signals.fd(), .events = POLLIN},
                                       {.fd = leaf.events_fd(), .events = POLLPRI}};
    SYSCARVE_RETURN_IF_ERROR(session.Wait(descriptors, deadline));
    const SignalForwarder::News news = signals.HandlePending();
    if (command_running) {
      int wait_status = 0;
      if (waitpid(child, &wait_status, WNOHANG) == child) {
        command_running = false;
        signals.SetTarget(0);
        end.status = ShellStatus(wait_status);
        deadline = Clock::now() + options.grace;
      }
    }
    SYSCARVE_ASSIGN_OR_RETURN(const bool populated, leaf.Populated());
    if (!command_running && !populated) return end;
    if (command_running) continue;
    if (killed) {
      if (Clock::now() >= *deadline) {
        session.aggregator().AddLoss(
            {"recorder_stopped", leaf.Processes().size(), true, "killed processes that do not end"});
        return end;
      }
    } else if (news.asked_to_end || Clock::now() >= *deadline) {
      end.ended_by_recorder = leaf.Processes().size();
      SYSCARVE_RETURN_IF_ERROR(leaf.Kill());
      killed = true;
      deadline = Clock::now() + kKillLimit;
    }
  }
}

// Waits until an existing subject need not be followed any more. `gone` tells that nothing is left of it.
absl::Status FollowExisting(Session& session, SignalForwarder& signals, const BpfRecordOptions& options, int events_fd,
                            const std::function<bool()>& gone) {
  std::optional<Clock::time_point> deadline;
  if (options.duration) deadline = Clock::now() + *options.duration;
  options.note(options.duration ? "recording" : "recording; Ctrl-C ends it");
  while (true) {
    std::vector<pollfd> descriptors = {{.fd = signals.fd(), .events = POLLIN}};
    if (events_fd >= 0) descriptors.push_back({.fd = events_fd, .events = POLLPRI});
    SYSCARVE_RETURN_IF_ERROR(session.Wait(descriptors, deadline));
    if (signals.HandlePending().asked_to_end) return absl::OkStatus();
    if (deadline && Clock::now() >= *deadline) return absl::OkStatus();
    if (gone()) {
      options.note("nothing of it is left");
      return absl::OkStatus();
    }
  }
}

}  // namespace

absl::StatusOr<RecordOutcome> RecordCommandWithBpf(const Command& command, const BpfRecordOptions& options,
                                                   SignalForwarder& signals, RecordStage& stage) {
  stage = RecordStage::kSetUp;
  SYSCARVE_ASSIGN_OR_RETURN(CgroupLeaf leaf, CgroupLeaf::Create());
  SYSCARVE_ASSIGN_OR_RETURN(
      Session session, Session::Begin(options, /*follow_processes=*/false, options.track_denials || HasFilter(getpid()),
                                      {.kind = SubjectKind::kCommand, .name = options.subject_name}));
  // Followed before the child moves in: the move is what marks it as ours in its set-up phase.
  SYSCARVE_RETURN_IF_ERROR(session.source().FollowCgroup(leaf.id(), session.subject()));

  const ExecImage image(command);
  SYSCARVE_ASSIGN_OR_RETURN(WaitingChild child, StartWaitingChild(image));
  // On an early error the child, and whatever it has become, must not stay behind.
  absl::Cleanup end_child = [&] {
    (void)leaf.Kill();
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
  };
  SYSCARVE_RETURN_IF_ERROR(leaf.Add(child.pid));
  if (write(child.go.get(), "g", 1) != 1) return PosixError("start the command", errno);
  stage = RecordStage::kExec;
  SYSCARVE_RETURN_IF_ERROR(ReadExecFailure(child.failure, command.path));
  stage = RecordStage::kRunning;
  SYSCARVE_ASSIGN_OR_RETURN(const CommandEnd end, FollowCommand(session, leaf, signals, child.pid, options));
  std::move(end_child).Cancel();
  if (end.ended_by_recorder != 0) {
    options.note(
        absl::StrCat("ended ", end.ended_by_recorder, " process(es) that outlived the command and the grace period"));
  }
  session.aggregator().SetCommandEnd(end);
  RecordOutcome outcome;
  SYSCARVE_ASSIGN_OR_RETURN(outcome.recording, session.End(/*keep_runtime_phase=*/false));
  outcome.command_status = end.status;
  return outcome;
}

absl::StatusOr<RecordOutcome> RecordCgroupWithBpf(const std::string& cgroup, const BpfRecordOptions& options,
                                                  SignalForwarder& signals) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string mount, FindCgroup2Mount());
  // Both spellings people have at hand: the directory, and the path that /proc/PID/cgroup shows.
  const std::string path = cgroup.starts_with(mount + "/") ? cgroup.substr(mount.size()) : cgroup;
  const std::string directory = absl::StrCat(mount, path.starts_with("/") ? "" : "/", path);
  SYSCARVE_ASSIGN_OR_RETURN(const uint64_t id, CgroupId(directory));
  UniqueFd events(open((directory + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events.valid()) {
    return WithHint(PosixError(absl::StrCat("open ", directory, "/cgroup.events"), errno),
                    "The root cgroup holds the whole host; name a cgroup below it.");
  }

  bool filtered = false;
  const std::vector<pid_t> processes = ProcessesInCgroup(directory);
  for (const pid_t pid : processes) filtered = filtered || HasFilter(pid);
  SYSCARVE_ASSIGN_OR_RETURN(
      Session session, Session::Begin(options, /*follow_processes=*/false, options.track_denials || filtered,
                                      {.kind = SubjectKind::kCgroup, .name = options.subject_name, .cgroup = path}));
  SYSCARVE_RETURN_IF_ERROR(session.source().FollowCgroup(id, session.subject()));
  bool was_populated = !processes.empty();
  auto gone = [&]() -> bool {
    // A cgroup that was removed can no longer be read. An empty one that nothing has used yet is waited for.
    const auto populated = IsPopulated(events.get());
    if (!populated.ok()) return true;
    was_populated = was_populated || *populated;
    return was_populated && !*populated;
  };
  SYSCARVE_RETURN_IF_ERROR(FollowExisting(session, signals, options, events.get(), gone));
  RecordOutcome outcome;
  SYSCARVE_ASSIGN_OR_RETURN(outcome.recording, session.End(/*keep_runtime_phase=*/true));
  return outcome;
}

absl::StatusOr<RecordOutcome> RecordProcessWithBpf(pid_t process, const BpfRecordOptions& options,
                                                   SignalForwarder& signals) {
  if (!ReadProcess(process)) return absl::NotFoundError(absl::StrCat("no process ", process));
  // A pidfd is this very process: it becomes readable at its end, and no later process of the same number can be taken
  // for it.
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (!pidfd.valid()) return PosixError(absl::StrCat("open process ", process), errno);
  SYSCARVE_ASSIGN_OR_RETURN(
      Session session, Session::Begin(options, /*follow_processes=*/true, options.track_denials || HasFilter(process),
                                      {.kind = SubjectKind::kProcess,
                                       .name = options.subject_name,
                                       .cgroup = CgroupOfProcess(process).value_or("")}));
  SYSCARVE_RETURN_IF_ERROR(session.source().FollowCgroup(0, session.subject()));
  SYSCARVE_RETURN_IF_ERROR(session.source().FollowProcess(process, session.subject()));
  // From here on forks are followed in the kernel. Children from before are looked for until no new one turns up.
  std::set<pid_t> followed = {process};
  for (bool found = true; found;) {
    found = false;
    for (const ProcessInfo& descendant : FindDescendants(process)) {
      if (!followed.insert(descendant.pid).second) continue;
      SYSCARVE_RETURN_IF_ERROR(session.source().FollowProcess(descendant.pid, session.subject()));
      found = true;
    }
  }
  auto gone = [&]() -> bool {
    pollfd ended = {.fd = pidfd.get(), .events = POLLIN};
    return poll(&ended, 1, 0) == 1;
  };
  SYSCARVE_RETURN_IF_ERROR(FollowExisting(session, signals, options, -1, gone));
  RecordOutcome outcome;
  SYSCARVE_ASSIGN_OR_RETURN(outcome.recording, session.End(/*keep_runtime_phase=*/true));
  return outcome;
}

}  // namespace syscarve
