// SPDX-License-Identifier: Apache-2.0
// The options of verbs that ask a container engine, and of those that follow containers.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace syscarve::cli {

// --engine-socket.
CLI::Option* AddEngineSocket(CLI::App& verb, std::optional<std::string>& path);

// --name and --cgroup-parent, in the group "Containers".
void AddContainerNames(CLI::App& verb, std::vector<std::string>& names);
void AddCgroupParents(CLI::App& verb, std::vector<std::string>& parents);

}  // namespace syscarve::cli
