// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/engine_options.h"

namespace syscarve::cli {
namespace {

constexpr char kContainers[] = "Containers";

}  // namespace

CLI::Option* AddEngineSocket(CLI::App& verb, std::optional<std::string>& path) {
  return verb
      .add_option("--engine-socket", path,
                  "Where the engine's API listens (default: DOCKER_HOST, then Docker's and Podman's usual places)")
      ->type_name("PATH");
}

void AddContainerNames(CLI::App& verb, std::vector<std::string>& names) {
  verb.add_option("--name", names, "Only containers whose name matches this pattern, as web-* (repeatable)")
      ->type_name("GLOB")
      ->allow_extra_args(false)
      ->group(kContainers);
}

void AddCgroupParents(CLI::App& verb, std::vector<std::string>& parents) {
  verb.add_option("--cgroup-parent", parents,
                  "Take every cgroup that is made below this one for a container, whatever its name (repeatable)")
      ->type_name("CGROUP")
      ->allow_extra_args(false)
      ->group(kContainers);
}

}  // namespace syscarve::cli
