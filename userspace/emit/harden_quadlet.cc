// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/emit/harden.h"
#include "userspace/emit/harden_words.h"
#include "userspace/emit/unit_text.h"

namespace syscarve {
namespace {

constexpr std::string_view kPodmanTarget = "podman";

void AddWritable(const HardeningPlan& plan, UnitText& unit, absl::Status& status) {
  const std::map<std::string, std::string> volumes = VolumeNames(plan);
  for (const auto& [path, directory] : plan.line.writable) {
    // A colon ends the path.
    if (path.find(':') != std::string_view::npos && status.ok()) {
      status = Inexpressible(kPodmanTarget, "path", path, SettingKind::kReadOnlyRoot);
    }
    if (directory.volume) {
      unit.Set("Volume", Concat(volumes.at(path), ":", path), SettingKind::kReadOnlyRoot);
    } else {
      unit.Set("Tmpfs", Concat(path, ":", PodmanTmpfsOptions(directory)), SettingKind::kReadOnlyRoot);
    }
  }
}

}  // namespace

absl::StatusOr<Emitted> EmitQuadlet(const HardeningPlan& plan) {
  const ContainerLine& line = plan.line;
  absl::Status status;
  std::vector<std::string> warnings;
  UnitText unit(kPodmanTarget);
  unit.Section("Container");
  const std::string image = ImageOf(plan, "");
  if (!image.empty()) unit.Set("Image", image, SettingKind::kSeccomp);
  if (!plan.profile.empty()) {
    unit.Set("SeccompProfile", plan.profile, SettingKind::kSeccomp);
    if (!plan.profile.starts_with('/'))
      warnings.emplace_back("podman opens the profile from the unit's folder: write its whole path");
  }
  if (line.no_new_privileges) unit.Set("NoNewPrivileges", "true", SettingKind::kNoNewPrivileges);
  if (line.cap_add.has_value()) {
    unit.Set("DropCapability", "all", SettingKind::kCapabilities);
    for (const std::string& name : *line.cap_add) unit.Set("AddCapability", name, SettingKind::kCapabilities);
  }
  if (line.user.has_value()) {
    unit.Set("User", UserPart(*line.user), SettingKind::kUser);
    if (!GroupPart(*line.user).empty()) unit.Set("Group", GroupPart(*line.user), SettingKind::kUser);
  }
  for (const auto& [name, value] : line.sysctls) unit.Set("Sysctl", Concat(name, "=", value), SettingKind::kUser);
  if (line.read_only_root) {
    unit.Set("ReadOnly", "true", SettingKind::kReadOnlyRoot);
    AddWritable(plan, unit, status);
  }
  if (line.no_network) unit.Set("Network", "none", SettingKind::kNetwork);
  for (const std::string& device : line.devices) unit.Set("AddDevice", device, SettingKind::kDevices);
  if (line.selinux_type.has_value()) unit.Set("SecurityLabelType", *line.selinux_type, SettingKind::kSeccomp);
  // Settings for which older versions of Quadlet have no key.
  const auto argument = [&unit](const std::string& option, SettingKind from) { unit.Set("PodmanArgs", option, from); };
  if (line.apparmor.has_value()) argument(Concat("--security-opt=apparmor=", *line.apparmor), SettingKind::kSeccomp);
  if (line.memory_bytes.has_value()) {
    argument(Concat("--memory=", *line.memory_bytes, "b"), SettingKind::kMemory);
    argument(Concat("--memory-swap=", *line.memory_bytes, "b"), SettingKind::kMemory);
  }
  if (line.cpu_milli.has_value()) argument(Concat("--cpus=", MilliText(*line.cpu_milli)), SettingKind::kCpus);
  if (line.pids.has_value()) argument(Concat("--pids-limit=", *line.pids), SettingKind::kPids);
  if (line.open_files.has_value()) {
    argument(Concat("--ulimit=nofile=", OpenFilesLimits(line)), SettingKind::kOpenFiles);
  }
  if (line.private_ipc) argument("--ipc=private", SettingKind::kIpc);
  SYSCARVE_RETURN_IF_ERROR(status);
  SYSCARVE_RETURN_IF_ERROR(unit.status());
  if (image.empty()) warnings.emplace_back("no image is known: the unit needs an Image=");
  return Emitted{.text = Concat("# Made by `syscarve harden`.\n", unit.text()), .warnings = std::move(warnings)};
}

}  // namespace syscarve
