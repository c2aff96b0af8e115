// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/engine_watchers.h"

#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {

absl::StatusOr<EngineWatchers> EngineWatchers::Start(std::span<const std::string> sockets,
                                                     const EngineWatcherOptions& options) {
  EngineWatchers all;
  absl::Status problem = absl::FailedPreconditionError("there is no container engine to ask");
  for (const std::string& socket : sockets) {
    auto watcher = EngineWatcher::Start(socket, options);
    if (watcher.ok()) {
      all.watchers_.push_back({socket, *std::move(watcher)});
    } else {
      problem = watcher.status();
      all.problems_at_start_.emplace_back(WithoutHint(problem));
    }
  }
  if (all.watchers_.empty()) return problem;
  return all;
}

std::vector<std::string> EngineWatchers::Names() const {
  std::vector<std::string> names;
  for (const auto& [socket, watcher] : watchers_) {
    const EngineInfo info = watcher->Info();
    names.push_back(EscapeForTerminal(Concat(info.name, " ", info.version, " at ", socket)));
  }
  return names;
}

std::map<std::string, Container> EngineWatchers::WaitFor(std::set<std::string> ids,
                                                         std::chrono::steady_clock::time_point deadline) {
  std::map<std::string, Container> found;
  for (const auto& [socket, watcher] : watchers_) {
    found.merge(watcher->WaitFor(ids, deadline));
    std::erase_if(ids, [&](const std::string& id) { return found.contains(id); });
  }
  return found;
}

std::vector<Container> EngineWatchers::StartedBetween(UnixNanos from, UnixNanos until) const {
  std::vector<Container> started;
  for (const auto& [socket, watcher] : watchers_) {
    for (Container& container : watcher->StartedBetween(from, until)) started.push_back(std::move(container));
  }
  return started;
}

std::optional<std::string> EngineWatchers::SocketOf(const std::string& id) const {
  for (const auto& [socket, watcher] : watchers_) {
    if (watcher->Find(id).has_value()) return socket;
  }
  return std::nullopt;
}

std::vector<std::string> EngineWatchers::problems() const {
  std::vector<std::string> problems;
  for (const auto& [socket, watcher] : watchers_) {
    for (std::string& problem : watcher->problems()) problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace syscarve
