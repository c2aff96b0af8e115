// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/kernel_tables.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/recorder.h"
#include "recorder.skel.h"
#include "userspace/model/recording_words.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/drivers.h"
#include "userspace/trace/bpf_error.h"
#include "userspace/trace/capability_sites.h"

namespace syscarve {
namespace {

// Calls `visit(key, value)` for every entry of a hash map with one value.
template <typename Key, typename Value, typename Visit>
absl::Status ForEach(const bpf_map* map, Visit visit) {
  const int fd = bpf_map__fd(map);
  Key key;
  Key* previous = nullptr;
  while (bpf_map_get_next_key(fd, previous, &key) == 0) {
    Value value;
    if (bpf_map_lookup_elem(fd, &key, &value) != 0)
      return PosixError(absl::StrCat("read the map ", bpf_map__name(map)), errno);
    visit(key, value);
    previous = &key;
  }
  return errno == ENOENT ? absl::OkStatus() : PosixError(absl::StrCat("walk the map ", bpf_map__name(map)), errno);
}

Phase PhaseOfSparse(uint32_t slot) {
  switch (slot & 3) {
    case RECORDER_PHASE_RUNTIME:
      return Phase::kRuntime;
    case RECORDER_PHASE_BASELINE:
      return Phase::kBaseline;
    default:
      return Phase::kMain;
  }
}

// As in Denial.
int ErrnoFromKernel(const recorder_denial_key& key) {
  switch (key.outcome) {
    case RECORDER_DENIAL_KILLED:
      return 0;
    case RECORDER_DENIAL_TRAPPED:
      return kDenialTrapped;
    case RECORDER_DENIAL_ANSWERED:
      return kDenialAnswered;
    default:
      return key.error;
  }
}

std::vector<LifeEnd> EndsOf(const recorder_subject& subject) {
  std::vector<LifeEnd> ends;
  for (uint32_t i = 0; i < std::min<uint32_t>(subject.end_count, RECORDER_SUBJECT_ENDS); ++i) {
    const recorder_end& end = subject.ends[i];
    ends.push_back(EndOfStatus(static_cast<int>(end.status), static_cast<int>(end.signal)));
  }
  return ends;
}

// The kind of a file as a recording names it.
std::string KindOf(const recorder_file& file, const recorder_argument_file& seen, const Drivers& drivers,
                   const ArgumentTable& table) {
  constexpr unsigned kMajorShift = 20;
  const std::string_view name(seen.name, strnlen(seen.name, sizeof(seen.name)));
  if (seen.anonymous != 0) return KindOfAnonymousFile(name);
  switch (file.type) {
    case RECORDER_NO_FILE:
      return std::string(kNoFile);
    case S_IFSOCK:
      return KindOfSocket(table, file.family);
    default:
      return KindOfFile(drivers, file.type, file.device >> kMajorShift, file.device & ((1U << kMajorShift) - 1), name);
  }
}

}  // namespace

absl::Status KernelTables::Read(KernelSnapshot& snapshot) const {
  SYSCARVE_RETURN_IF_ERROR(ReadSubjects(snapshot));
  SYSCARVE_RETURN_IF_ERROR(ReadRows(snapshot));
  SYSCARVE_RETURN_IF_ERROR(ReadTables(snapshot));
  return ReadArguments(snapshot);
}

absl::Status KernelTables::ReadSubjects(KernelSnapshot& snapshot) const {
  const uint32_t used = std::min<uint32_t>(skeleton_.data->next_subject, limits_.subjects);
  for (uint32_t number = 1; number < used; ++number) {
    recorder_subject subject;
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton_.maps.subjects), &number, &subject) != 0) {
      return BpfError("read the subjects", errno);
    }
    snapshot.subjects.push_back({.cgroup = subject.cgroup,
                                 .path = std::string(subject.path, strnlen(subject.path, sizeof(subject.path))),
                                 .container = (subject.flags & RECORDER_SUBJECT_CONTAINER) != 0,
                                 .started = (subject.flags & RECORDER_SUBJECT_STARTED) != 0,
                                 .filtered = (subject.flags & RECORDER_SUBJECT_FILTERED) != 0,
                                 .no_new_privs = (subject.flags & RECORDER_SUBJECT_NO_NEW_PRIVS) != 0,
                                 .running = subject.first != 0 && subject.first != RECORDER_NO_PROCESS,
                                 .ends = EndsOf(subject),
                                 .started_at = subject.started_ns,
                                 .ended_at = subject.ended_ns,
                                 .caught = subject.caught,
                                 .first_caught = subject.first_caught,
                                 .first_blocked = subject.first_blocked,
                                 .died_of = subject.died_of,
                                 .joined = subject.joined,
                                 .restarts = subject.restarts,
                                 .most_pages = subject.most_pages,
                                 .most_tasks = subject.most_tasks});
  }
  return absl::OkStatus();
}

