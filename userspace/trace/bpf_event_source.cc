// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/bpf_event_source.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <future>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bpf/recorder.h"
#include "recorder.skel.h"
#include "userspace/base/unique_fd.h"
#include "userspace/model/profile_target.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/cgroup.h"
#include "userspace/trace/argument_calls.h"
#include "userspace/trace/bpf_error.h"
#include "userspace/trace/capability_sites.h"
#include "userspace/trace/evidence_calls.h"
#include "userspace/trace/kernel_tables.h"
#include "userspace/trace/libbpf_words.h"
#include "userspace/trace/preemption.h"
#include "userspace/trace/program_barrier.h"

namespace syscarve {
namespace {

// Counters take 8 KiB per slot and CPU; this limits their total.
constexpr size_t kCounterMemory = size_t{256} << 20;
constexpr uint32_t kMaxSlots = 1024;
constexpr uint32_t kMinSlots = 128;
constexpr uint32_t kMaxContainerSlots = 4096;
constexpr uint32_t kContainerRingBytes = 8u << 20;
// A container's runtime makes about a hundred distinct calls, which have no row of counters.
constexpr uint32_t kSparseCallsPerContainer = 256;
constexpr uint32_t kDenialsPerContainer = 64;
constexpr uint32_t kCapabilityChecksPerContainer = 128;
constexpr uint32_t kSignalsPerContainer = 32;
constexpr uint32_t kArgumentValuesPerContainer = 256;
constexpr uint32_t kArgumentSetsPerContainer = 64;
constexpr uint32_t kFilesOfOne = 8192;
constexpr uint32_t kNamedFilesOfOne = 2048;
constexpr uint32_t kDirectoriesOfOne = 4096;
constexpr uint32_t kEndpointsOfOne = 1024;
constexpr uint32_t kIdsOfOne = 1024;
constexpr uint32_t kContainersWithEvidence = 8;  // Room for this many that each use as much as a single subject may.
constexpr uint32_t kArgumentFilesPerContainer = 64;
constexpr uint32_t kProcessesPerContainer = 128;  // At the same time, on average.
constexpr uint32_t kStreamRingBytes = 64u << 20;
constexpr uint64_t kStreamWakeupBytes = 512u << 10;

// As watch_level() of the kernel side, which may run concurrently.
bool WatchLevel(__u32 (&levels)[RECORDER_SUBJECT_LEVELS], uint32_t level) {
  const uint32_t level_and_one = level + 1;
  for (__u32& watched : levels) {
    __u32 before = 0;
    if (__atomic_compare_exchange_n(&watched, &before, level_and_one, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
        before == level_and_one) {
      return true;
    }
  }
  return false;
}

static_assert(kMaxRecordedArguments == RECORDER_ARGUMENTS && kMaxRecordedValues == RECORDER_ARGUMENT_VALUES);

// Configures which arguments the kernel side keeps.
absl::Status KeepArguments(const ArgumentCalls& calls, Abi native, recorder& skeleton) {
  auto& rodata = *skeleton.rodata;
  uint8_t place = 0;
  for (const auto& [id, call] : calls) {
    const std::span<const Abi> served = AbisServedBeside(native);
    const auto abi = static_cast<uint32_t>(std::ranges::find(served, id.abi) - served.begin());
    // x32's calls use the entries of the native table.
    if (abi > RECORDER_ABI_COMPAT || id.nr >= RECORDER_PLANE_SIZE) continue;
    if (++place >= RECORDER_ARGUMENT_CALLS) return absl::InternalError("arguments of too many calls are to be kept");
    recorder_argument_call& kept = rodata.argument_calls[place];
    kept.count = static_cast<__u8>(call.masks.size());
    kept.pointed_to = call.call->pointed_to;
    for (size_t i = 0; i < call.masks.size(); ++i) {
      kept.index[i] = static_cast<__u8>(call.call->indexes[i]);
      kept.mask[i] = call.masks[i];
    }
    if (call.call->descriptor.has_value()) kept.descriptor = static_cast<__u8>(*call.call->descriptor + 1);
    kept.conditional = call.call->options.has_value();
    for (const uint64_t option : call.call->options.value_or(std::set<uint64_t>())) {
      kept.options[option / 64] |= uint64_t{1} << option % 64;
    }
    rodata.argument_call_of[abi * RECORDER_PLANE_SIZE + static_cast<uint32_t>(id.nr)] = place;
  }
  rodata.keep_arguments = true;
  return absl::OkStatus();
}

// Configures which calls leave evidence, and sizes the maps for it.
absl::Status KeepEvidence(const BpfOptions& options, recorder& skeleton) {
  auto& rodata = *skeleton.rodata;
  uint8_t place = 0;
  for (const EvidenceCall& call : EvidenceCalls()) {
    bool known = false;
    for (const uint32_t abi : {RECORDER_ABI_NATIVE, RECORDER_ABI_COMPAT}) {
      const std::span<const Abi> served = AbisServedBeside(options.native);
      const auto id = abi < served.size() ? FindSyscall(served[abi], call.name) : std::nullopt;
      if (!id.has_value() || id->nr >= RECORDER_PLANE_SIZE) continue;
      rodata.evidence_call_of[abi * RECORDER_PLANE_SIZE + static_cast<uint32_t>(id->nr)] = place + 1;
      known = true;
    }
    if (!known) continue;
    if (++place >= RECORDER_EVIDENCE_CALLS) return absl::InternalError("too many calls leave evidence");
    rodata.evidence_calls[place] = call.evidence;
  }
  const uint32_t factor = options.enrol_containers ? kContainersWithEvidence : 1;
  bpf_map__set_max_entries(skeleton.maps.files, factor * kFilesOfOne);
  bpf_map__set_max_entries(skeleton.maps.named_files, factor * kNamedFilesOfOne);
  bpf_map__set_max_entries(skeleton.maps.directories, factor * kDirectoriesOfOne);
  bpf_map__set_max_entries(skeleton.maps.endpoints, factor * kEndpointsOfOne);
  bpf_map__set_max_entries(skeleton.maps.process_ids, factor * kIdsOfOne);
  rodata.keep_evidence = true;
  return absl::OkStatus();
}

// Whether raw tracepoints are preemptible: as measured, or, if the probe failed, by the kernel version.
bool IsPreemptible(std::optional<bool> measured) {
  if (measured.has_value()) return *measured;
  utsname name = {};
  uname(&name);
  const auto kernel = KernelVersionFromRelease(name.release);
  return kernel.has_value() && *kernel >= KernelVersion{7, 0};
}

}  // namespace

struct BpfEventSource::State {
  ~State() {
    ring_buffer__free(ring);
    recorder__destroy(skeleton);
  }

