// SPDX-License-Identifier: Apache-2.0
// The consumer's own speed: how fast batches of the stream are read, and how long the end of a large recording takes.
#include <benchmark/benchmark.h>

#include "userspace/trace/kernel_snapshot.h"

namespace syscarve {
namespace {

recorder_event_batch MakeBatch(uint64_t time_ns) {
  recorder_event_batch batch = {};
  batch.header = {.type = RECORDER_EVENT_BATCH, .count = RECORDER_BATCH_CALLS, .time_ns = time_ns};
  for (uint64_t i = 0; i < RECORDER_BATCH_CALLS; ++i) {
    const uint64_t slot = 1 + i % 3;
    batch.calls[i] = (i * 300) << RECORDER_BATCH_TIME_SHIFT | slot << RECORDER_BATCH_SLOT_SHIFT | (i * 7 % 400);
  }
  return batch;
}

void ReadBatches(benchmark::State& state) {
  EventReader events(Abi::kX86_64, 0);
  uint64_t time = 0;
  for (auto _ : state) {
    const recorder_event_batch batch = MakeBatch(time += 20'000);
    events.Read(std::as_bytes(std::span(&batch, 1)));
  }
  state.SetItemsProcessed(state.iterations() * RECORDER_BATCH_CALLS);
}
BENCHMARK(ReadBatches);

void AggregateSnapshot(benchmark::State& state) {
  KernelSnapshot snapshot;
  for (uint32_t slot = 1; slot <= static_cast<uint32_t>(state.range(0)); ++slot) {
    snapshot.slots.push_back(
        {.number = slot, .program = {.path = "/usr/bin/program" + std::to_string(slot), .inode = slot}});
    for (int nr = 0; nr < 100; ++nr) snapshot.calls.push_back({slot, {Abi::kX86_64, nr}, 1});
  }
  const EventReader events(Abi::kX86_64, 0);
  for (auto _ : state) {
    Aggregator aggregator({}, {});
    aggregator.AddSubject({});
    aggregator.BeginRun("", "", 0);
    AggregateRun(snapshot, {}, events, true, aggregator);
    benchmark::DoNotOptimize(aggregator.Finish(1));
  }
}
BENCHMARK(AggregateSnapshot)->Arg(10)->Arg(1000);

}  // namespace
}  // namespace syscarve
