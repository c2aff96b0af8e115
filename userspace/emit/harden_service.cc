// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/emit/harden.h"
#include "userspace/emit/harden_words.h"
#include "userspace/emit/unit_text.h"

namespace syscarve {
namespace {

constexpr std::string_view kSystemdTarget = "systemd";

}  // namespace

absl::StatusOr<Emitted> EmitServiceHardening(const HardeningPlan& plan, const Profile& profile) {
  const ContainerLine& line = plan.line;
  // The profile's drop-in comes first, with the section's header; the other settings follow in that section.
  EmitOptions options;
  options.native = profile.abis.empty() ? NativeAbi() : profile.abis.front();
  options.capabilities = line.cap_add;
  options.no_new_privs = line.no_new_privileges;
  SYSCARVE_ASSIGN_OR_RETURN(Emitted emitted, EmitSystemd(profile, options));
  UnitText unit(kSystemdTarget);
  if (line.user.has_value()) {
    unit.Set("User", UserPart(*line.user), SettingKind::kUser);
    if (!GroupPart(*line.user).empty()) unit.Set("Group", GroupPart(*line.user), SettingKind::kUser);
    if (!line.sysctls.empty()) {
      unit.Set("AmbientCapabilities", "CAP_NET_BIND_SERVICE", SettingKind::kUser);
      emitted.warnings.emplace_back(
          "systemd gives the service CAP_NET_BIND_SERVICE for its low port: a socket unit would do without");
    }
  }
  if (line.read_only_root) {
    unit.Set("ProtectSystem", "strict", SettingKind::kReadOnlyRoot);
    for (const auto& [path, directory] : line.writable) {
      // ":" has no meaning here; a leading "-" means that the path need not exist.
      unit.Set("ReadWritePaths", Concat("-", path), SettingKind::kReadOnlyRoot);
    }
  }
  if (line.memory_bytes.has_value()) {
    unit.Set("MemoryMax", Concat(*line.memory_bytes), SettingKind::kMemory);
    unit.Set("MemorySwapMax", "0", SettingKind::kMemory);
  }
  if (line.cpu_milli.has_value()) unit.SetPercent("CPUQuota", (*line.cpu_milli + 9) / 10);
  if (line.pids.has_value()) unit.Set("TasksMax", Concat(*line.pids), SettingKind::kPids);
  if (line.open_files.has_value()) unit.Set("LimitNOFILE", OpenFilesLimits(line), SettingKind::kOpenFiles);
  if (line.no_network) unit.Set("PrivateNetwork", "yes", SettingKind::kNetwork);
  if (line.private_ipc) unit.Set("PrivateIPC", "yes", SettingKind::kIpc);
  unit.Set("DevicePolicy", "closed", SettingKind::kDevices);
  for (const std::string& device : line.devices) unit.Set("DeviceAllow", device, SettingKind::kDevices);
  if (line.apparmor.has_value()) unit.Set("AppArmorProfile", *line.apparmor, SettingKind::kSeccomp);
  if (line.selinux_type.has_value()) {
    unit.Set("SELinuxContext", Concat("system_u:system_r:", *line.selinux_type, ":s0"), SettingKind::kSeccomp);
  }
  SYSCARVE_RETURN_IF_ERROR(unit.status());
  emitted.text += unit.text();
  return emitted;
}

}  // namespace syscarve