absl::Status KernelTables::ReadRows(KernelSnapshot& snapshot) const {
  const uint32_t used = std::min<uint32_t>(skeleton_.data->next_slot, limits_.slots);
  std::vector<recorder_counters> per_cpu(static_cast<size_t>(libbpf_num_possible_cpus()));
  for (uint32_t number = 1; number < used; ++number) {
    recorder_slot slot;
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton_.maps.slots), &number, &slot) != 0 ||
        bpf_map_lookup_elem(bpf_map__fd(skeleton_.maps.counters), &number, per_cpu.data()) != 0) {
      return BpfError("read the counters", errno);
    }
    if (slot.key.subject == 0) continue;
    const std::string_view components(slot.path, std::min<size_t>(slot.path_length, sizeof(slot.path)));
    snapshot.slots.push_back({.number = number,
                              .subject = slot.key.subject - 1,
                              .phase = Phase::kMain,
                              .program = {.path = PathFromComponents(components, slot.path_truncated != 0),
                                          .device = slot.key.device,
                                          .inode = slot.key.inode},
                              .caught = slot.caught,
                              .set_user = (slot.privileges & RECORDER_SET_USER) != 0,
                              .set_group = (slot.privileges & RECORDER_SET_GROUP) != 0,
                              .gained = (slot.privileges & RECORDER_GAINED) != 0,
                              .descriptors = slot.descriptors});
    for (uint32_t counter = 0; counter < RECORDER_COUNTERS; ++counter) {
      uint64_t count = 0;
      for (const recorder_counters& cpu : per_cpu) count += cpu.calls[counter];
      if (count == 0) continue;
      const uint32_t abi = counter >= RECORDER_PLANE_SIZE ? RECORDER_ABI_COMPAT : RECORDER_ABI_NATIVE;
      snapshot.calls.push_back(
          {number, {*AbiFromKernel(abi, limits_.native), static_cast<int>(counter % RECORDER_PLANE_SIZE)}, count});
    }
  }
  return absl::OkStatus();
}

absl::Status KernelTables::ReadTables(KernelSnapshot& snapshot) const {
  const Abi native = limits_.native;
  std::set<uint32_t> sparse;
  const auto note = [&sparse](uint32_t slot) {
    if ((slot & RECORDER_SPARSE) != 0) sparse.insert(slot);
  };
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_call_key, uint64_t>(
      skeleton_.maps.sparse_calls, [&](const recorder_call_key& key, uint64_t count) {
        if (const auto abi = AbiFromKernel(key.abi, native); abi && count != 0) {
          note(key.slot);
          snapshot.calls.push_back({key.slot, {*abi, static_cast<int>(key.nr)}, count});
        }
      })));
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_denial_key, uint64_t>(
      skeleton_.maps.denials, [&](const recorder_denial_key& key, uint64_t count) {
        if (const auto abi = AbiFromKernel(key.abi, native); abi && count != 0) {
          note(key.slot);
          snapshot.denials.push_back({key.slot, {*abi, static_cast<int>(key.nr)}, ErrnoFromKernel(key), count});
        }
      })));
  std::map<uint32_t, std::vector<std::string>> sites;
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_site_key, recorder_site>(
      skeleton_.maps.capability_sites, [&sites](const recorder_site_key&, const recorder_site& site) {
        std::vector<std::string_view> frames;
        for (uint32_t i = 0; i < std::min<uint32_t>(site.frames, RECORDER_SITE_FRAMES); ++i) {
          frames.emplace_back(site.functions[i], strnlen(site.functions[i], RECORDER_FUNCTION_BYTES));
        }
        sites[site.number] = AskingFunctions(frames);
      })));
  const auto add = [&](const recorder_capability_key& key, CapabilityChecks checks) {
    std::optional<SyscallId> during;
    if (const auto abi = AbiFromKernel(key.abi, native); abi && key.nr >= 0) during = SyscallId{*abi, key.nr};
    note(key.slot);
    snapshot.capabilities.push_back({key.slot,
                                     key.capability,
                                     during,
                                     (key.flags & RECORDER_CAPABILITY_FOREIGN) != 0,
                                     std::move(checks),
                                     {.functions = key.site == 0 ? std::vector<std::string>() : sites[key.site],
                                      .in_vain = (key.flags & RECORDER_CAPABILITY_IN_VAIN) != 0}});
  };
  // Results first: a check is counted before its call ends.
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_result_key, recorder_result_count>(
      skeleton_.maps.capability_results, [&](const recorder_result_key& key, const recorder_result_count& count) {
        if (count.count == 0) return;
        const CallResult result = {.granted = key.denied == 0, .errno_value = key.error};
        add(key.check, {.results = {{result, {.count = count.count, .ended = count.ended}}}});
      })));
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_capability_key, recorder_capability_count>(
      skeleton_.maps.capability_checks,
      [&](const recorder_capability_key& key, const recorder_capability_count& count) {
        add(key, {.granted = count.granted, .denied = count.denied, .results = {}});
      })));
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_signal_key, uint64_t>(
      skeleton_.maps.signals, [&](const recorder_signal_key& key, uint64_t count) {
        if (count == 0 || key.signal < 1 || key.signal > kSignalCount || key.outcome > RECORDER_SIGNAL_IGNORED ||
            key.origin > RECORDER_SIGNAL_OUTSIDE) {
          return;
        }
        note(key.slot);
        // The enumerators have the same order on both sides.
        snapshot.signals.push_back({key.slot,
                                    {.signal = key.signal,
                                     .outcome = static_cast<SignalOutcome>(key.outcome),
                                     .origin = static_cast<SignalOrigin>(key.origin)},
                                    count});
      })));
  for (const uint32_t slot : sparse) {
    snapshot.slots.push_back(
        {.number = slot, .subject = ((slot & ~RECORDER_SPARSE) >> 2) - 1, .phase = PhaseOfSparse(slot), .program = {}});
  }
  return absl::OkStatus();
}

