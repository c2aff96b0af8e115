// SPDX-License-Identifier: Apache-2.0
// Shared by the functions that plan the settings. Each adds its setting to the plan, and the setting's value to the
// line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "userspace/harden/facts.h"
#include "userspace/harden/plan.h"
#include "userspace/shipped/hardening_rules.h"

namespace syscarve {

struct Planner {
  const PlanRequest& request;
  const HardeningFacts& facts;
  const DirectoryRules& paths;
  const LimitRules& limits;
  HardeningPlan& plan;

  // Adds the setting, and returns whether its value belongs in the line. Whether it is proven is decided later, when
  // the line is complete.
  bool Add(Setting setting) const {
    const bool borne = setting.verdict == SettingVerdict::kObserved || request.tried.contains(setting.kind);
    setting.in_line = borne && !setting.value.empty() && !request.left_out.contains(setting.kind);
    if (setting.in_force) setting.severity = Severity::kNote;
    plan.settings.push_back(std::move(setting));
    return plan.settings.back().in_line;
  }
  // Whether `holds` is true of all recorded containers that an engine reported; false if there are none.
  template <typename Predicate>
  bool AllContainers(Predicate holds) const {
    bool all = !facts.containers.empty();
    for (const Container& container : facts.containers) all = all && holds(container);
    return all;
  }
  template <typename Predicate>
  bool AnyContainer(Predicate holds) const {
    bool any = false;
    for (const Container& container : facts.containers) any = any || holds(container);
    return any;
  }
};

// How a user obtains the evidence.
inline constexpr std::string_view kRecordHow =
    "Record with `syscarve record --hardening`, from before the service is started until after it was stopped.";
inline constexpr std::string_view kVerifyHow =
    "Put it into the line with --try, and run the service's tests under the line with `syscarve verify --docker`.";
// How a user can close `gap`.
inline std::string_view HowToClose(const EvidenceGap& gap) {
  return gap.only_io_uring ? kVerifyHow : kRecordHow;
}

// start_settings.cc: settings of a container's start.
void PlanPrivileged(const Planner& planner);
void PlanEngineSocket(const Planner& planner);
void PlanHostNamespaces(const Planner& planner);
void PlanSeccomp(const Planner& planner);
void PlanNoNewPrivileges(const Planner& planner);
void PlanCapabilities(const Planner& planner);

// user_setting.cc
void PlanUser(const Planner& planner);

// use_settings.cc: resources that a container uses.
void PlanReadOnlyRoot(const Planner& planner);
void PlanIpc(const Planner& planner);
void PlanDevices(const Planner& planner);
void PlanMaskedPaths(const Planner& planner);
void PlanHealthCheck(const Planner& planner);
void PlanUserNamespace(const Planner& planner);

// network_settings.cc
void PlanNetwork(const Planner& planner);
void PlanPorts(const Planner& planner);
// Whether the service binds a port below 1024 on an address of its own network, which needs a capability or a sysctl.
bool BindsLowPort(const HardeningFacts& facts);

// limit_settings.cc: limits of these resources.
void PlanLimits(const Planner& planner);

}  // namespace syscarve
