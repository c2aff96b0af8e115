// SPDX-License-Identifier: Apache-2.0
// The kernel side's counts, as plain data, and their conversion to a Recording. Nothing here accesses the kernel, so a
// test can make up any snapshot, stream or loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bpf/recorder.h"
#include "userspace/model/recording.h"
#include "userspace/model/seen_arguments.h"
#include "userspace/trace/aggregator.h"
#include "userspace/trace/kernel_evidence.h"

namespace syscarve {

// The ABI of a recorder_abi code on a kernel with this native ABI; nullopt for a code that the kernel side never uses.
std::optional<Abi> AbiFromKernel(uint32_t recorder_abi, Abi native);

// A slot's path, which the kernel side wrote leaf first ("nginx\0sbin\0usr\0"), as "/usr/sbin/nginx"; with "…/" in
// front if it is truncated.
std::string PathFromComponents(std::string_view components, bool truncated);

// A subject in the kernel side. Subjects are numbered in the order of enrolment, from 0.
struct KernelSubject {
  uint64_t cgroup = 0;  // Its id.
  std::string path;     // Below the cgroup v2 mount; "" if user space named it.
  bool container = false;
  bool started = false;  // Its program was exec'd during the recording. If so:
  bool filtered = false;
  bool no_new_privs = false;
  // Its life. Times are CLOCK_MONOTONIC nanoseconds, 0 if not seen.
  bool running = false;  // Its first process is known and has not ended.
  std::vector<LifeEnd> ends;
  uint64_t started_at = 0;
  uint64_t ended_at = 0;
  SignalSet caught = 0;  // By programs without a row of counters.
  SignalSet first_caught = 0;
  SignalSet first_blocked = 0;
  SignalSet died_of = 0;
  uint64_t joined = 0;
  uint64_t restarts = 0;
  // With hardening evidence; of its cgroup, or of the nearest one above with that controller; 0: unknown.
  uint64_t most_pages = 0;
  uint64_t most_tasks = 0;
  auto operator<=>(const KernelSubject&) const = default;
};

// The end of a process with this wait(2) status.
LifeEnd EndOfStatus(int wait_status, int taken);

struct KernelSlot {
  uint32_t number = 0;
  SubjectId subject = 0;
  Phase phase = Phase::kMain;
  Program program;
  SignalSet caught = 0;
  // Of the program's file; and `gained`: the program began with more privileges than the task that executed it.
  bool set_user = false;
  bool set_group = false;
  bool gained = false;
  uint64_t descriptors = 0;  // Highest descriptor in any of its processes, plus one.
};

struct KernelSnapshot {
  struct Calls {
    uint32_t slot;
    SyscallId id;
    uint64_t count;
  };
  struct Denials {
    uint32_t slot;
    SyscallId id;
    int errno_value;  // As in Denial.
    uint64_t count;
  };
  struct Capabilities {
    uint32_t slot;
    int capability;
    std::optional<SyscallId> during;
    bool foreign;
    CapabilityChecks checks;
    CapabilitySite site = {};
  };

  // Argument values of one call in one slot, with counts.
  struct Arguments {
    uint32_t slot;
    SyscallId id;
    SeenArguments seen;  // Without values.
    std::map<std::vector<uint64_t>, uint64_t> counts;
    // By value and kind of file, for calls for which kinds of files are kept.
    std::map<std::pair<std::vector<uint64_t>, std::string>, uint64_t> files = {};
  };

  struct Signals {
    uint32_t slot;
    SignalUse use;
    uint64_t count;
  };

