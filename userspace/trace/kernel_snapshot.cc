// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/kernel_snapshot.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "absl/strings/str_cat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr uint64_t kNanosPerMilli = 1'000'000;

SyscallId CounterId(uint32_t counter, Abi native) {
  const bool compat = counter >= RECORDER_PLANE_SIZE;
  return {*AbiFromKernel(compat ? RECORDER_ABI_COMPAT : RECORDER_ABI_NATIVE, native),
          static_cast<int>(counter % RECORDER_PLANE_SIZE)};
}

void AddLossIf(Aggregator& aggregator, std::string_view what, uint64_t count, bool missed_calls,
               std::string_view detail) {
  if (count != 0) aggregator.AddLoss({std::string(what), count, missed_calls, std::string(detail)});
}

std::string DescribeLeft(const recorder_losses& losses) {
  const std::string_view first(losses.left_to, strnlen(losses.left_to, sizeof(losses.left_to)));
  return absl::StrCat("processes that went to another cgroup",
                      first.empty() ? "" : absl::StrCat(", the first to ", EncodePercent(first)),
                      ", and may have belonged to what is recorded: it has had more processes than there is room for");
}

}  // namespace

std::optional<Abi> AbiFromKernel(uint32_t recorder_abi, Abi native) {
  const std::span<const Abi> served = AbisServedBeside(native);
  // Native, compat and x32 are in this order there.
  if (recorder_abi >= served.size()) return std::nullopt;
  return served[recorder_abi];
}

std::string PathFromComponents(std::string_view components, bool truncated) {
  const std::vector<std::string_view> names = SplitNonEmpty(components, '\0');
  std::string path = truncated ? "\u2026" : "";
  for (auto name = names.rbegin(); name != names.rend(); ++name) path.append("/").append(*name);
  return path;
}

void EventReader::Read(std::span<const std::byte> record) {
  recorder_event_header header;
  if (record.size() < sizeof(header)) {
    ++malformed_;
    return;
  }
  std::memcpy(&header, record.data(), sizeof(header));
  if (header.type == RECORDER_EVENT_BATCH && record.size() >= sizeof(recorder_event_batch) &&
      header.count <= RECORDER_BATCH_CALLS) {
    recorder_event_batch batch;
    std::memcpy(&batch, record.data(), sizeof(batch));
    ReadBatch(batch);
  } else if ((header.type == RECORDER_EVENT_SIGHTING || header.type == RECORDER_EVENT_CALL) &&
             record.size() >= sizeof(recorder_event_call)) {
    recorder_event_call call;
    std::memcpy(&call, record.data(), sizeof(call));
    ReadCall(call);
  } else if (header.type == RECORDER_EVENT_SUBJECT && record.size() >= sizeof(recorder_event_subject)) {
    recorder_event_subject subject;
    std::memcpy(&subject, record.data(), sizeof(subject));
    ReadSubject(subject);
  } else {
    ++malformed_;
  }
}

void EventReader::ReadSubject(const recorder_event_subject& subject) {
  ++containers_told_;
  std::string path(subject.path, strnlen(subject.path, sizeof(subject.path)));
  if (subject.subject != 0) {
    new_containers_[subject.subject - 1] = std::move(path);
  } else {
    refused_containers_.push_back(std::move(path));
  }
}

void EventReader::ReadCall(const recorder_event_call& call) {
  const std::optional<Abi> abi = AbiFromKernel(call.abi, native_);
  if (!abi || call.nr > INT32_MAX) {
    ++malformed_;
    return;
  }
  const CallKey key{call.slot, {*abi, static_cast<int>(call.nr)}};
  if (call.header.type == RECORDER_EVENT_SIGHTING) {
    const UnixNanos when = call.header.time_ns + unix_offset_;
    auto [it, inserted] = sightings_.try_emplace(key, when);
    if (!inserted) {
      ++repeated_sightings_;
      it->second = std::min(it->second, when);
    }
  } else {
    ++streamed_others_[key];
    AddToTimeline(call.slot, call.header.time_ns, 1);
  }
}

