// SPDX-License-Identifier: Apache-2.0
// Which calls the kernel answered EPERM or EACCES, by program: of a process's descendants, or of all containers.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const RefusalWatch watch, RefusalWatch::Start(getpid()));
//   …
//   const std::set<KernelRefusal> refused = watch.Refused();
#pragma once

#include <sys/types.h>

#include <compare>
#include <optional>
#include <set>
#include <string>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"

struct refusals;  // The skeleton.

namespace syscarve {

struct KernelRefusal {
  std::string cgroup;   // Of a container: the last part of its path below cgroup2. Untrusted bytes, as is the next.
  std::string program;  // The last part of the executable's path.
  SyscallId call;
  int error = 0;  // EPERM or EACCES.
  auto operator<=>(const KernelRefusal&) const = default;
};

// A refusal by a seccomp filter with one of these answers counts, too. In containers only programs count that are in
// the container's root mount and in its own cgroup, not one below: so not the runtime's own. At most some thousand
// different ones are kept. From Linux 7.0 on one may be missed now and then (preemption.h).
class RefusalWatch {
 public:
  // Watches what descends from `ancestor`; nullopt: containers. Fails where BPF cannot be had (kPermissionDenied,
  // kUnimplemented).
  static absl::StatusOr<RefusalWatch> Start(std::optional<pid_t> ancestor);
  RefusalWatch(RefusalWatch&& other) noexcept;
  RefusalWatch& operator=(RefusalWatch&&) = delete;
  ~RefusalWatch();

  // All since the start.
  std::set<KernelRefusal> Refused() const;

 private:
  explicit RefusalWatch(refusals* skeleton) : skeleton_(skeleton) {}

  refusals* skeleton_;
};

}  // namespace syscarve
