#include "userspace/cli/live_target.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/container/engine.h"

namespace syscarve::cli {

absl::StatusOr<pid_t> ResolveLiveTarget(const std::string& target, const std::optional<std::string>& engine_socket) {
  constexpr std::string_view kContainer = "container:";
  std::string_view name = target;
  if (name.starts_with(kContainer)) {
    name.remove_prefix(kContainer.size());
  } else if (const auto pid = ParseNumber<pid_t>(name); pid && *pid > 0) {
    return *pid;
  }
  // As engines name containers. A number is not asked for by mistake.
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
  };
  const bool is_number = name == target && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
  if (name.empty() || is_number || !std::isalnum(static_cast<unsigned char>(name[0])) ||
      !std::ranges::all_of(name, is_word)) {
    return absl::InvalidArgumentError(Concat("\"", target, "\" is no process id and no container"));
  }
  std::string socket = engine_socket.value_or("");
  if (!engine_socket) {
    SYSCARVE_ASSIGN_OR_RETURN(socket, DefaultEngineSocket());
  }
  SYSCARVE_ASSIGN_OR_RETURN(const Engine engine, Engine::Connect(socket));
  SYSCARVE_ASSIGN_OR_RETURN(const ContainerDetails details, engine.Inspect(name));
  if (details.pid > 0) return details.pid;
  return WithHint(absl::FailedPreconditionError(Concat("container ", name, " does not run (", details.state, ")")),
                  "Only a running process has a filter in force.");
}

}  // namespace syscarve::cli
