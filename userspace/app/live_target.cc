// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/live_target.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/container/engine.h"

namespace syscarve {
namespace {

// The form of an engine's container names.
bool IsContainerWord(std::string_view name) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
  };
  return !name.empty() && std::isalnum(static_cast<unsigned char>(name[0])) != 0 && std::ranges::all_of(name, is_word);
}

// The details from the first engine that has the container; otherwise the last engine's error.
absl::StatusOr<ContainerDetails> InspectSomewhere(const std::vector<std::string>& sockets, std::string_view name) {
  absl::Status problem;
  for (const std::string& socket : sockets) {
    const auto engine = Engine::Connect(socket);
    if (!engine.ok()) {
      problem = engine.status();
      continue;
    }
    auto details = engine->Inspect(name);
    if (details.ok()) return details;
    problem = details.status();
  }
  return problem;
}

}  // namespace

absl::StatusOr<pid_t> ResolveLiveTarget(const std::string& target, const std::optional<std::string>& engine_socket) {
  constexpr std::string_view kContainer = "container:";
  std::string_view name = target;
  if (name.starts_with(kLive)) name.remove_prefix(kLive.size());
  const bool is_container = name.starts_with(kContainer);
  if (is_container) {
    name.remove_prefix(kContainer.size());
  } else if (const auto pid = ParseNumber<pid_t>(name); pid && *pid > 0) {
    return *pid;
  }
  // A number that is no pid is an error, not a container's name.
  const bool is_number = !is_container && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
  if (is_number || !IsContainerWord(name)) {
    return absl::InvalidArgumentError(Concat("\"", target, "\" is no process id and no container"));
  }
  std::vector<std::string> sockets;
  if (engine_socket) {
    sockets.push_back(*engine_socket);
  } else {
    SYSCARVE_ASSIGN_OR_RETURN(sockets, DefaultEngineSockets());
  }
  SYSCARVE_ASSIGN_OR_RETURN(const ContainerDetails details, InspectSomewhere(sockets, name));
  if (details.pid > 0) return details.pid;
  return WithHint(absl::FailedPreconditionError(Concat("container ", name, " does not run (", details.state, ")")),
                  "Only a running process has a filter in force.");
}

}  // namespace syscarve