  BpfOptions options;
  AttachForm form = AttachForm::kTpBtf;
  bool preemptible = false;
  recorder* skeleton = nullptr;
  ring_buffer* ring = nullptr;
  ProgramBarrier barrier;
  ArgumentCalls argument_calls;
  EventReader* reader = nullptr;  // Of the Drain that is running.
  CapabilitySource capability_source = CapabilitySource::kNone;
  uint32_t slot_limit = 0;
  uint32_t subject_limit = 0;

  KernelTables Tables() const {
    return {*skeleton,
            {.native = options.native, .slots = slot_limit, .subjects = subject_limit, .arguments = &argument_calls}};
  }
};

BpfEventSource::BpfEventSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
BpfEventSource::~BpfEventSource() = default;

absl::StatusOr<std::unique_ptr<BpfEventSource>> BpfEventSource::Create(const BpfOptions& options) {
  SetLibbpfLogLevel();
  SYSCARVE_ASSIGN_OR_RETURN(std::optional<AttachForm> requested, FormFromEnvironment());
  // Exits need the enters of the same events.
  if (requested == AttachForm::kHandlers && options.track_denials) requested = AttachForm::kTracepoint;
  if (requested) return CreateAs(*requested, options);
  // The probe runs in parallel with loading the form that the version suggests, which takes longer.
  std::future<std::optional<bool>> probe = std::async(std::launch::async, RawTracepointsArePreemptible);
  const bool expected = IsPreemptible(/*measured=*/std::nullopt);
  auto first = expected ? CreateUnpreempted(options) : CreateAs(AttachForm::kTpBtf, options);
  const bool preemptible = IsPreemptible(probe.get());
  if (first.ok() && expected == preemptible) return first;
  auto second = expected ? CreateAs(AttachForm::kTpBtf, options) : CreateUnpreempted(options);
  auto& raw = expected ? second : first;
  auto& unpreempted = expected ? first : second;
  // Raw tracepoints are the cheapest form where tasks are not preempted there. Elsewhere they are a fallback, whose
  // losses are counted. If no form works, their error names what the host lacks.
  if (unpreempted.ok() && (preemptible || !raw.ok())) return std::move(unpreempted);
  if (raw.ok()) (*raw)->state_->preemptible = preemptible;
  return std::move(raw);
}

absl::StatusOr<std::unique_ptr<BpfEventSource>> BpfEventSource::CreateUnpreempted(const BpfOptions& options) {
  if (!options.track_denials) {
    if (auto source = CreateAs(AttachForm::kHandlers, options); source.ok()) return source;
  }
  return CreateAs(AttachForm::kTracepoint, options);
}

absl::StatusOr<std::unique_ptr<BpfEventSource>> BpfEventSource::CreateAs(AttachForm form, const BpfOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->form = form;
  state->barrier = ProgramBarrier::Create();
  state->skeleton = recorder__open();
  if (state->skeleton == nullptr) return BpfError("open the BPF object", errno);
  recorder& skeleton = *state->skeleton;

  if (options.capabilities) state->capability_source = BestCapabilitySource(form);
  ChoosePrograms({.form = form,
                  .exits = options.track_denials,
                  .cgroups = options.enrol_containers,
                  .capabilities = state->capability_source},
                 skeleton);

  const int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0) return BpfError("count the CPUs", -cpus);
  state->slot_limit =
      static_cast<uint32_t>(std::clamp<size_t>(kCounterMemory / sizeof(recorder_counters) / static_cast<size_t>(cpus),
                                               kMinSlots, options.enrol_containers ? kMaxContainerSlots : kMaxSlots));
  if (options.max_subjects == 0 || options.max_subjects >= RECORDER_MAX_SUBJECTS) {
    return absl::InvalidArgumentError(absl::StrCat("there can be 1 to ", RECORDER_MAX_SUBJECTS - 1, " subjects"));
  }
  // Numbers start at 1.
  state->subject_limit = options.max_subjects + 1;
  bpf_map__set_max_entries(skeleton.maps.subjects, state->subject_limit);
  bpf_map__set_max_entries(skeleton.maps.cgroup_subjects, state->subject_limit);
  if (options.enrol_containers) bpf_map__set_max_entries(skeleton.maps.container_subjects, state->subject_limit);
  bpf_map__set_max_entries(skeleton.maps.process_subjects, options.max_processes);
  if (options.enrol_containers) {
    const auto grow = [&](bpf_map* map, uint32_t per_container) {
      bpf_map__set_max_entries(map, std::max(bpf_map__max_entries(map), options.max_subjects * per_container));
    };
    grow(skeleton.maps.sparse_calls, kSparseCallsPerContainer);
    grow(skeleton.maps.denials, kDenialsPerContainer);
    grow(skeleton.maps.capability_checks, kCapabilityChecksPerContainer);
    grow(skeleton.maps.capability_results, kCapabilityChecksPerContainer);
    grow(skeleton.maps.signals, kSignalsPerContainer);
    grow(skeleton.maps.argument_values, kArgumentValuesPerContainer);
    grow(skeleton.maps.argument_sets, kArgumentSetsPerContainer);
    grow(skeleton.maps.argument_files, kArgumentFilesPerContainer);
    grow(skeleton.maps.runtimes, kProcessesPerContainer);
    grow(skeleton.maps.process_subjects, kProcessesPerContainer);
    bpf_map__set_max_entries(skeleton.maps.events, kContainerRingBytes);
  }
  if (!options.track_denials) {
    for (bpf_map* const map :
         {skeleton.maps.capability_results, skeleton.maps.open_checks, skeleton.maps.latest_refusals}) {
      bpf_map__set_max_entries(map, 1);
    }
  }
  bpf_map__set_max_entries(skeleton.maps.slots, state->slot_limit);
  bpf_map__set_max_entries(skeleton.maps.counters, state->slot_limit);
  bpf_map__set_max_entries(skeleton.maps.slot_ids, state->slot_limit);
  if (options.every_call) bpf_map__set_max_entries(skeleton.maps.events, kStreamRingBytes);
  skeleton.rodata->every_call = options.every_call;
  skeleton.rodata->track_denials = options.track_denials;
  skeleton.rodata->enrol_containers = options.enrol_containers;
  if (options.arguments) {
    SYSCARVE_ASSIGN_OR_RETURN(state->argument_calls, ArgumentCallsFor(options.native));
    SYSCARVE_RETURN_IF_ERROR(KeepArguments(state->argument_calls, options.native, skeleton));
  }
  if (options.hardening) SYSCARVE_RETURN_IF_ERROR(KeepEvidence(options, skeleton));
  skeleton.rodata->slot_limit = state->slot_limit;
  skeleton.rodata->subject_limit = state->subject_limit;
  skeleton.rodata->wakeup_bytes = kStreamWakeupBytes;

