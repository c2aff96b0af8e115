// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/ceiling_options.h"

#include <CLI/CLI.hpp>

#include "userspace/base/concat.h"
#include "userspace/cli/profile_options.h"

namespace syscarve::cli {

void AddCeilingOptions(CLI::App& verb, CeilingRequest& request) {
  verb.add_option(
          "--ceiling", request.ceiling,
          Concat("What the result may not exceed: what it refuses is cut and listed. none; engine-default: what the "
                 "engine of this host enforces by default; or a profile: ",
                 kProfileWords))
      ->capture_default_str();
  AddProfileTargetOptions(verb, request.target);
  verb.add_option("--engine-socket", request.engine_socket,
                  "For engine-default and live:CONTAINER, where the engine's API listens (default: DOCKER_HOST, then "
                  "Docker's and Podman's usual places)")
      ->type_name("PATH");
}

}  // namespace syscarve::cli
