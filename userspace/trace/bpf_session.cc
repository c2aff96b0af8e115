// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/bpf_session.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "userspace/base/unique_fd.h"
#include "userspace/process/host.h"

namespace syscarve {
namespace {

// The ring is read at least this often, with or without a wake-up.
constexpr std::chrono::milliseconds kPollInterval{100};
// How often the subjects' use of resources is read.
constexpr std::chrono::milliseconds kMeterInterval{500};

uint64_t MonotonicToUnixOffset() {
  timespec monotonic;
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  return UnixNow() -
         (static_cast<uint64_t>(monotonic.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(monotonic.tv_nsec));
}

}  // namespace

BpfSession::BpfSession(const BpfOptions& options, bool keep_runtime_phase, std::unique_ptr<KernelSource> source,
                       Aggregator aggregator)
    : options_(options),
      keep_runtime_phase_(keep_runtime_phase),
      source_(std::move(source)),
      unix_offset_(MonotonicToUnixOffset()),
      event_reader_(NativeAbi(), unix_offset_),
      aggregator_(std::move(aggregator)),
      run_start_(UnixNow()) {}

absl::StatusOr<BpfSession> BpfSession::Begin(const RecorderHost& host, const BpfOptions& options, std::string run_name,
                                             bool keep_runtime_phase) {
  SYSCARVE_ASSIGN_OR_RETURN(auto source, host.arm(options));
  const Method method = {.backend = "bpf",
                         .events = options.every_call ? "all" : "first",
                         .capabilities = source->capability_source(),
                         .denials = options.track_denials ? "sys_exit" : "none",
                         .attach = std::string(AttachFormName(source->attach_form()))};
  SYSCARVE_ASSIGN_OR_RETURN(std::string id, NewRunId());
  BpfSession session(options, keep_runtime_phase, std::move(source), Aggregator(DescribeHost(), method));
  session.aggregator_.BeginRun(std::move(id), std::move(run_name), session.run_start_);
  if (options.hardening) session.controllers_ = FindControllerMounts();
  return session;
}

absl::Status BpfSession::AddSubject(Subject subject, const std::string& directory, KernelSource::CgroupKind kind) {
  return AddSubject(std::move(subject), source_->FollowCgroup(directory, kind));
}

absl::Status BpfSession::AddProcess(Subject subject, pid_t process) {
  SYSCARVE_RETURN_IF_ERROR(AddSubject(std::move(subject), source_->FollowNoCgroup(process)));
  return source_->FollowProcess(process, this->subject());
}

absl::Status BpfSession::AddSubject(Subject subject, absl::StatusOr<SubjectId> id) {
  SYSCARVE_RETURN_IF_ERROR(id.status());
  if (*id != subjects_.size()) return absl::InternalError("the kernel side has subjects of its own");
  if (!subject.cgroup.empty()) Meter(*id, subject.cgroup);
  subjects_.push_back(subject);
  aggregator_.AddSubject(std::move(subject));
  return absl::OkStatus();
}

void BpfSession::Meter(SubjectId subject, const std::string& cgroup) {
  if (!controllers_.has_value()) return;
  const auto [meter, added] = meters_.try_emplace(subject, *controllers_, cgroup);
  // A subject that lives for less than an interval would have no peaks at all, not even those that the kernel side
  // reads at its end.
  if (added) meter->second.Read(Clock::now());
}

void BpfSession::MeterResources() {
  if (!controllers_.has_value()) return;
  for (const auto& [subject, cgroup] : event_reader_.TakeNewContainers()) Meter(subject, cgroup);
  const Clock::time_point now = Clock::now();
  if (now < next_reading_) return;
  next_reading_ = now + kMeterInterval;
  for (auto& [subject, meter] : meters_) meter.Read(now);
}

void BpfSession::AggregateEvidence(const KernelSnapshot& now) {
  AggregateLives(now, unix_offset_, aggregator_);
  std::vector<std::optional<Peaks>> peaks(now.subjects.size());
  for (auto& [subject, meter] : meters_) {
    meter.Read(Clock::now());
    if (subject < peaks.size()) peaks[subject] = meter.peaks();
  }
  AggregateHardening(now, peaks, aggregator_);
}

absl::StatusOr<Command> BpfSession::OfferMarks(const Command& command, MarkBy by) {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
  if (command.identity) {
    user = command.identity->uid;
    group = command.identity->gid;
  }
  SYSCARVE_ASSIGN_OR_RETURN(MarkSocket marks,
                            by == MarkBy::kSocket ? MarkSocket::Listen(user, group) : MarkSocket::Connected());
  Command marked = command;
  const std::string name = std::string(kMarkVariable) + "=";
  std::erase_if(marked.environment, [&](const std::string& variable) { return variable.starts_with(name); });
  marked.environment.push_back(marks.Environment());
  marks_.emplace(std::move(marks));
  return marked;
}

absl::Status BpfSession::Wait(std::vector<pollfd>& descriptors, std::optional<Clock::time_point> deadline) {
  std::chrono::milliseconds wait = kPollInterval;
  if (deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
    wait = std::clamp(left, std::chrono::milliseconds(0), wait);
  }
  const size_t callers = descriptors.size();
  descriptors.push_back({.fd = source_->events_fd(), .events = POLLIN});
  if (marks_) marks_->AddDescriptors(descriptors);
  const int ready = poll(descriptors.data(), descriptors.size(), static_cast<int>(wait.count()));
  descriptors.resize(callers);
  if (ready < 0 && errno != EINTR) return PosixError("poll", errno);
  SYSCARVE_RETURN_IF_ERROR(source_->Drain(event_reader_));
  if (marks_) marks_->Serve([this](const std::string& name) { return NextRun(name); });
  MeterResources();
  return Checkpoint();
}

absl::Status BpfSession::Checkpoint() {
  const Clock::time_point begin = Clock::now();
  if (!checkpoint_ || !schedule_.Due(begin)) return absl::OkStatus();
  SYSCARVE_RETURN_IF_ERROR(Show(checkpoint_));
  schedule_.Made(begin, Clock::now());
  return absl::OkStatus();
}

absl::Status BpfSession::Show(absl::FunctionRef<void(const Recording&)> use) {
  // Listing the processes records the signals for which they have handlers.
  SYSCARVE_RETURN_IF_ERROR(source_->FollowedProcesses().status());
  SYSCARVE_ASSIGN_OR_RETURN(KernelSnapshot now, source_->Read());
  SYSCARVE_RETURN_IF_ERROR(source_->ReadEvidence(now));
  SYSCARVE_RETURN_IF_ERROR(source_->Drain(event_reader_));
  const UnixNanos at = UnixNow();
  UpdateSubjects(now);
  const auto count = [&] {
    // The stream is in the middle of a batch, so it is not compared.
    AggregateLosses(now, event_reader_, /*every_call=*/false, aggregator_);
    AggregateRun(now, {.before = before_ ? &*before_ : nullptr, .from = before_ ? run_start_ : 0, .until = at},
                 event_reader_, keep_runtime_phase_, aggregator_);
    AggregateEvidence(now);
    aggregator_.AddLoss(CheckpointLoss());
  };
  aggregator_.Preview(at, count, use);
  return absl::OkStatus();
}

absl::StatusOr<size_t> BpfSession::CountFollowed() {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<pid_t> followed, source_->FollowedProcesses());
  return followed.size();
}

absl::Status BpfSession::KillEveryone() {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<pid_t> found, source_->FollowedProcesses());
  std::map<pid_t, UniqueFd> descriptors;
  for (const pid_t process : found) {
    descriptors.emplace(process, UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, process, 0))));
  }
  // If a pid is still followed after its descriptor was opened, the descriptor is not of another process that reused
  // the pid in between.
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<pid_t> still, source_->FollowedProcesses());
  for (const pid_t process : still) {
    const auto known = descriptors.find(process);
    if (known == descriptors.end() || !known->second.valid()) continue;
    syscall(SYS_pidfd_send_signal, known->second.get(), SIGKILL, nullptr, 0);
  }
  return absl::OkStatus();
}