  if (const int error = recorder__load(&skeleton); error != 0) return BpfError("load the BPF programs", -error);
  if (state->capability_source != CapabilitySource::kNone) {
    for (const auto& [key, condition] : CapabilityConditions(options.native)) {
      if (bpf_map_update_elem(bpf_map__fd(skeleton.maps.capability_conditions), &key, &condition, BPF_ANY) != 0) {
        return BpfError("write the conditions for the kernel side", errno);
      }
    }
  }
  if (const int error = recorder__attach(&skeleton); error != 0) return BpfError("attach the BPF programs", -error);
  SYSCARVE_RETURN_IF_ERROR(WithBpfHint(AttachChosenPrograms(form, skeleton)));

  auto on_record = [](void* context, void* data, size_t size) {
    auto* self = static_cast<State*>(context);
    self->reader->Read({static_cast<const std::byte*>(data), size});
    return 0;
  };
  state->ring = ring_buffer__new(bpf_map__fd(skeleton.maps.events), on_record, state.get(), nullptr);
  if (state->ring == nullptr) return BpfError("map the ring buffer", errno);
  return std::unique_ptr<BpfEventSource>(new BpfEventSource(std::move(state)));
}

absl::StatusOr<SubjectId> BpfEventSource::FollowCgroup(const std::string& directory, CgroupKind kind) {
  const UniqueFd cgroup(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!cgroup.valid()) return PosixError(absl::StrCat("open the cgroup ", directory), errno);
  recorder_cgroup_query query = {.descriptor = static_cast<uint32_t>(cgroup.get())};
  LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &query, .ctx_size_in = sizeof(query));
  if (bpf_prog_test_run_opts(bpf_program__fd(state_->skeleton->progs.level_of_cgroup), &options) != 0) {
    return BpfError(absl::StrCat("ask how deep the cgroup ", directory, " is"), errno);
  }
  SYSCARVE_ASSIGN_OR_RETURN(const uint64_t id, CgroupId(directory));
  if (query.id != id) return absl::InternalError(absl::StrCat(directory, " is another cgroup to the kernel side"));
  if (!WatchLevel(state_->skeleton->bss->subject_levels, query.level)) {
    return absl::ResourceExhaustedError("subjects are at more depths than there is room for");
  }
  const pid_t first = kind == CgroupKind::kRunningContainer ? FirstProcessOfContainer(directory) : 0;
  SYSCARVE_ASSIGN_OR_RETURN(const SubjectId subject, AddSubject(id, kind, first));
  // Adds the processes that are in the cgroup already.
  SYSCARVE_RETURN_IF_ERROR(FollowedProcesses().status());
  return subject;
}

