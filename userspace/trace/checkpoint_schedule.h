// SPDX-License-Identifier: Apache-2.0
// When to write a checkpoint, so that the recording survives a killed recorder: after each run, and every two seconds,
// but never so often that it costs more than a hundredth of the time.
#pragma once

#include <algorithm>
#include <chrono>

namespace syscarve {

class CheckpointSchedule {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kInterval{2};
  static constexpr int kShare = 100;

  explicit CheckpointSchedule(Clock::time_point start) : earliest_(start), latest_(start + kInterval) {}

  // A run has ended: the next checkpoint need not wait.
  void RunEnded() { run_ended_ = true; }
  bool Due(Clock::time_point now) const { return now >= (run_ended_ ? earliest_ : latest_); }
  // A checkpoint was made from `begin` to `end`.
  void Made(Clock::time_point begin, Clock::time_point end) {
    run_ended_ = false;
    earliest_ = end + kShare * (end - begin);
    latest_ = std::max(earliest_, end + kInterval);
  }

 private:
  Clock::time_point earliest_;
  Clock::time_point latest_;  // Not before `earliest_`.
  bool run_ended_ = false;
};

}  // namespace syscarve
