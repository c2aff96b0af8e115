// SPDX-License-Identifier: Apache-2.0
// Which container a cgroup belongs to, by its path alone: container engines put the container's id into the name
// of its cgroup. Layouts were read off Docker, Podman, containerd (CRI and nerdctl) and CRI-O, with the cgroupfs and
// the systemd driver, as root and rootless; the table in tests/unit/container/cgroup_name_test.cc has one real path of
// each.
//
// A name is a claim, not a proof: whoever may make cgroups below one of theirs can give them any name. Two cgroups that
// claim the same id are two subjects; what sets them apart is the kernel's cgroup id.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace syscarve {

struct ContainerCgroup {
  std::string engine;  // "docker", "podman", "containerd" or "crio" where the name has it; otherwise "".
  std::string id;      // 64 lower-case hex digits.
  std::string cgroup;  // The container's own cgroup: `cgroup_path` up to the component that names it.
  bool operator==(const ContainerCgroup&) const = default;
};

// The container that the cgroup `cgroup_path`, a path below a cgroup mount, is of: its own cgroup or one below that.
// The outermost container counts: what an engine inside a container starts belongs to the container. nullopt for any
// other cgroup, a container's monitor process (conmon) and a pod's included.
std::optional<ContainerCgroup> ParseContainerCgroup(std::string_view cgroup_path);

// Whether `id` is 64 lower-case hex digits, as every engine's container ids are.
bool IsContainerId(std::string_view id);

}  // namespace syscarve