const ArgumentCall* KernelTables::ArgumentsOf(SyscallId id) const {
  if (id.nr >= RECORDER_PLANE_SIZE) return nullptr;
  const auto call = limits_.arguments->find(id.abi == Abi::kX32 ? SyscallId{limits_.native, id.nr} : id);
  return call == limits_.arguments->end() ? nullptr : &call->second;
}

absl::Status KernelTables::ReadArguments(KernelSnapshot& snapshot) const {
  // An entry for every call that was made, also without values.
  std::map<std::pair<uint32_t, SyscallId>, KernelSnapshot::Arguments> all;
  for (const auto& calls : snapshot.calls) {
    if (const ArgumentCall* const call = ArgumentsOf(calls.id)) {
      all.try_emplace(
          {calls.slot, calls.id},
          KernelSnapshot::Arguments{.slot = calls.slot, .id = calls.id, .seen = call->Nothing(), .counts = {}});
    }
  }
  const auto find = [&](const auto& key) {
    const std::optional<Abi> abi = AbiFromKernel(key.abi, limits_.native);
    return abi ? all.find({key.slot, SyscallId{*abi, key.nr}}) : all.end();
  };
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_argument_key, uint64_t>(
      skeleton_.maps.argument_values, [&](const recorder_argument_key& key, uint64_t count) {
        const auto arguments = find(key);
        if (arguments == all.end()) return;
        const size_t known = std::min<size_t>(arguments->second.seen.indexes.size(), RECORDER_ARGUMENTS);
        arguments->second.counts[{key.values, key.values + known}] += count;
      })));
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_argument_set_key, recorder_argument_set>(
      skeleton_.maps.argument_sets, [&](const recorder_argument_set_key& key, const recorder_argument_set& set) {
        const auto arguments = find(key);
        if (arguments == all.end()) return;
        arguments->second.seen.open |= set.open != 0;
        arguments->second.seen.dirty |= set.dirty != 0;
      })));
  // After the values, so that each call counted there has its kind of file here.
  SYSCARVE_ASSIGN_OR_RETURN(const Drivers* const drivers, ShippedDrivers());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_argument_file_key, recorder_argument_file>(
      skeleton_.maps.argument_files, [&](const recorder_argument_file_key& key, const recorder_argument_file& seen) {
        const auto arguments = find(key.call);
        if (arguments == all.end()) return;
        arguments->second.files[{{key.value}, KindOf(key.file, seen, *drivers, *table)}] += seen.count;
      })));
  for (auto& [key, arguments] : all) snapshot.arguments.push_back(std::move(arguments));
  return absl::OkStatus();
}

absl::Status KernelTables::ReadEvidence(KernelEvidence& evidence) const {
  evidence.kept = true;
  const auto add = [&evidence](const auto& key, const auto& file) {
    std::optional<SeenFile> seen = FileFromKernel(key, file);
    if (seen.has_value())
      evidence.files.push_back(*std::move(seen));
    else
      evidence.paths_cut = true;
  };
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_used_file_key, recorder_used_file>(skeleton_.maps.files, add)));
  SYSCARVE_RETURN_IF_ERROR((ForEach<recorder_name_key, recorder_named_file>(skeleton_.maps.named_files, add)));
  SYSCARVE_RETURN_IF_ERROR((
      ForEach<recorder_endpoint_key, uint8_t>(skeleton_.maps.endpoints, [&](const recorder_endpoint_key& key, uint8_t) {
        const std::optional<Endpoint> endpoint = EndpointFromKernel(key);
        if (endpoint.has_value()) evidence.endpoints.push_back({key.slot, *endpoint});
      })));
  return ForEach<recorder_ids_key, uint8_t>(skeleton_.maps.process_ids, [&](const recorder_ids_key& key, uint8_t) {
    evidence.ids.push_back({key.slot,
                            {.user = key.user,
                             .effective_user = key.effective_user,
                             .group = key.group,
                             .effective_group = key.effective_group}});
  });
}

}  // namespace syscarve
