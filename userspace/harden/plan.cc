// SPDX-License-Identifier: Apache-2.0
#include "userspace/harden/plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/enum_names.h"
#include "userspace/base/strict_json.h"
#include "userspace/harden/facts.h"
#include "userspace/harden/planner.h"

namespace syscarve {
namespace {

struct KindWords {
  std::string_view name;
  std::string_view summary;
};

// In the order of the enumerators.
constexpr KindWords kKinds[kSettingKindCount] = {
    {"privileged", "A container is privileged"},
    {"engine-socket", "A container engine's socket is mounted into a container"},
    {"host-namespaces", "A container shares namespaces with its host"},
    {"seccomp", "Containers run without a seccomp profile of their own"},
    {"no-new-privileges", "Programs in the container can gain privileges by set-id bits and file capabilities"},
    {"capabilities", "Containers have capabilities that the service does not need"},
    {"user", "Programs run as root"},
    {"read-only-root", "The container's root directory can be written to"},
    {"network", "A container has a network that it does not use"},
    {"ports", "Ports are published on all addresses of the host"},
    {"memory", "There is no limit of memory"},
    {"cpus", "There is no limit of processor time"},
    {"pids", "There is no limit of processes"},
    {"open-files", "There is no limit of descriptors"},
    {"ipc", "The IPC namespace is shared"},
    {"devices", "A container has devices"},
    {"masked-paths", "Paths of the kernel that engines hide are open"},
    {"health-check", "There is no health check"},
    {"user-namespace", "Root in a container is the host's root"},
};
constexpr std::string_view kVerdicts[] = {"proven", "observed", "unknown", "refused"};

// Whether two lines are equal in a setting.
bool Agree(SettingKind kind, const ContainerLine& a, const ContainerLine& b) {
  switch (kind) {
    case SettingKind::kNoNewPrivileges:
      return a.no_new_privileges == b.no_new_privileges;
    case SettingKind::kCapabilities:
      return a.cap_add == b.cap_add;
    case SettingKind::kUser:
      return a.user == b.user && a.sysctls == b.sysctls;
    case SettingKind::kReadOnlyRoot:
      return a.read_only_root == b.read_only_root && a.writable == b.writable;
    case SettingKind::kNetwork:
      return a.no_network == b.no_network;
    case SettingKind::kMemory:
      return a.memory_bytes == b.memory_bytes;
    case SettingKind::kCpus:
      return a.cpu_milli == b.cpu_milli;
    case SettingKind::kPids:
      return a.pids == b.pids;
    case SettingKind::kOpenFiles:
      return a.open_files == b.open_files && a.open_files_hard == b.open_files_hard;
    case SettingKind::kIpc:
      return a.private_ipc == b.private_ipc;
    default:
      return false;
  }
}

void MarkProven(const PlanRequest& request, HardeningPlan& plan) {
  if (!request.proven.has_value()) return;
  for (Setting& setting : plan.settings) {
    const bool proven = setting.kind == SettingKind::kSeccomp ? request.profile_proven
                                                              : Agree(setting.kind, plan.line, *request.proven);
    if (!proven || !setting.in_line) continue;
    setting.verdict = SettingVerdict::kProven;
    setting.how.clear();
    setting.reasons.emplace_back(
        "`syscarve verify` passed with the service's containers under the line, this included.");
  }
}

}  // namespace

std::string_view SettingKindName(SettingKind kind) {
  return kKinds[static_cast<size_t>(kind)].name;
}

std::string_view SettingSummary(SettingKind kind) {
  return kKinds[static_cast<size_t>(kind)].summary;
}

std::optional<SettingKind> SettingKindFromName(std::string_view name) {
  return EnumFromName<SettingKind>(kKinds, name, &KindWords::name);
}

std::string_view SettingVerdictName(SettingVerdict verdict) {
  return kVerdicts[static_cast<size_t>(verdict)];
}

const Setting* HardeningPlan::Find(SettingKind kind) const {
  const auto found = std::ranges::find(settings, kind, &Setting::kind);
  return found == settings.end() ? nullptr : &*found;
}

Severity HardeningPlan::Gravest() const {
  Severity gravest = Severity::kNote;
  for (const Setting& setting : settings) gravest = std::max(gravest, setting.severity);
  return gravest;
}

absl::StatusOr<EngineSettings> ParseDaemonJson(std::string_view text) {
  constexpr JsonLimits kLimits = {.bytes = size_t{1} << 20, .values = 65536, .depth = 32};
  constexpr size_t kMaxName = 4096;
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue document, ParseStrictJson(text, kLimits));
  std::string error;
  const JsonReader root(document, &error);
  EngineSettings settings;
  if (!root.IsObject()) root.Fail("expected an object");
  if (const JsonReader remap = root.Optional("userns-remap"); remap.exists())
    settings.user_namespace = remap.Text(kMaxName);
  if (!error.empty()) return absl::InvalidArgumentError(error);
  return settings;
}

absl::StatusOr<HardeningPlan> MakePlan(const PlanRequest& request) {
  SYSCARVE_ASSIGN_OR_RETURN(const DirectoryRules* const paths, ShippedDirectoryRules());
  SYSCARVE_ASSIGN_OR_RETURN(const LimitRules* const limits, ShippedLimitRules());
  SYSCARVE_ASSIGN_OR_RETURN(const HardeningFacts facts, GatherFacts(request.recordings));
  HardeningPlan plan;
  plan.title = request.title;
  plan.profile = request.profile;
  plan.facts = DescribeService(request.recordings);
  plan.missing = MissingSentences(facts);
  plan.line.apparmor = request.apparmor;
  plan.line.selinux_type = request.selinux_type;
  const Planner planner{request, facts, *paths, *limits, plan};
  for (const auto add : {PlanPrivileged, PlanEngineSocket, PlanHostNamespaces, PlanSeccomp, PlanNoNewPrivileges,
                         PlanCapabilities, PlanUser, PlanReadOnlyRoot, PlanNetwork, PlanPorts, PlanLimits, PlanIpc,
                         PlanDevices, PlanMaskedPaths, PlanHealthCheck, PlanUserNamespace}) {
    add(planner);
  }
  MarkProven(request, plan);
  return plan;
}

}  // namespace syscarve
