// SPDX-License-Identifier: Apache-2.0
// The engines of this host that are followed at once: Docker and Podman may both run, and each knows its own containers
// only.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/container/engine_watcher.h"
#include "userspace/model/recording.h"

namespace syscarve {

class EngineWatchers {
 public:
  // Watches the engine at each of `sockets` that answers. What keeps the others from it is in problems_at_start(). The
  // error is the last socket's when none answers.
  static absl::StatusOr<EngineWatchers> Start(std::span<const std::string> sockets,
                                              const EngineWatcherOptions& options = {});
  // No engine: nothing is known of any container.
  EngineWatchers() = default;

  bool empty() const { return watchers_.empty(); }
  // "docker 20.10.24 at /var/run/docker.sock", for people, escaped.
  std::vector<std::string> Names() const;
  const std::vector<std::string>& problems_at_start() const { return problems_at_start_; }

  // As EngineWatcher's, of all of them together.
  std::map<std::string, Container> WaitFor(std::set<std::string> ids, std::chrono::steady_clock::time_point deadline);
  std::vector<Container> StartedBetween(UnixNanos from, UnixNanos until) const;
  std::vector<std::string> problems() const;
  // The socket of the engine that knows this container.
  std::optional<std::string> SocketOf(const std::string& id) const;

 private:
  struct Watched {
    std::string socket;
    std::unique_ptr<EngineWatcher> watcher;
  };
  std::vector<Watched> watchers_;
  std::vector<std::string> problems_at_start_;
};

}  // namespace syscarve
