// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/harden.h"

#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/enum_names.h"

namespace syscarve {
namespace {

struct TargetWords {
  std::string_view name;
  std::string_view suffix;
};

// In the order of the enumerators.
constexpr TargetWords kTargets[] = {{"docker", ".run.sh"},
                                    {"compose", ".compose.yml"},
                                    {"kubernetes", ".kubernetes.yaml"},
                                    {"podman", ".container"},
                                    {"systemd", ".conf"}};

// "var-lib-data" of "/var/lib/data".
std::string NameOf(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    if (plain && (!name.empty() || (c != '.' && c != '_'))) {
      name += c;
    } else if (!name.empty() && !name.ends_with('-')) {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name;
}

}  // namespace

std::string_view HardenTargetName(HardenTarget target) {
  return kTargets[static_cast<size_t>(target)].name;
}

std::string_view HardenTargetSuffix(HardenTarget target) {
  return kTargets[static_cast<size_t>(target)].suffix;
}

std::optional<HardenTarget> HardenTargetFromName(std::string_view name) {
  return EnumFromName<HardenTarget>(kTargets, name, &TargetWords::name);
}

absl::StatusOr<Emitted> EmitHardening(HardenTarget target, const HardeningPlan& plan, const Profile& profile) {
  switch (target) {
    case HardenTarget::kDocker:
      return EmitDockerLine(plan);
    case HardenTarget::kCompose:
      return EmitComposeHardening(plan);
    case HardenTarget::kKubernetes:
      return EmitPod(plan);
    case HardenTarget::kPodman:
      return EmitQuadlet(plan);
    case HardenTarget::kSystemd:
      return EmitServiceHardening(plan, profile);
  }
  return absl::InternalError("there is no such target");
}

std::map<std::string, std::string> VolumeNames(const HardeningPlan& plan) {
  std::map<std::string, std::string> names;
  std::set<std::string> taken;
  const std::string title = NameOf(plan.title);
  for (const auto& [path, directory] : plan.line.writable) {
    if (!directory.volume) continue;
    const std::string name = Concat(title.empty() ? "service" : title, "-", NameOf(path));
    std::string candidate = name;
    for (size_t i = 2; !taken.insert(candidate).second; ++i) candidate = Concat(name, "-", i);
    names[path] = candidate;
  }
  return names;
}

}  // namespace syscarve