void EventReader::ReadBatch(const recorder_event_batch& batch) {
  // Neighbouring calls mostly share slot and millisecond: they are added up before the map is accessed.
  uint32_t pending_slot = 0;
  uint64_t pending_time = 0;
  uint64_t pending = 0;
  for (uint32_t i = 0; i < batch.header.count; ++i) {
    const uint64_t call = batch.calls[i];
    const uint32_t counter = call & RECORDER_BATCH_COUNTER_MASK;
    const uint32_t slot = (call >> RECORDER_BATCH_SLOT_SHIFT) & RECORDER_BATCH_SLOT_MASK;
    const uint64_t time = batch.header.time_ns + (call >> RECORDER_BATCH_TIME_SHIFT);
    if (slot >= streamed_.size()) streamed_.resize(slot + 1);
    std::vector<uint64_t>& counts = streamed_[slot];
    if (counts.empty()) counts.resize(RECORDER_COUNTERS);
    ++counts[counter];
    if (pending != 0 && (slot != pending_slot || time / kNanosPerMilli != pending_time / kNanosPerMilli)) {
      AddToTimeline(pending_slot, pending_time, pending);
      pending = 0;
    }
    pending_slot = slot;
    pending_time = time;
    ++pending;
  }
  if (pending != 0) AddToTimeline(pending_slot, pending_time, pending);
}

void EventReader::AddToTimeline(uint32_t slot, uint64_t monotonic_ns, uint64_t count) {
  timeline_[{slot, (monotonic_ns + unix_offset_) / kNanosPerMilli}] += count;
}

std::map<EventReader::CallKey, uint64_t> EventReader::streamed() const {
  std::map<CallKey, uint64_t> all = streamed_others_;
  for (uint32_t slot = 0; slot < streamed_.size(); ++slot) {
    for (uint32_t counter = 0; counter < streamed_[slot].size(); ++counter) {
      if (streamed_[slot][counter] != 0) all[{slot, CounterId(counter, native_)}] += streamed_[slot][counter];
    }
  }
  return all;
}

