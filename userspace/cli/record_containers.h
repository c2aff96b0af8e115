// `record --docker`: all containers that are made while it runs, each under its service's name.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "userspace/container/naming.h"
#include "userspace/process/command.h"
#include "userspace/trace/mark_socket.h"

namespace syscarve::cli {

struct ContainerFlags {
  std::string output = "recordings";  // A folder.
  std::string run;
  bool every_call = false;
  std::optional<std::string> engine_socket;
  ContainerFilter filter;
  By by = By::kService;
  bool running = false;
  std::vector<std::string> cgroup_parents;
  uint32_t max_containers = 1024;
  MarkBy mark_by = MarkBy::kSocket;
  std::optional<std::chrono::milliseconds> duration;
  bool quiet = false;
};

// Records, writes and says so. Returns the exit code: with a command its own status, or 125 to 127 as for `record`.
int RecordContainersVerb(const ContainerFlags& flags, const std::optional<Command>& command);

}  // namespace syscarve::cli
