// SPDX-License-Identifier: Apache-2.0
// The container that a cgroup belongs to, by its path alone: container engines name a container's cgroup after the
// container's id. The layouts were taken from Docker, Podman, containerd (CRI and nerdctl) and CRI-O, with the cgroupfs
// and the systemd driver, as root and rootless; the table in tests/unit/container/cgroup_name_test.cc has one real path
// of each.
//
// A name is a claim, not a proof: any process that may create cgroups below a subtree can give them any name. Two
// cgroups that claim the same id are two subjects; they are distinguished by the kernel's cgroup id.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace syscarve {

struct ContainerCgroup {
  std::string engine;  // "docker", "podman", "containerd" or "crio" if the name contains it; otherwise "".
  std::string id;      // 64 lower-case hex digits.
  std::string cgroup;  // The container's own cgroup: `cgroup_path` up to the component with the id.
  bool operator==(const ContainerCgroup&) const = default;
};

// The container of the cgroup `cgroup_path`, a path below a cgroup mount: it is the container's own cgroup or one below
// that. The outermost container counts: what an engine inside a container starts belongs to that container. nullopt for
// any other cgroup, including those of a container's monitor process (conmon) and of a pod.
std::optional<ContainerCgroup> ParseContainerCgroup(std::string_view cgroup_path);

// Whether `id` is 64 lower-case hex digits, the form of every engine's container ids.
bool IsContainerId(std::string_view id);

}  // namespace syscarve
