// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/cgroup_name.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr size_t kIdDigits = 64;

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

// The engine by the text before the id, without its separator. nullopt if that is no container's cgroup.
std::optional<std::string_view> EngineOfPrefix(std::string_view prefix) {
  constexpr std::pair<std::string_view, std::string_view> kKnown[] = {
      {"docker", "docker"},
      {"libpod", "podman"},
      {"libpod-payload", "podman"},  // --cgroups=split, as used by quadlets.
      {"cri-containerd", "containerd"},
      {"nerdctl", "containerd"},
      {"crio", "crio"},
  };
  if (prefix.empty() || !std::ranges::all_of(prefix, IsWordCharacter)) return std::nullopt;
  const std::vector<std::string_view> words = SplitNonEmpty(prefix, '-');
  // "libpod-conmon-<id>" and "crio-conmon-<id>" contain the monitor, which belongs to the engine.
  if (words.empty() || words.back() == "conmon") return std::nullopt;
  const auto* known = std::ranges::find(kKnown, prefix, &std::pair<std::string_view, std::string_view>::first);
  return known == std::end(kKnown) ? std::string_view() : known->second;
}

// The same for a component that is only an id: the engine by its parent.
std::optional<std::string_view> EngineOfParent(std::string_view parent) {
  // Names of pods with Podman's cgroupfs driver; their containers are "libpod-<id>" below them.
  if (parent == "libpod_parent") return std::nullopt;
  if (parent == "docker") return "docker";
  // The namespace of Kubernetes in containerd, for a container without a cgroup parent.
  if (parent == "k8s.io") return "containerd";
  return "";
}

struct Claim {
  std::string_view engine;
  std::string_view id;
};

std::optional<Claim> ParseComponent(std::string_view component, std::string_view parent) {
  const bool scope = ConsumeSuffix(component, ".scope");
  if (component.size() < kIdDigits) return std::nullopt;
  const std::string_view id = component.substr(component.size() - kIdDigits);
  if (!IsContainerId(id)) return std::nullopt;
  std::string_view prefix = component.substr(0, component.size() - kIdDigits);
  std::optional<std::string_view> engine;
  if (prefix.empty()) {
    // No engine creates a scope without a prefix.
    if (!scope) engine = EngineOfParent(parent);
  } else if (ConsumeSuffix(prefix, "-")) {
    engine = EngineOfPrefix(prefix);
  } else if (ConsumeSuffix(prefix, ":")) {
    // "<slice>:cri-containerd:<id>": a path in systemd's notation that a runtime with the cgroupfs driver used
    // literally.
    const size_t colon = prefix.rfind(':');
    if (colon != std::string_view::npos) engine = EngineOfPrefix(prefix.substr(colon + 1));
  }
  if (!engine.has_value()) return std::nullopt;
  return Claim{.engine = *engine, .id = id};
}

}  // namespace

bool IsContainerId(std::string_view id) {
  return id.size() == kIdDigits &&
         std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<ContainerCgroup> ParseContainerCgroup(std::string_view cgroup_path) {
  std::string_view parent;
  for (const std::string_view component : SplitNonEmpty(cgroup_path, '/')) {
    if (const std::optional<Claim> claim = ParseComponent(component, parent)) {
      const auto end = static_cast<size_t>(component.data() + component.size() - cgroup_path.data());
      return ContainerCgroup{.engine = std::string(claim->engine),
                             .id = std::string(claim->id),
                             .cgroup = std::string(cgroup_path.substr(0, end))};
    }
    parent = component;
  }
  return std::nullopt;
}

}  // namespace syscarve
