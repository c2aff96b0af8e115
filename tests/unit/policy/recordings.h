// SPDX-License-Identifier: Apache-2.0
// Recordings for tests, built in a line or two.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/model/recording.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {

// A complete recording of one subject in one run on x86_64. Calls are added by name or number.
class RecordingBuilder {
 public:
  explicit RecordingBuilder(std::string run_name = "default", std::string run_id = std::string(32, 'a')) {
    recording_.host = {.kernel = "6.18.0", .native_abi = Abi::kX86_64, .libseccomp = "2.5.4"};
    recording_.method = {.backend = "bpf", .events = "first", .capabilities = "fexit", .denials = "none"};
    recording_.programs = {{.path = "/usr/bin/program", .device = 1, .inode = 2}};
    recording_.subjects = {{.kind = SubjectKind::kCommand, .name = "program", .cgroup = "/syscarve/1"}};
    run_ = {.id = std::move(run_id), .name = std::move(run_name), .start = 1'000'000'000, .end = 3'000'000'000};
    run_.subjects[0] = {};
  }

  RecordingBuilder& Call(std::string_view name, uint64_t count = 1, Abi abi = Abi::kX86_64) {
    return CallNumber(FindSyscall(abi, name).value(), count);
  }

  RecordingBuilder& Calls(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) Call(name);
    return *this;
  }

  RecordingBuilder& CallNumber(SyscallId id, uint64_t count = 1) {
    trace().calls[id] = {.count = count, .first_seen = 1'012'345'678, .programs = {{0, count}}};
    return *this;
  }

  // Of one call, the smallest errno value first.
  RecordingBuilder& Denied(std::string_view name, int errno_value, uint64_t count = 1) {
    trace().denials[FindSyscall(Abi::kX86_64, name).value()].push_back(
        {.errno_value = errno_value, .count = count, .programs = {{0, count}}});
    return *this;
  }

  RecordingBuilder& Capability(std::string_view capability, std::string_view during, uint64_t granted,
                               uint64_t denied) {
    trace().capabilities[CapabilityFromName(capability).value()].during[FindSyscall(Abi::kX86_64, during)] = {granted,
                                                                                                              denied};
    return *this;
  }

  SubjectTrace& trace() { return run_.subjects[0]; }
  Run& run() { return run_; }
  // Everything but the run.
  Recording& recording() { return recording_; }
  Recording Build() const {
    Recording built = recording_;
    built.runs.push_back(run_);
    return built;
  }

 private:
  Recording recording_;
  Run run_;
};

}  // namespace syscarve