absl::StatusOr<SubjectId> BpfEventSource::AddSubject(uint64_t cgroup_id, CgroupKind kind, pid_t first) {
  recorder& skeleton = *state_->skeleton;
  const int by_cgroup = bpf_map__fd(skeleton.maps.cgroup_subjects);
  uint32_t number = 0;
  if (cgroup_id != 0 && bpf_map_lookup_elem(by_cgroup, &cgroup_id, &number) == 0) {
    return absl::AlreadyExistsError("the cgroup is followed already");
  }
  number = __atomic_fetch_add(&skeleton.data->next_subject, 1, __ATOMIC_SEQ_CST);
  if (number >= state_->subject_limit) return absl::ResourceExhaustedError("more subjects than there is room for");
  const bool container = kind == CgroupKind::kContainer || kind == CgroupKind::kRunningContainer;
  const bool running = kind == CgroupKind::kRunning || kind == CgroupKind::kRunningContainer;
  const uint32_t unknown = running ? uint32_t{RECORDER_NO_PROCESS} : 0;
  const recorder_subject subject = {.cgroup = cgroup_id,
                                    .flags = container ? uint32_t{RECORDER_SUBJECT_CONTAINER} : 0,
                                    .first = first != 0 ? static_cast<uint32_t>(first) : unknown};
  if (bpf_map_update_elem(bpf_map__fd(skeleton.maps.subjects), &number, &subject, BPF_ANY) != 0) {
    return BpfError("describe the subject", errno);
  }
  if (cgroup_id != 0 && bpf_map_update_elem(by_cgroup, &cgroup_id, &number, BPF_NOEXIST) != 0) {
    // The kernel side was faster; the number allocated here stays unused.
    if (errno == EEXIST) return absl::AlreadyExistsError("the cgroup is followed already");
    return BpfError("follow the cgroup", errno);
  }
  // Invalidates the cached slots of all tasks.
  __atomic_fetch_add(&skeleton.data->generation, 1, __ATOMIC_SEQ_CST);
  return number - 1;
}

