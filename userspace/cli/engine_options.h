// SPDX-License-Identifier: Apache-2.0
// The options of verbs that ask a container engine, and of those that follow containers.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/container/naming.h"

namespace syscarve::cli {

// --engine-socket.
CLI::Option* AddEngineSocket(CLI::App& verb, std::optional<std::string>& path);

// Which containers a verb follows, and what makes them one.
struct ContainerFlags {
  std::optional<std::string> engine_socket;
  std::vector<std::string> names;
  std::vector<std::string> labels;
  std::string compose_project;
  std::string by = "service";
  std::vector<std::string> cgroup_parents;
  uint32_t max_containers = 1024;

  // Whether any of them is given that means nothing where no container is followed.
  bool ChooseAny() const;
  // kInvalidArgument for a label that is none.
  absl::StatusOr<ContainerFilter> Filter() const;
};

// Those of ContainerFlags that say which engine's containers, and what they are called by, in the group "Containers".
// `by` is what --by says of itself.
void AddContainerChoice(CLI::App& verb, ContainerFlags& flags, const std::string& by);
// All of ContainerFlags, likewise.
void AddContainerFlags(CLI::App& verb, ContainerFlags& flags, const std::string& by);

}  // namespace syscarve::cli
