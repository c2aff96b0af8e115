// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/refusal_observer.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

// The last component of this executable's path: the program of a child until it executes the command.
std::string OwnProgram() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).filename().string();
}

}  // namespace

void RefusalObserver::Begin() {
  watch_.reset();
  if (!wanted_ || !obstacle_.empty()) return;
  absl::StatusOr<RefusalWatch> watch = RefusalWatch::Start(ancestor_);
  if (watch.ok()) {
    watch_.emplace(*std::move(watch));
  } else {
    obstacle_ = Concat("what the kernel refuses programs is not compared: ", watch.status().message());
  }
}

std::set<ProgramRefusal> RefusalObserver::End(
    const std::function<std::optional<std::string>(const std::string& cgroup)>& service_of) {
  std::set<ProgramRefusal> refusals;
  if (!watch_.has_value()) return refusals;
  const std::string own = OwnProgram();
  for (const KernelRefusal& one : watch_->Refused()) {
    const std::optional<std::string> service = service_of(one.cgroup);
    const std::optional<std::string> call = SyscallName(one.call);
    if (!service.has_value() || !call.has_value() || one.program == own) continue;
    refusals.insert({.service = *service, .program = one.program, .call = *call, .error = one.error});
  }
  watch_.reset();
  return refusals;
}

}  // namespace syscarve