  std::vector<KernelSubject> subjects;  // By SubjectId.
  std::vector<KernelSlot> slots;
  std::vector<Calls> calls;
  std::vector<Denials> denials;
  std::vector<Capabilities> capabilities;
  std::vector<Arguments> arguments;  // One for each call in a slot whose arguments are kept.
  std::vector<Signals> signals;
  KernelEvidence evidence;
  recorder_losses losses = {};
  // Number of times the kernel skipped one of the recorder's programs because it was running on that CPU already
  // (bpf_prog_info.recursion_misses).
  uint64_t skipped = 0;
  // Of the last snapshot: a program may still have been running when it was read.
  bool unsettled = false;
};

// Reads the records of the ring. Keeps first sightings and, with `--events all`, the count per slot and call and a
// timeline.
class EventReader {
 public:
  // `unix_offset`: nanoseconds to add to CLOCK_MONOTONIC for the time since 1970.
  EventReader(Abi native, uint64_t unix_offset) : native_(native), unix_offset_(unix_offset) {}

  // Reads one ring record. Malformed ones, which only a version skew can produce, are counted by malformed().
  void Read(std::span<const std::byte> record);

  struct CallKey {
    uint32_t slot;
    SyscallId id;
    auto operator<=>(const CallKey&) const = default;
  };
  const std::map<CallKey, UnixNanos>& sightings() const { return sightings_; }
  // Counts from the stream of every call.
  std::map<CallKey, uint64_t> streamed() const;
  // Calls by slot and millisecond since 1970.
  const std::map<std::pair<uint32_t, uint64_t>, uint64_t>& timeline() const { return timeline_; }
  // Containers for which there was no room, by their cgroup's path.
  const std::vector<std::string>& refused_containers() const { return refused_containers_; }
  // Containers reported since the last call, for which there was room, by their cgroup's path.
  std::map<SubjectId, std::string> TakeNewContainers() { return std::exchange(new_containers_, {}); }
  // Number of containers reported, with and without room for them.
  uint64_t containers_told() const { return containers_told_; }
  uint64_t malformed() const { return malformed_; }
  // First sightings that were reported more than once, which the kernel side never does.
  uint64_t repeated_sightings() const { return repeated_sightings_; }

 private:
  void ReadCall(const recorder_event_call& call);
  void ReadBatch(const recorder_event_batch& batch);
  void ReadSubject(const recorder_event_subject& subject);
  void AddToTimeline(uint32_t slot, uint64_t monotonic_ns, uint64_t count);

  Abi native_;
  uint64_t unix_offset_;
  std::map<CallKey, UnixNanos> sightings_;
  std::vector<std::vector<uint64_t>> streamed_;  // By slot, then counter; the hot path of `--events all`.
  std::map<CallKey, uint64_t> streamed_others_;
  std::map<std::pair<uint32_t, uint64_t>, uint64_t> timeline_;
  std::vector<std::string> refused_containers_;
  std::map<SubjectId, std::string> new_containers_;
  uint64_t containers_told_ = 0;
  uint64_t malformed_ = 0;
  uint64_t repeated_sightings_ = 0;
};

// The part of a recording that is a run: the counts after `before`, from time `from` to `until` (for the timeline,
// whose buckets are a millisecond wide).
struct RunPart {
  const KernelSnapshot* before = nullptr;  // nullptr: nothing was counted before.
  UnixNanos from = 0;
  UnixNanos until = UINT64_MAX;
};

// Adds the counts of a run to `aggregator`, whose run has begun and which has every subject of `now`.
// `keep_runtime_phase` is false for a command started by the recorder, whose runtime phase is the set-up in the
// recorder's child. Drops capability checks of the runtime: they are not the subject's.
void AggregateRun(const KernelSnapshot& now, const RunPart& part, const EventReader& events, bool keep_runtime_phase,
                  Aggregator& aggregator);

// Adds the life of each subject of `now`, for the whole recording. `unix_offset`: nanoseconds to add to CLOCK_MONOTONIC
// for the time since 1970.
void AggregateLives(const KernelSnapshot& now, uint64_t unix_offset, Aggregator& aggregator);

// Adds the losses of the whole recording, whose last snapshot is `end`. With `every_call` the stream is compared with
// the counters, call by call; any difference is a loss.
void AggregateLosses(const KernelSnapshot& end, const EventReader& events, bool every_call, Aggregator& aggregator);

}  // namespace syscarve
