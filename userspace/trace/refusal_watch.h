// SPDX-License-Identifier: Apache-2.0
// Calls that the kernel failed with EPERM or EACCES, by program: of a process's descendants, or of all containers.
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
  std::string cgroup;   // Of a container: the last part of its path below cgroup2. Untrusted, as is `program`.
  std::string program;  // The last part of the executable's path.
  SyscallId call;
  int error = 0;  // EPERM or EACCES.
  auto operator<=>(const KernelRefusal&) const = default;
};

// Includes refusals by a seccomp filter with one of these errnos. In containers, only programs that are in the
// container's root mount and in its own cgroup, not one below, are counted: so the runtime's own are not. At most some
// thousand distinct refusals are kept. Since Linux 7.0 a few may be missed (preemption.h).
class RefusalWatch {
 public:
  // Watches the descendants of `ancestor`; nullopt: containers. kPermissionDenied or kUnimplemented if BPF is not
  // available.
  static absl::StatusOr<RefusalWatch> Start(std::optional<pid_t> ancestor);
  RefusalWatch(RefusalWatch&& other) noexcept;
  RefusalWatch& operator=(RefusalWatch&&) = delete;
  ~RefusalWatch();

  // All refusals since the start.
  std::set<KernelRefusal> Refused() const;

 private:
  explicit RefusalWatch(refusals* skeleton) : skeleton_(skeleton) {}

  refusals* skeleton_;
};

}  // namespace syscarve
