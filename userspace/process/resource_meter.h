// SPDX-License-Identifier: Apache-2.0
// Peak memory, peak number of tasks and peak CPU use of a cgroup. If the kernel itself records the peak, that is read;
// otherwise it is the largest of the readings. The readings of a removed cgroup are kept.
//
// Sources: Documentation/admin-guide/cgroup-v2.rst (memory.peak since 5.19, pids.peak since 6.9, cpu.stat),
// Documentation/admin-guide/cgroup-v1/ (memory.max_usage_in_bytes, cpuacct.usage, pids.current).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/hardening.h"
#include "userspace/process/cgroup.h"

namespace syscarve {

class ResourceMeter {
 public:
  using Clock = std::chrono::steady_clock;

  // `path` of the cgroup ("/docker/0123…"), the same in every hierarchy.
  ResourceMeter(const ControllerMounts& mounts, std::string_view path);

  void Read(Clock::time_point now);

  // nullopt: neither memory nor tasks have been read successfully.
  std::optional<Peaks> peaks() const;

 private:
  void ReadMemory();
  void ReadTasks();
  void ReadCpu(Clock::time_point now);

  std::vector<std::string> memory_;  // Folders.
  std::vector<std::string> pids_;
  std::vector<std::string> cpu_;
  Peaks peaks_;
  std::optional<uint64_t> cpu_micros_;  // At the latest reading.
  Clock::time_point cpu_read_;
};

}  // namespace syscarve
