// SPDX-License-Identifier: Apache-2.0
// How often the numbers of docs/risk.md are right: for worlds of which everything is known, and for a recording of many
// runs that is split at random into runs to learn from and runs to be right about. Prints its table.
//
//   risk_calibration                            2,000 samples of each world and size: an hour
//   risk_calibration --samples 200
//   risk_calibration --seed 7                   other samples of the same worlds
//   risk_calibration --recording tests.json     of 20, 40 and 80 of its runs
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/review/simulated_runs.h"
#include "userspace/base/file.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr uint64_t kSeed = 20260101;

void PrintHead() {
  std::printf(
      "| world | runs | refused %% | two-sided %% | right %% | true share below | above | fewer missing than the lower "
      "end "
      "%% | more than the upper end %% |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
}

void PrintRow(const std::string& name, size_t runs, const Tally& tally) {
  const auto told = static_cast<double>(tally.samples - tally.refused);
  const auto percent = [&](size_t count) { return told == 0 ? 0 : 100 * static_cast<double>(count) / told; };
  std::printf("| %s | %zu | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |\n", name.c_str(), runs,
              100 * static_cast<double>(tally.refused) / static_cast<double>(tally.samples), percent(tally.two_sided),
              told == 0 ? 0 : 100 * tally.Covered(), percent(tally.below), percent(tally.above),
              percent(tally.unseen_below), percent(tally.unseen_above));
  std::fflush(stdout);
}

int Split(const std::string& path, size_t samples, uint64_t seed) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxRecordingBytes);
  const absl::StatusOr<Recording> recording = text.ok() ? ParseRecording(*text) : text.status();
  if (!recording.ok()) {
    std::fprintf(stderr, "risk_calibration: %s\n", std::string(recording.status().message()).c_str());
    return 1;
  }
  std::vector<std::set<SyscallId>> runs;
  for (const size_t place : recording->runs.InOrder()) {
    std::set<SyscallId> calls;
    for (const auto& [subject, trace] : recording->runs[place].subjects) {
      for (const auto& [call, seen] : trace.calls) calls.insert(call);
    }
    if (!calls.empty()) runs.push_back(std::move(calls));
  }
  SplitMix64 random(seed);
  PrintHead();
  for (const size_t size : {20, 40, 80}) {
    if (size * 3 > runs.size()) break;
    Tally tally;
    for (size_t i = 0; i < samples; ++i) {
      for (size_t k = 0; k < size; ++k) std::swap(runs[k], runs[k + random.Next() % (runs.size() - k)]);
      std::map<SyscallId, std::vector<uint32_t>> in;
      for (uint32_t k = 0; k < size; ++k) {
        for (const SyscallId& call : runs[k]) in[call].push_back(k);
      }
      Incidence incidence(size);
      for (const auto& [call, where] : in) incidence.AddName(where);
      std::set<SyscallId> unseen;
      size_t refused = 0;
      for (size_t k = size; k < runs.size(); ++k) {
        bool novel = false;
        for (const SyscallId& call : runs[k]) {
          if (in.contains(call)) continue;
          novel = true;
          unseen.insert(call);
        }
        refused += novel ? 1 : 0;
      }
      Count(incidence, static_cast<double>(refused) / static_cast<double>(runs.size() - size),
            static_cast<double>(unseen.size()), tally);
    }
    PrintRow(path, size, tally);
  }
  return 0;
}

int Main(const std::vector<std::string>& words) {
  size_t samples = 2000;
  uint64_t seed = kSeed;
  std::string recording;
  for (size_t i = 0; i < words.size(); i += 2) {
    if (words[i] == "--samples" && i + 1 < words.size()) {
      samples = std::strtoul(words[i + 1].c_str(), nullptr, 10);
    } else if (words[i] == "--seed" && i + 1 < words.size()) {
      seed = std::strtoull(words[i + 1].c_str(), nullptr, 10);
    } else if (words[i] == "--recording" && i + 1 < words.size()) {
      recording = words[i + 1];
    } else {
      std::fprintf(stderr, "usage: risk_calibration [--samples N] [--seed N] [--recording FILE]\n");
      return 2;
    }
  }
  if (samples == 0) samples = 1;
  if (!recording.empty()) return Split(recording, samples, seed);
  PrintHead();
  for (const World& world : Worlds()) {
    for (const size_t runs : {20, 40, 100, 300}) PrintRow(world.name, runs, Simulate(world, runs, samples, seed));
  }
  return 0;
}

}  // namespace
}  // namespace syscarve

int main(int argc, char** argv) {
  return syscarve::Main({argv + 1, argv + argc});
}