namespace {

struct Target {
  SubjectId subject;
  Phase phase;
  ProgramId program;
};

// Where each slot's calls are counted. Programs without calls get no entry: a slot can stay unused.
std::map<uint32_t, Target> FindTargets(const KernelSnapshot& snapshot, bool keep_runtime_phase,
                                       Aggregator& aggregator) {
  std::set<uint32_t> used;
  for (const auto& calls : snapshot.calls) used.insert(calls.slot);
  for (const auto& denials : snapshot.denials) used.insert(denials.slot);
  for (const auto& capabilities : snapshot.capabilities) used.insert(capabilities.slot);
  std::map<uint32_t, Target> targets;
  for (const KernelSlot& slot : snapshot.slots) {
    if (!used.contains(slot.number) || (slot.phase != Phase::kMain && !keep_runtime_phase)) continue;
    targets[slot.number] = {slot.subject, slot.phase, aggregator.AddProgram(slot.program)};
  }
  return targets;
}

// A slot can have two rows for one call: its counter's, and the exec's that started the program.
std::map<EventReader::CallKey, uint64_t> CallTotals(const KernelSnapshot* snapshot) {
  std::map<EventReader::CallKey, uint64_t> totals;
  if (snapshot == nullptr) return totals;
  for (const auto& calls : snapshot->calls) totals[{calls.slot, calls.id}] += calls.count;
  return totals;
}

using DenialKey = std::tuple<uint32_t, SyscallId, int>;
std::map<DenialKey, uint64_t> DenialTotals(const KernelSnapshot* snapshot) {
  std::map<DenialKey, uint64_t> totals;
  if (snapshot == nullptr) return totals;
  for (const auto& denials : snapshot->denials) {
    totals[{denials.slot, denials.id, denials.errno_value}] += denials.count;
  }
  return totals;
}

using CapabilityKey = std::tuple<uint32_t, int, std::optional<SyscallId>, bool, CapabilitySite>;
std::map<CapabilityKey, CapabilityChecks> CapabilityTotals(const KernelSnapshot* snapshot) {
  std::map<CapabilityKey, CapabilityChecks> totals;
  if (snapshot == nullptr) return totals;
  for (const auto& use : snapshot->capabilities) {
    AddChecks(use.checks, totals[{use.slot, use.capability, use.during, use.foreign, use.site}]);
  }
  return totals;
}

template <typename Key, typename Value>
Value ValueOr(const std::map<Key, Value>& values, const Key& key, Value otherwise = {}) {
  const auto found = values.find(key);
  return found == values.end() ? otherwise : found->second;
}

using ArgumentPlaces = std::map<EventReader::CallKey, const KernelSnapshot::Arguments*>;
ArgumentPlaces PlacesOfArguments(const KernelSnapshot* snapshot) {
  ArgumentPlaces places;
  if (snapshot == nullptr) return places;
  for (const auto& arguments : snapshot->arguments) places[{arguments.slot, arguments.id}] = &arguments;
  return places;
}

// Adds the kinds of files of the calls with values in seen.values; `counts` has the number of all such calls.
void AddFiles(const KernelSnapshot::Arguments& now, const KernelSnapshot::Arguments* before, SeenArguments& seen) {
  std::map<std::vector<uint64_t>, FileKinds> since;
  std::map<std::vector<uint64_t>, FileKinds> ever;
  std::map<std::vector<uint64_t>, uint64_t> known;
  for (const auto& [key, count] : now.files) {
    const auto& [values, kind] = key;
    if (!seen.values.contains(values)) continue;
    if (before == nullptr || count > ValueOr(before->files, key)) since[values].insert(kind);
    ever[values].insert(kind);
    known[values] += count;
  }
  for (auto& [values, kinds] : ever) {
    // As in ArgumentsOf: kinds that the earlier snapshot read after its counters of calls may be from this run.
    FileKinds& kept = since.contains(values) ? since[values] : kinds;
    if (known[values] < ValueOr(now.counts, values)) kept.insert(std::string(kUnknownFile));
    seen.files[values] = std::move(kept);
  }
}

// The arguments of the `made` calls of a run, out of `total` calls up to `now`. While programs run, the values are read
// after the counters of calls: `before` may contain values of this run's calls already. Then all values so far stand
// for them.
SeenArguments ArgumentsOf(const KernelSnapshot::Arguments& now, const KernelSnapshot::Arguments* before, uint64_t made,
                          uint64_t total, ProgramId program) {
  SeenArguments seen = now.seen;
  uint64_t known = 0;
  uint64_t known_since = 0;
  std::map<std::vector<uint64_t>, std::set<ProgramId>> since;
  for (const auto& [values, count] : now.counts) {
    const uint64_t earlier = before == nullptr ? 0 : ValueOr(before->counts, values);
    const uint64_t more = count - std::min(count, earlier);
    known += count;
    known_since += more;
    if (more != 0) since[values] = {program};
    seen.values[values] = {program};
  }
  if (known_since >= made || (seen.open && !since.empty())) seen.values = std::move(since);
  // Some values are missing, for whatever reason.
  if (known < total) seen.open = true;
  AddFiles(now, before, seen);
  return seen;
}

}  // namespace

