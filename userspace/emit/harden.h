// SPDX-License-Identifier: Apache-2.0
// A plan of `harden` in the words of what starts the service. One file of this folder per target; docs/harden.md says
// what each can and cannot say.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/emit/compose_override.h"
#include "userspace/emit/emit.h"
#include "userspace/harden/plan.h"
#include "userspace/model/profile.h"

namespace syscarve {

enum class HardenTarget { kDocker, kCompose, kKubernetes, kPodman, kSystemd };
inline constexpr HardenTarget kAllHardenTargets[] = {HardenTarget::kDocker, HardenTarget::kCompose,
                                                     HardenTarget::kKubernetes, HardenTarget::kPodman,
                                                     HardenTarget::kSystemd};
std::string_view HardenTargetName(HardenTarget target);  // "docker", "compose", "kubernetes", "podman", "systemd"
std::optional<HardenTarget> HardenTargetFromName(std::string_view name);
// How a service's file is called behind its title: ".run.sh", ".compose.yml", ".kubernetes.yaml", ".container",
// ".conf".
std::string_view HardenTargetSuffix(HardenTarget target);

// `profile` is that of the plan's service. Same input, same bytes. What the target has no word for is a warning.
// kInvalidArgument for a path or a name that it cannot say at all: the line would be another one without.
absl::StatusOr<Emitted> EmitHardening(HardenTarget target, const HardeningPlan& plan, const Profile& profile);

// One per target, as EmitHardening. The plan's profile is the path that the target's program is to open.

// `docker run`, a setting to a line, quoted for a shell.
absl::StatusOr<Emitted> EmitDockerLine(const HardeningPlan& plan);
// A Compose file of these settings alone, to be merged behind the project's own.
absl::StatusOr<Emitted> EmitComposeHardening(const HardeningPlan& plan);
// The parts of a pod's specification that these settings are.
absl::StatusOr<Emitted> EmitPod(const HardeningPlan& plan);
// A unit of Podman's Quadlet (podman-systemd.unit(5)).
absl::StatusOr<Emitted> EmitQuadlet(const HardeningPlan& plan);
// A drop-in for a service of systemd that runs without a container, with the profile's calls in it.
absl::StatusOr<Emitted> EmitServiceHardening(const HardeningPlan& plan, const Profile& profile);

// The same for a service of a Compose file that is there (compose_override.h).
Hardening ComposeHardeningOf(const HardeningPlan& plan);
// What Compose calls the service: what its labels say, else its recorded name.
const std::set<std::string>& ComposeNamesOf(const ServiceFacts& facts);

// What to call the volume for each directory of the plan that is to be one: of letters, digits, "-", "_" and ".".
std::map<std::string, std::string> VolumeNames(const HardeningPlan& plan);

}  // namespace syscarve
