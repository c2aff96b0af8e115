#include "userspace/trace/kernel_snapshot.h"

#include <algorithm>
#include <cstring>
#include <set>

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

void NewsReader::Read(std::span<const std::byte> record) {
  recorder_news_header header;
  if (record.size() < sizeof(header)) {
    ++malformed_;
    return;
  }
  std::memcpy(&header, record.data(), sizeof(header));
  if (header.type == RECORDER_NEWS_BATCH && record.size() >= sizeof(recorder_news_batch) &&
      header.count <= RECORDER_BATCH_CALLS) {
    recorder_news_batch batch;
    std::memcpy(&batch, record.data(), sizeof(batch));
    ReadBatch(batch);
  } else if ((header.type == RECORDER_NEWS_SIGHTING || header.type == RECORDER_NEWS_CALL) &&
             record.size() >= sizeof(recorder_news_call)) {
    recorder_news_call call;
    std::memcpy(&call, record.data(), sizeof(call));
    ReadCall(call);
  } else {
    ++malformed_;
  }
}

void NewsReader::ReadCall(const recorder_news_call& call) {
  const std::optional<Abi> abi = AbiFromKernel(call.abi, native_);
  if (!abi || call.nr > INT32_MAX) {
    ++malformed_;
    return;
  }
  const CallKey key{call.slot, {*abi, static_cast<int>(call.nr)}};
  if (call.header.type == RECORDER_NEWS_SIGHTING) {
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

void NewsReader::ReadBatch(const recorder_news_batch& batch) {
  // Neighbouring calls mostly share slot and millisecond: gather before touching the map.
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

void NewsReader::AddToTimeline(uint32_t slot, uint64_t monotonic_ns, uint64_t count) {
  timeline_[{slot, (monotonic_ns + unix_offset_) / kNanosPerMilli}] += count;
}

std::map<NewsReader::CallKey, uint64_t> NewsReader::streamed() const {
  std::map<CallKey, uint64_t> all = streamed_others_;
  for (uint32_t slot = 0; slot < streamed_.size(); ++slot) {
    for (uint32_t counter = 0; counter < streamed_[slot].size(); ++counter) {
      if (streamed_[slot][counter] != 0) all[{slot, CounterId(counter, native_)}] += streamed_[slot][counter];
    }
  }
  return all;
}

void Aggregate(const KernelSnapshot& snapshot, const NewsReader& news, bool every_call, bool keep_runtime_phase,
               Aggregator& aggregator) {
  struct Target {
    SubjectId subject;
    Phase phase;
    ProgramId program;
  };
  // Programs that made no call are not worth an entry: a slot can be reserved and stay unused.
  std::set<uint32_t> used;
  for (const auto& calls : snapshot.calls) used.insert(calls.slot);
  for (const auto& denials : snapshot.denials) used.insert(denials.slot);
  for (const auto& capabilities : snapshot.capabilities) used.insert(capabilities.slot);
  std::map<uint32_t, Target> targets;
  for (const KernelSlot& slot : snapshot.slots) {
    if (!used.contains(slot.number) || (slot.phase != Phase::kMain && !keep_runtime_phase)) continue;
    targets[slot.number] = {slot.subject, slot.phase, aggregator.AddProgram(slot.program)};
  }

  uint64_t mismatch = 0;
  std::map<NewsReader::CallKey, uint64_t> streamed =
      every_call ? news.streamed() : std::map<NewsReader::CallKey, uint64_t>{};
  for (const auto& calls : snapshot.calls) {
    if (every_call) {
      // The same slot and call can have two rows (counter and other_calls): take from the stream what this row
      // explains.
      uint64_t& left = streamed[{calls.slot, calls.id}];
      const uint64_t explained = std::min(left, calls.count);
      left -= explained;
      mismatch += calls.count - explained;
    }
    const auto target = targets.find(calls.slot);
    if (target == targets.end()) continue;
    aggregator.AddCalls(target->second.subject, target->second.program, target->second.phase, calls.id, calls.count);
  }
  for (const auto& [key, left] : streamed) mismatch += left;
  for (const auto& [key, when] : news.sightings()) {
    const auto target = targets.find(key.slot);
    if (target == targets.end()) continue;
    aggregator.AddFirstSeen(target->second.subject, target->second.phase, key.id, when);
  }
  for (const auto& [slot_and_milli, count] : news.timeline()) {
    const auto target = targets.find(slot_and_milli.first);
    if (target == targets.end()) continue;
    aggregator.AddToTimeline(target->second.subject, slot_and_milli.second * kNanosPerMilli, count);
  }
  for (const auto& denials : snapshot.denials) {
    const auto target = targets.find(denials.slot);
    if (target == targets.end()) continue;
    aggregator.AddDenials(target->second.subject, target->second.program, denials.id, denials.errno_value,
                          denials.count);
  }
  for (const auto& use : snapshot.capabilities) {
    const auto target = targets.find(use.slot);
    if (target == targets.end() || target->second.phase != Phase::kMain) continue;
    aggregator.AddCapabilityChecks(target->second.subject, use.capability, use.during, use.checks, use.foreign);
  }

  const recorder_losses& losses = snapshot.losses;
  AddLossIf(aggregator, "ring_full", losses.news_ring_full, false, "first sightings whose time is not known");
  AddLossIf(aggregator, "timeline_mismatch", mismatch, false,
            "calls that the kernel counted and the stream of every call did not carry, or the other way round");
  AddLossIf(aggregator, "slots_full", losses.slots_full, false,
            "lookups of programs beyond the slot table, counted without a name");
  AddLossIf(aggregator, "no_slot", losses.no_slot, true, "calls of tasks for which no slot was left");
  AddLossIf(aggregator, "other_calls_full", losses.other_calls_full, true,
            "calls with unusual numbers beyond the table for them");
  AddLossIf(aggregator, "denial_table_full", losses.denials_full, false, "refused calls beyond the table for them");
  AddLossIf(aggregator, "capability_table_full", losses.capabilities_full, false,
            "capability checks beyond the table for them");
  AddLossIf(aggregator, "enrolment_failed", losses.enrolment_failed, true, "processes that could not be followed");
  AddLossIf(aggregator, "program_skipped", snapshot.skipped, true,
            "times the kernel did not run one of our programs because it was already running on that CPU");
  AddLossIf(aggregator, "malformed_news", news.malformed(), false, "ring records that could not be read");
}

}  // namespace syscarve
