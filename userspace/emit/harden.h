// SPDX-License-Identifier: Apache-2.0
// Writes a plan of `harden` in the syntax of the program that starts the service. One file of this folder per target;
// docs/harden.md states what each can express.
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
// The suffix of a service's file, behind its title: ".run.sh", ".compose.yml", ".kubernetes.yaml", ".container",
// ".conf".
std::string_view HardenTargetSuffix(HardenTarget target);

// `profile` is that of the plan's service. Deterministic. A setting that the target does not support is a warning.
// kInvalidArgument for a path or name that the target's syntax cannot express, because leaving it out would change the
// line.
absl::StatusOr<Emitted> EmitHardening(HardenTarget target, const HardeningPlan& plan, const Profile& profile);

// One per target, as EmitHardening. The plan's profile is the path for the target's program to open.

// `docker run` with one setting per line, quoted for a shell.
absl::StatusOr<Emitted> EmitDockerLine(const HardeningPlan& plan);
// A Compose file with only these settings, to be merged behind the project's own.
absl::StatusOr<Emitted> EmitComposeHardening(const HardeningPlan& plan);
// The part of a pod's specification with these settings.
absl::StatusOr<Emitted> EmitPod(const HardeningPlan& plan);
// A unit of Podman's Quadlet (podman-systemd.unit(5)).
absl::StatusOr<Emitted> EmitQuadlet(const HardeningPlan& plan);
// A drop-in, including the profile's calls, for a service of systemd that runs without a container.
absl::StatusOr<Emitted> EmitServiceHardening(const HardeningPlan& plan, const Profile& profile);

// The plan for a service of an existing Compose file (compose_override.h).
Hardening ComposeHardeningOf(const HardeningPlan& plan);
// The service's names in Compose, from its containers' labels; without labels its recorded name.
const std::set<std::string>& ComposeNamesOf(const ServiceFacts& facts);

// For each directory of the plan that is to be a volume, the volume's name: letters, digits, "-", "_" and ".".
std::map<std::string, std::string> VolumeNames(const HardeningPlan& plan);

}  // namespace syscarve
