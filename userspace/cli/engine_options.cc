// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/engine_options.h"

#include <utility>

namespace syscarve::cli {
namespace {

constexpr char kContainers[] = "Containers";

}  // namespace

bool ContainerFlags::ChooseAny() const {
  return engine_socket || !names.empty() || !labels.empty() || !compose_project.empty() || !cgroup_parents.empty();
}

absl::StatusOr<ContainerFilter> ContainerFlags::Filter() const {
  ContainerFilter filter = {.names = names, .labels = {}, .compose_project = compose_project};
  for (const std::string& label : labels) {
    SYSCARVE_ASSIGN_OR_RETURN(LabelCondition condition, ParseLabelCondition(label));
    filter.labels.push_back(std::move(condition));
  }
  return filter;
}

void AddContainerChoice(CLI::App& verb, ContainerFlags& flags, const std::string& by) {
  AddEngineSocket(verb, flags.engine_socket)->group(kContainers);
  verb.add_option("--name", flags.names, "Only containers whose name matches this pattern, as web-* (repeatable)")
      ->type_name("GLOB")
      ->allow_extra_args(false)
      ->group(kContainers);
  verb.add_option("--label", flags.labels, "Only containers with this label, K or K=V (repeatable: all must hold)")
      ->type_name("K=V")
      ->allow_extra_args(false)
      ->group(kContainers);
  verb.add_option("--compose-project", flags.compose_project, "Only containers of this Compose project")
      ->type_name("NAME")
      ->group(kContainers);
  verb.add_option("--by", flags.by, by)
      ->check(CLI::IsMember({"service", "container", "image"}))
      ->capture_default_str()
      ->group(kContainers);
}

void AddContainerFlags(CLI::App& verb, ContainerFlags& flags, const std::string& by) {
  AddContainerChoice(verb, flags, by);
  verb.add_option("--cgroup-parent", flags.cgroup_parents,
                  "Take every cgroup that is made below this one for a container, whatever its name (repeatable)")
      ->type_name("CGROUP")
      ->allow_extra_args(false)
      ->group(kContainers);
  verb.add_option("--max-containers", flags.max_containers, "Room for so many containers in one recording")
      ->check(CLI::Range(1, 16384))
      ->capture_default_str()
      ->group(kContainers);
}

CLI::Option* AddEngineSocket(CLI::App& verb, std::optional<std::string>& path) {
  return verb
      .add_option("--engine-socket", path,
                  "Where the engine's API listens (default: DOCKER_HOST, then Docker's and Podman's usual places)")
      ->type_name("PATH");
}

}  // namespace syscarve::cli
