// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/emit/compose_override.h"
#include "userspace/emit/harden.h"
#include "userspace/emit/harden_words.h"

namespace syscarve {

Hardening ComposeHardeningOf(const HardeningPlan& plan) {
  return {.profile = plan.profile,
          .no_new_privileges = plan.line.no_new_privileges,
          .capabilities_known = plan.line.cap_add.has_value(),
          .cap_add = plan.line.cap_add.value_or(std::vector<std::string>()),
          .line = plan.line,
          .volumes = plan.line.read_only_root ? VolumeNames(plan) : std::map<std::string, std::string>()};
}

const std::set<std::string>& ComposeNamesOf(const ServiceFacts& facts) {
  return facts.compose_services.empty() ? facts.names : facts.compose_services;
}

absl::StatusOr<Emitted> EmitComposeHardening(const HardeningPlan& plan) {
  const Hardening hardening = ComposeHardeningOf(plan);
  const std::set<std::string>& names = ComposeNamesOf(plan.facts);
  std::string services;
  for (const std::string& name : names.empty() ? std::set<std::string>{plan.title} : names) {
    const std::optional<std::string> lines = ComposeServiceLines(name, hardening, 2);
    if (!lines.has_value()) {
      return WithHint(
          absl::InvalidArgumentError(Concat("compose cannot express the name or a path of ", EscapeForTerminal(name))),
          "Leave the root writable (--leave-out read-only-root), or name the folder of the profiles otherwise.");
    }
    services += *lines;
  }
  Emitted emitted;
  emitted.text = Concat("# Made by `syscarve harden`. Name it after the project's own file:\n",
                        "#   docker compose -f docker-compose.yml -f THIS up\nservices:\n", services,
                        ComposeVolumes({{hardening}}));
  if (plan.line.no_network) {
    emitted.warnings.emplace_back(
        "compose refuses network_mode beside networks: a service that names networks has to stop that");
  }
  if (!plan.line.devices.empty()) emitted.warnings.emplace_back("devices are left to the project's own file");
  return emitted;
}

}  // namespace syscarve