absl::StatusOr<std::vector<pid_t>> BpfEventSource::FollowedProcesses() {
  const UniqueFd iterator(bpf_iter_create(bpf_link__fd(state_->skeleton->links.list_processes)));
  if (!iterator.valid()) return BpfError("list the processes that are followed", errno);
  std::vector<pid_t> processes;
  // The kernel side writes whole records, and each read returns whole ones.
  std::array<recorder_process, 512> records;
  while (true) {
    const ssize_t size = read(iterator.get(), records.data(), sizeof(records));
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return PosixError("list the processes that are followed", errno);
    if (size == 0) return processes;
    for (size_t i = 0; i < static_cast<size_t>(size) / sizeof(recorder_process); ++i) {
      processes.push_back(static_cast<pid_t>(records[i].pid));
    }
  }
}

absl::Status BpfEventSource::EnrolChildrenOf(const std::string& directory) {
  SYSCARVE_ASSIGN_OR_RETURN(const uint64_t cgroup_id, CgroupId(directory));
  const uint8_t yes = 1;
  if (bpf_map_update_elem(bpf_map__fd(state_->skeleton->maps.container_parents), &cgroup_id, &yes, BPF_ANY) != 0) {
    return BpfError("watch the cgroup for containers", errno);
  }
  return absl::OkStatus();
}

absl::Status BpfEventSource::MarkRuntime(pid_t process) {
  const uint32_t key = static_cast<uint32_t>(process);
  const recorder_runtime runtime = {};
  if (bpf_map_update_elem(bpf_map__fd(state_->skeleton->maps.runtimes), &key, &runtime, BPF_ANY) != 0) {
    return BpfError(absl::StrCat("mark process ", process, " as the runtime"), errno);
  }
  __atomic_fetch_add(&state_->skeleton->data->generation, 1, __ATOMIC_SEQ_CST);
  return absl::OkStatus();
}

absl::Status BpfEventSource::FollowProcess(pid_t process, SubjectId subject) {
  recorder& skeleton = *state_->skeleton;
  const uint32_t kernel_subject = subject + 1;
  const uint32_t key = static_cast<uint32_t>(process);
  if (bpf_map_update_elem(bpf_map__fd(skeleton.maps.process_subjects), &key, &kernel_subject, BPF_ANY) != 0) {
    return BpfError(absl::StrCat("follow process ", process), errno);
  }
  __atomic_fetch_add(&skeleton.data->generation, 1, __ATOMIC_SEQ_CST);
  return absl::OkStatus();
}

