// SPDX-License-Identifier: Apache-2.0
// All engines of this host, followed at the same time: Docker and Podman may both run, and each has only its own
// containers.
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
  // Watches the engine at each of `sockets` that responds. The errors of the others are in problems_at_start(). If none
  // responds, returns the last socket's error.
  static absl::StatusOr<EngineWatchers> Start(std::span<const std::string> sockets,
                                              const EngineWatcherOptions& options = {});
  // No engine: there are no data about any container.
  EngineWatchers() = default;

  bool empty() const { return watchers_.empty(); }
  // "docker 20.10.24 at /var/run/docker.sock", for people, escaped.
  std::vector<std::string> Names() const;
  const std::vector<std::string>& problems_at_start() const { return problems_at_start_; }

  // As EngineWatcher's, for all engines together.
  std::map<std::string, Container> WaitFor(std::set<std::string> ids, std::chrono::steady_clock::time_point deadline);
  std::vector<Container> StartedBetween(UnixNanos from, UnixNanos until) const;
  std::vector<std::string> problems() const;
  // The socket of the engine that has this container.
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
