// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/resource_meter.h"

#include <unistd.h>

#include <algorithm>

#include "userspace/base/file.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

// CPU use over a shorter time between two readings is not representative.
constexpr std::chrono::milliseconds kShortestInterval{100};
constexpr size_t kMaxFileBytes = size_t{64} << 10;

std::optional<uint64_t> ReadNumber(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) return std::nullopt;
  return ParseNumber<uint64_t>(std::string_view(*text).substr(0, text->find('\n')));
}

// The number after `key` in a file of lines "key number".
std::optional<uint64_t> ReadField(const std::string& path, std::string_view key) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) return std::nullopt;
  for (const std::string_view line : SplitNonEmpty(*text, '\n')) {
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
      return ParseNumber<uint64_t>(line.substr(key.size() + 1));
    }
  }
  return std::nullopt;
}

void KeepHigher(const std::optional<uint64_t>& value, std::optional<uint64_t>& kept) {
  kept = std::max(kept, value);
}

std::vector<std::string> Below(const std::vector<std::string>& mounts, std::string_view path) {
  std::vector<std::string> folders;
  for (const std::string& mount : mounts) folders.push_back(mount + std::string(path) + "/");
  return folders;
}

// The first number in a file of this name in any of the folders.
template <typename Read>
std::optional<uint64_t> FirstOf(const std::vector<std::string>& folders, Read read) {
  for (const std::string& folder : folders) {
    if (const std::optional<uint64_t> value = read(folder)) return value;
  }
  return std::nullopt;
}

}  // namespace

ResourceMeter::ResourceMeter(const ControllerMounts& mounts, std::string_view path)
    : memory_(Below(mounts.memory, path)), pids_(Below(mounts.pids, path)), cpu_(Below(mounts.cpu, path)) {}

void ResourceMeter::Read(Clock::time_point now) {
  ReadMemory();
  ReadTasks();
  ReadCpu(now);
}

void ResourceMeter::ReadMemory() {
  std::optional<uint64_t> peak = FirstOf(memory_, [](const std::string& folder) {
    const std::optional<uint64_t> unified = ReadNumber(folder + "memory.peak");
    return unified.has_value() ? unified : ReadNumber(folder + "memory.max_usage_in_bytes");
  });
  if (!peak.has_value()) {
    peak = FirstOf(memory_, [](const std::string& folder) { return ReadNumber(folder + "memory.current"); });
    peaks_.memory_sampled |= peak.has_value();
  }
  KeepHigher(peak, peaks_.memory_bytes);
  KeepHigher(FirstOf(memory_,
                     [](const std::string& folder) {
                       const std::string file = folder + "memory.stat";
                       const std::optional<uint64_t> unified = ReadField(file, "anon");
                       return unified.has_value() ? unified : ReadField(file, "total_rss");
                     }),
             peaks_.anonymous_bytes);
}

void ResourceMeter::ReadTasks() {
  std::optional<uint64_t> peak =
      FirstOf(pids_, [](const std::string& folder) { return ReadNumber(folder + "pids.peak"); });
  if (!peak.has_value()) {
    peak = FirstOf(pids_, [](const std::string& folder) { return ReadNumber(folder + "pids.current"); });
    peaks_.tasks_sampled |= peak.has_value();
  }
  KeepHigher(peak, peaks_.tasks);
}

void ResourceMeter::ReadCpu(Clock::time_point now) {
  const std::optional<uint64_t> micros = FirstOf(cpu_, [](const std::string& folder) -> std::optional<uint64_t> {
    if (const std::optional<uint64_t> nanos = ReadNumber(folder + "cpuacct.usage")) return *nanos / 1000;
    return ReadField(folder + "cpu.stat", "usage_usec");
  });
  if (!micros.has_value()) return;
  if (cpu_micros_.has_value()) {
    const auto interval = std::chrono::duration_cast<std::chrono::microseconds>(now - cpu_read_);
    if (interval < kShortestInterval) return;
    if (*micros >= *cpu_micros_) {
      KeepHigher((*micros - *cpu_micros_) * 1000 / static_cast<uint64_t>(interval.count()), peaks_.cpu_milli);
      if (const long processors = sysconf(_SC_NPROCESSORS_ONLN); processors > 0) peaks_.processors = processors;
    }
  }
  cpu_micros_ = micros;
  cpu_read_ = now;
}

std::optional<Peaks> ResourceMeter::peaks() const {
  if (!peaks_.memory_bytes.has_value() && !peaks_.tasks.has_value()) return std::nullopt;
  return peaks_;
}

}  // namespace syscarve
