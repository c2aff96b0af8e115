// SPDX-License-Identifier: Apache-2.0
// The options of verbs that query a container engine, and of those that follow containers.
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

// Which containers a verb follows, and which of them belong together.
struct ContainerFlags {
  std::optional<std::string> engine_socket;
  std::vector<std::string> names;
  std::vector<std::string> labels;
  std::string compose_project;
  std::string by = "service";
  std::vector<std::string> cgroup_parents;
  uint32_t max_containers = 1024;

  // Whether any option is given that applies only to followed containers.
  bool ChooseAny() const;
  // kInvalidArgument for an invalid label.
  absl::StatusOr<ContainerFilter> Filter() const;
};

// Adds the options of ContainerFlags for the engine, the selection and the naming of containers, in the group
// "Containers". `by` is the help of --by.
void AddContainerChoice(CLI::App& verb, ContainerFlags& flags, const std::string& by);
// The same with all options of ContainerFlags.
void AddContainerFlags(CLI::App& verb, ContainerFlags& flags, const std::string& by);

}  // namespace syscarve::cli