void AggregateRun(const KernelSnapshot& now, const RunPart& part, const EventReader& events, bool keep_runtime_phase,
                  Aggregator& aggregator) {
  const std::map<uint32_t, Target> targets = FindTargets(now, keep_runtime_phase, aggregator);
  const auto target_of = [&](uint32_t slot) -> const Target* {
    const auto found = targets.find(slot);
    return found == targets.end() ? nullptr : &found->second;
  };

  const auto calls_before = CallTotals(part.before);
  const ArgumentPlaces arguments_before = PlacesOfArguments(part.before);
  const ArgumentPlaces arguments = PlacesOfArguments(&now);
  for (const auto& [key, total] : CallTotals(&now)) {
    const Target* const target = target_of(key.slot);
    const uint64_t before = ValueOr(calls_before, key);
    if (target == nullptr || total <= before) continue;
    aggregator.AddCalls(target->subject, target->program, target->phase, key.id, total - before);
    if (const auto of_call = arguments.find(key); of_call != arguments.end()) {
      aggregator.AddArguments(
          target->subject, target->phase, key.id,
          ArgumentsOf(*of_call->second, ValueOr(arguments_before, key), total - before, total, target->program));
    }
    if (before != 0) continue;
    if (const auto sighting = events.sightings().find(key); sighting != events.sightings().end()) {
      aggregator.AddFirstSeen(target->subject, target->phase, key.id, sighting->second);
    }
  }
  const auto milli = [](UnixNanos time) { return time / kNanosPerMilli; };
  for (const auto& [slot_and_milli, count] : events.timeline()) {
    const Target* const target = target_of(slot_and_milli.first);
    if (target == nullptr || slot_and_milli.second < milli(part.from) || slot_and_milli.second >= milli(part.until)) {
      continue;
    }
    aggregator.AddToTimeline(target->subject, slot_and_milli.second * kNanosPerMilli, count);
  }
  const auto denials_before = DenialTotals(part.before);
  for (const auto& [key, total] : DenialTotals(&now)) {
    const auto& [slot, id, errno_value] = key;
    const Target* const target = target_of(slot);
    const uint64_t before = ValueOr(denials_before, key);
    if (target == nullptr || total <= before) continue;
    aggregator.AddDenials(target->subject, target->program, id, errno_value, total - before);
  }
  const auto capabilities_before = CapabilityTotals(part.before);
  for (const auto& [key, total] : CapabilityTotals(&now)) {
    const auto& [slot, capability, during, foreign, site] = key;
    const Target* const target = target_of(slot);
    // If only the result is new, the check was in an earlier run: it is dropped.
    const CapabilityChecks checks = ChecksBeyond(total, ValueOr(capabilities_before, key));
    if (target == nullptr || target->phase != Phase::kMain || checks == CapabilityChecks{}) continue;
    aggregator.AddCapabilityChecks(target->subject, capability, during, checks, foreign, site);
  }
}

LifeEnd EndOfStatus(int wait_status, int taken) {
  if (WIFEXITED(wait_status)) {
    return {.kind = EndKind::kExited, .status = WEXITSTATUS(wait_status), .taken = taken};
  }
  return {.kind = EndKind::kKilled, .signal = WTERMSIG(wait_status), .taken = taken};
}

void AggregateLives(const KernelSnapshot& now, uint64_t unix_offset, Aggregator& aggregator) {
  std::vector<Life> lives;
  for (const KernelSubject& subject : now.subjects) {
    Life& life = lives.emplace_back();
    life.start_seen = subject.started_at != 0;
    if (subject.started_at != 0) life.started = subject.started_at + unix_offset;
    if (subject.ended_at != 0) life.ended = subject.ended_at + unix_offset;
    life.ends.insert(subject.ends.begin(), subject.ends.end());
    if (subject.running) life.ends.insert(LifeEnd{.kind = EndKind::kRunning});
    life.watched = true;
    life.first_catches = subject.first_caught;
    life.first_blocks = subject.first_blocked;
    life.died_of = subject.died_of;
    life.joined = subject.joined;
    life.restarts = subject.restarts;
  }
  std::map<uint32_t, const KernelSlot*> slots;
  for (const KernelSlot& slot : now.slots) {
    slots[slot.number] = &slot;
    if (slot.caught == 0 || slot.phase != Phase::kMain || slot.subject >= lives.size()) continue;
    lives[slot.subject].catches[aggregator.AddProgram(slot.program)] |= slot.caught;
  }
  for (SubjectId id = 0; id < lives.size(); ++id) {
    // Handlers of processes whose program was unknown when they were examined; skipped in the usual case that programs
    // that are known have them, too.
    SignalSet known = 0;
    for (const auto& [program, signals] : lives[id].catches) known |= signals;
    if ((now.subjects[id].caught & ~known) != 0) lives[id].catches[aggregator.AddProgram({})] = now.subjects[id].caught;
  }
  for (const KernelSnapshot::Signals& signals : now.signals) {
    const auto slot = slots.find(signals.slot);
    if (slot == slots.end() || slot->second->subject >= lives.size()) continue;
    lives[slot->second->subject].signals[signals.use] += signals.count;
  }
  for (SubjectId id = 0; id < lives.size(); ++id) aggregator.SetLife(id, std::move(lives[id]));
}

