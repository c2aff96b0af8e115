// SPDX-License-Identifier: Apache-2.0
// How much memory, how many tasks and how much CPU a cgroup uses at most. Where the kernel keeps the peak itself, that
// is read; otherwise it is the largest of the readings. A cgroup that has gone keeps what was read of it.
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

  // Of the cgroup with this path ("/docker/0123…"), which is the same one in every hierarchy.
  ResourceMeter(const ControllerMounts& mounts, std::string_view path);

  void Read(Clock::time_point now);

  // nullopt: neither memory nor tasks could be read even once.
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