void BpfEventSource::AvoidPreemption() {
  // kernel/bpf/syscall.c (bpf_disable_instrumentation) and kernel/trace/bpf_trace.c (bpf_prog_active).
  if (state_->form == AttachForm::kTpBtf) return;
  const sched_param lowest = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
  (void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest);
}

absl::Status BpfEventSource::MarkChildren() {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (bpf_prog_test_run_opts(bpf_program__fd(state_->skeleton->progs.mark_children), &options) != 0) {
    return BpfError("mark the recorder's children", errno);
  }
  return absl::OkStatus();
}

AttachForm BpfEventSource::attach_form() const {
  return state_->form;
}

bool BpfEventSource::preemptible() const {
  return state_->preemptible;
}

const std::string& BpfEventSource::capability_source() const {
  static const std::string* const kNames = new std::string[3]{"fexit", "tracepoint", "none"};
  return kNames[static_cast<int>(state_->capability_source)];
}

int BpfEventSource::events_fd() const {
  return ring_buffer__epoll_fd(state_->ring);
}

absl::Status BpfEventSource::Drain(EventReader& events) {
  state_->reader = &events;
  const int count = ring_buffer__consume(state_->ring);
  state_->reader = nullptr;
  return count >= 0 ? absl::OkStatus() : BpfError("read the ring buffer", -count);
}

absl::StatusOr<KernelSnapshot> BpfEventSource::Finish(EventReader& events) {
  recorder& skeleton = *state_->skeleton;
  // Exits first: an exit without its enter would count as a refusal.
  bpf_link__destroy(std::exchange(skeleton.links.on_sys_exit, nullptr));
  bpf_link__destroy(std::exchange(skeleton.links.on_perf_sys_exit, nullptr));
  recorder__detach(&skeleton);
  // Detaching does not wait for a program that is running on another CPU.
  const bool settled = state_->barrier.Wait() != ProgramBarrier::Kind::kSlept;
  SYSCARVE_RETURN_IF_ERROR(Drain(events));

  if (state_->options.every_call) {
    std::vector<recorder_stream> streams(static_cast<size_t>(libbpf_num_possible_cpus()));
    const uint32_t zero = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton.maps.streams), &zero, streams.data()) != 0) {
      return BpfError("read the last batches", errno);
    }
    for (recorder_stream& stream : streams) {
      stream.batch.header.type = RECORDER_EVENT_BATCH;
      events.Read(std::as_bytes(std::span(&stream.batch, 1)));
    }
  }
  SYSCARVE_ASSIGN_OR_RETURN(KernelSnapshot snapshot, Read());
  snapshot.unsettled = !settled;
  return snapshot;
}

absl::StatusOr<KernelSnapshot> BpfEventSource::Read() const {
  const recorder& skeleton = *state_->skeleton;
  KernelSnapshot snapshot;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton.obj) {
    if (!bpf_program__autoload(program)) continue;
    bpf_prog_info info = {};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0) snapshot.skipped += info.recursion_misses;
  }
  snapshot.losses = skeleton.bss->losses;
  SYSCARVE_RETURN_IF_ERROR(state_->Tables().Read(snapshot));
  return snapshot;
}

absl::Status BpfEventSource::ReadEvidence(KernelSnapshot& snapshot) const {
  return state_->options.hardening ? state_->Tables().ReadEvidence(snapshot.evidence) : absl::OkStatus();
}

absl::StatusOr<AttachFacts> ProbeBpfRecording() {
  SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<BpfEventSource> source, BpfEventSource::Create({}));
  return AttachFacts{source->attach_form(), source->preemptible(), source->capability_source()};
}

std::string_view ProbeLastReading() {
  switch (ProgramBarrier::Create().Wait()) {
    case ProgramBarrier::Kind::kMembarrier:
      return "membarrier";
    case ProgramBarrier::Kind::kMapOfMaps:
      return "map of maps";
    case ProgramBarrier::Kind::kSlept:
      break;
  }
  return "none";
}

}  // namespace syscarve
