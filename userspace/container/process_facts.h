// What /proc tells of a container from one of its processes: the fallback where no engine can be asked.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "userspace/base/status.h"
#include "userspace/container/cgroup_name.h"
#include "userspace/model/recording.h"

namespace syscarve {

struct ProcessFacts {
  std::string cgroup;                        // The process's path below the cgroup2 mount; "" where it has none.
  std::optional<ContainerCgroup> container;  // nullopt for a process of no container.
  std::optional<bool> no_new_privs;          // nullopt where the kernel does not say: before 4.10.
  std::optional<int> seccomp_mode;           // SECCOMP_MODE_*; nullopt for a kernel without seccomp.
};

// kNotFound when `pid` has gone. A pid names another process once its own has been reaped: whoever must be sure holds a
// pidfd and finds it alive afterwards. `proc` is where procfs is mounted.
absl::StatusOr<ProcessFacts> ReadProcessFacts(pid_t pid, const std::string& proc = "/proc");

// The container that `facts` tell of, with what can be known: its id, no_new_privs, and seccomp "unconfined" where no
// filter is in force. Both are the process's: it may have given up privileges or loaded a filter by itself. nullopt for
// a process of no container.
std::optional<Container> ContainerOfProcess(const ProcessFacts& facts);

}  // namespace syscarve