void AggregateLosses(const KernelSnapshot& end, const EventReader& events, bool every_call, Aggregator& aggregator) {
  uint64_t mismatch = 0;
  if (every_call) {
    std::map<EventReader::CallKey, uint64_t> streamed = events.streamed();
    for (const auto& [key, counted] : CallTotals(&end)) {
      uint64_t& seen = streamed[key];
      mismatch += counted > seen ? counted - seen : seen - counted;
      seen = 0;
    }
    for (const auto& [key, left] : streamed) mismatch += left;
  }

  const recorder_losses& losses = end.losses;
  AddLossIf(aggregator, "ring_full", losses.event_ring_full, false, "first sightings whose time is not known");
  AddLossIf(aggregator, "timeline_mismatch", mismatch, false,
            "calls that the kernel counted and the stream of every call did not carry, or the other way round");
  AddLossIf(aggregator, "slots_full", losses.slots_full, false,
            "lookups of programs beyond the slot table, counted without a name");
  AddLossIf(aggregator, "other_calls_full", losses.sparse_calls_full, true,
            "calls with unusual numbers, or of a container runtime, beyond the table for them");
  AddLossIf(aggregator, "denial_table_full", losses.denials_full, false, "refused calls beyond the table for them");
  AddLossIf(aggregator, "denial_without_number", losses.denials_unnumbered, false,
            "refused calls whose number is not known, because a tracer had put -1 in its place");
  AddLossIf(aggregator, "capability_table_full", losses.capabilities_full, false,
            "capability checks beyond the table for them");
  AddLossIf(aggregator, "argument_table_full", losses.arguments_full, false,
            "calls for whose arguments there was no room");
  AddLossIf(aggregator, "signal_table_full", losses.signals_full, false, "signals beyond the table for them");
  AddLossIf(aggregator, "file_table_full", losses.files_full, false, "uses of files beyond the table for them");
  AddLossIf(aggregator, "file_name_unread", losses.files_unread, false,
            "uses of files whose name was too long or not in the program's memory any more");
  AddLossIf(aggregator, "address_unread", losses.addresses_unread, false,
            "uses of addresses that were not in the program's memory any more");
  AddLossIf(aggregator, "endpoint_table_full", losses.endpoints_full, false,
            "uses of addresses beyond the table for them");
  AddLossIf(aggregator, "id_table_full", losses.ids_full, false, "ids of processes beyond the table for them");
  AddLossIf(aggregator, "enrolment_failed", losses.enrolment_failed, true, "processes that could not be followed");
  AddLossIf(aggregator, "left_unseen", losses.left_unseen, true, DescribeLeft(losses));
  AddLossIf(aggregator, "program_skipped", end.skipped, true,
            "times the kernel did not run one of our programs because it was already running on that CPU");
  AddLossIf(aggregator, "last_reading_early", end.unsettled ? 1 : 0, true,
            "the kernel refused every way to wait for the recorder's own programs to end, so 100 ms were waited "
            "instead: calls of the last moment may be missing");
  AddLossIf(aggregator, "malformed_news", events.malformed(), false, "ring records that could not be read");
}

}  // namespace syscarve