std::vector<SubjectId> BpfSession::ran_before() const {
  std::vector<SubjectId> ids;
  for (const auto& [id, cgroup] : ran_before_) ids.push_back(id);
  return ids;
}

void BpfSession::UpdateSubjects(const KernelSnapshot& now) {
  for (SubjectId id = 0; id < now.subjects.size(); ++id) {
    const KernelSubject& seen = now.subjects[id];
    if (id == subjects_.size()) {
      const auto before = ran_before_.find(id);
      const std::string cgroup = before == ran_before_.end() ? seen.path : before->second;
      subjects_.push_back(
          {.kind = SubjectKind::kContainer, .name = cgroup.substr(cgroup.rfind('/') + 1), .cgroup = cgroup});
      aggregator_.AddSubject(subjects_.back());
    }
    Subject& subject = subjects_[id];
    // `docker exec` starts programs, too; the container's own start was before the recording.
    if (ran_before_.contains(id)) continue;
    if (subject.kind != SubjectKind::kContainer || !seen.started || subject.start) continue;
    subject.start = ContainerStart{.filtered = seen.filtered, .no_new_privs = seen.no_new_privs};
    aggregator_.SetSubject(id, subject);
  }
}

void BpfSession::EndRun(KernelSnapshot now, UnixNanos at) {
  UpdateSubjects(now);
  const bool last = at == UINT64_MAX;
  AggregateRun(now, {.before = before_ ? &*before_ : nullptr, .from = before_ ? run_start_ : 0, .until = at},
               event_reader_, keep_runtime_phase_, aggregator_);
  if (!last) before_ = std::move(now);
}

absl::Status BpfSession::Settle(const std::function<absl::Status()>& give_up_privileges) {
  source_->AvoidPreemption();
  return give_up_privileges();
}

absl::Status BpfSession::NextRun(const std::string& name) {
  SYSCARVE_ASSIGN_OR_RETURN(std::string id, NewRunId());
  SYSCARVE_ASSIGN_OR_RETURN(KernelSnapshot now, source_->Read());
  // The events of all counts in the snapshot are in the ring by now.
  SYSCARVE_RETURN_IF_ERROR(source_->Drain(event_reader_));
  const UnixNanos at = UnixNow();
  EndRun(std::move(now), at);
  aggregator_.EndRun(at);
  run_start_ = at;
  aggregator_.BeginRun(std::move(id), name, at);
  schedule_.RunEnded();
  return Checkpoint();
}

absl::StatusOr<Recording> BpfSession::End() {
  // Listing the processes records the signals for which they have handlers.
  SYSCARVE_RETURN_IF_ERROR(source_->FollowedProcesses().status());
  SYSCARVE_ASSIGN_OR_RETURN(KernelSnapshot end, source_->Finish(event_reader_));
  SYSCARVE_RETURN_IF_ERROR(source_->ReadEvidence(end));
  AggregateLosses(end, event_reader_, options_.every_call, aggregator_);
  UpdateSubjects(end);
  AggregateEvidence(end);
  EndRun(std::move(end), UINT64_MAX);
  return aggregator_.Finish(UnixNow());
}

}  // namespace syscarve
