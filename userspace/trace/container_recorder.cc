// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/container_recorder.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "userspace/base/concat.h"
#include "userspace/base/privileges.h"
#include "userspace/base/unique_fd.h"
#include "userspace/process/cgroup.h"
#include "userspace/process/waiting_child.h"
#include "userspace/trace/bpf_session.h"
#include "userspace/trace/follow.h"
#include "userspace/trace/guardian.h"

namespace syscarve {
namespace {

absl::Status EnrolParents(BpfSession& session, const std::string& mount, const std::vector<std::string>& parents) {
  for (const std::string& parent : parents) {
    const std::string directory = Concat(mount, parent.starts_with("/") ? "" : "/", parent);
    SYSCARVE_RETURN_IF_ERROR(session.source().EnrolChildrenOf(directory));
  }
  return absl::OkStatus();
}

// The recording lacks the calls of the start of containers that were running before.
absl::Status FollowRunning(BpfSession& session, const std::string& mount, const std::vector<std::string>& cgroups) {
  for (const std::string& cgroup : cgroups) {
    const auto subject = session.source().FollowCgroup(mount + cgroup, KernelSource::CgroupKind::kRunningContainer);
    if (absl::IsNotFound(subject.status())) continue;  // It has ended meanwhile.
    // The kernel side has enrolled it, so it was created during arming, and none of its calls is missing.
    if (absl::IsAlreadyExists(subject.status())) continue;
    SYSCARVE_RETURN_IF_ERROR(subject.status());
    session.NameSubject(*subject, cgroup);
  }
  return absl::OkStatus();
}

absl::StatusOr<int> RunCommand(BpfSession& session, SignalForwarder& signals, const Command& command,
                               const ContainerRecordOptions& options, RecordStage& stage) {
  SYSCARVE_ASSIGN_OR_RETURN(const Command marked, session.OfferMarks(command, options.record.mark_by));
  const ExecImage image(marked);
  SYSCARVE_ASSIGN_OR_RETURN(WaitingChild child, WaitingChild::Start(image));
  absl::Cleanup end_child = [&] {
    kill(child.pid(), SIGKILL);
    waitpid(child.pid(), nullptr, 0);
  };
  session.CommandStarted();
  SYSCARVE_ASSIGN_OR_RETURN(
      const Guardian guardian,
      Guardian::Start({.command = child.pid(),
                       .mark_folder = session.mark_folder(),
                       .checkpoint = options.record.safety.checkpoint_path,
                       .left = "containers that were recorded are the engine's and run on, recorded by nobody"}));
  SYSCARVE_RETURN_IF_ERROR(session.Settle(options.record.safety.give_up_privileges));
  SYSCARVE_RETURN_IF_ERROR(child.Release());
  stage = RecordStage::kExec;
  SYSCARVE_RETURN_IF_ERROR(child.ReadExecFailure(command.path));
  stage = RecordStage::kRunning;
  SYSCARVE_ASSIGN_OR_RETURN(const int wait_status, FollowChild(session, signals, child.pid()));
  std::move(end_child).Cancel();
  return ShellStatus(wait_status);
}

absl::Status Exercise(BpfSession& session, SignalForwarder& signals, const ContainerRecordOptions& options) {
  Recording so_far;
  SYSCARVE_RETURN_IF_ERROR(session.Show([&so_far](const Recording& recording) { so_far = recording; }));
  std::atomic<bool> stop = false;
  std::atomic<bool> done = false;
  std::thread worker([&] {
    // This thread only communicates with engines over their sockets.
    (void)KeepOnlyCapabilities({CAP_DAC_OVERRIDE});
    options.exercise(so_far, session.ran_before(), stop);
    done = true;
  });
  absl::Status status;
  while (true) {
    const absl::StatusOr<FollowEnd> why = Follow(session, signals, {.over = [&done] { return done.load(); }});
    status = why.status();
    if (why.ok() && *why == FollowEnd::kOver) break;
    stop = true;
    if (!why.ok()) break;
  }
  worker.join();
  return status;
}

BpfOptions ToBpf(const ContainerRecordOptions& options) {
  return {.every_call = options.record.every_call,
          .track_denials = options.record.track_denials || options.record.hardening,
          .enrol_containers = true,
          .max_subjects = options.max_containers,
          .hardening = options.record.hardening,
          .capabilities = options.capabilities};
}

}  // namespace

absl::StatusOr<ContainersOutcome> RecordContainers(const std::optional<Command>& command,
                                                   const ContainerRecordOptions& options, SignalForwarder& signals,
                                                   RecordStage& stage) {
  stage = RecordStage::kSetUp;
  SYSCARVE_ASSIGN_OR_RETURN(const std::string mount, options.record.host.cgroup_mount());
  SYSCARVE_ASSIGN_OR_RETURN(BpfSession session,
                            BpfSession::Begin(options.record.host, ToBpf(options), options.record.run_name,
                                              /*keep_runtime_phase=*/true));
  SYSCARVE_RETURN_IF_ERROR(EnrolParents(session, mount, options.parents));
  SYSCARVE_RETURN_IF_ERROR(FollowRunning(session, mount, options.running()));
  if (!command) SYSCARVE_RETURN_IF_ERROR(session.Settle(options.record.safety.give_up_privileges));
  options.on_armed();
  session.OfferCheckpoints(options.record.safety.checkpoint);

  ContainersOutcome outcome;
  if (command) {
    SYSCARVE_ASSIGN_OR_RETURN(outcome.command_status, RunCommand(session, signals, *command, options, stage));
    session.aggregator().SetCommandEnd({.status = outcome.command_status});
  } else {
    stage = RecordStage::kRunning;
    FollowUntil until;
    if (options.record.duration) until.deadline = BpfSession::Clock::now() + *options.record.duration;
    SYSCARVE_RETURN_IF_ERROR(Follow(session, signals, until).status());
  }
  if (options.exercise) SYSCARVE_RETURN_IF_ERROR(Exercise(session, signals, options));
  SYSCARVE_ASSIGN_OR_RETURN(outcome.recording, session.End());
  outcome.ran_before = session.ran_before();
  outcome.refused = session.refused_containers();
  return outcome;
}

absl::StatusOr<Recording> RecordContainerOf(pid_t init, const ContainerRecordOptions& options,
                                            SignalForwarder& signals) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string mount, options.record.host.cgroup_mount());
  SYSCARVE_ASSIGN_OR_RETURN(const std::string cgroup, options.record.host.cgroup_set_apart(init));
  const UniqueFd events(open((mount + cgroup + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events.valid()) return PosixError(Concat("open ", mount, cgroup, "/cgroup.events"), errno);

  BpfOptions bpf = ToBpf(options);
  bpf.enrol_containers = false;
  bpf.max_subjects = 1;
  SYSCARVE_ASSIGN_OR_RETURN(BpfSession session, BpfSession::Begin(options.record.host, bpf, options.record.run_name,
                                                                  /*keep_runtime_phase=*/true));
  SYSCARVE_RETURN_IF_ERROR(session.AddSubject(
      {.kind = SubjectKind::kContainer, .name = cgroup.substr(cgroup.rfind('/') + 1), .cgroup = cgroup}, mount + cgroup,
      KernelSource::CgroupKind::kContainer));
  SYSCARVE_RETURN_IF_ERROR(session.source().MarkRuntime(init));
  SYSCARVE_RETURN_IF_ERROR(session.Settle(options.record.safety.give_up_privileges));
  options.on_armed();

  const auto gone = [&]() -> absl::StatusOr<bool> {
    // A removed cgroup can no longer be read.
    if (IsPopulated(events.get()).value_or(false)) return false;
    SYSCARVE_ASSIGN_OR_RETURN(const size_t left, session.CountFollowed());
    return left == 0;
  };
  SYSCARVE_RETURN_IF_ERROR(Follow(session, signals, {.over = gone, .events_fd = events.get()}).status());
  return session.End();
}

}  // namespace syscarve
