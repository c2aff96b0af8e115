// SPDX-License-Identifier: Apache-2.0
// Follows a container engine, so that even a container that lived 20 ms has a name. A separate thread reads the
// engine's events and queries every container in them; the owner only looks up the results.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const auto watcher, EngineWatcher::Start(socket));
//   …  // Record. The kernel side has the containers' ids.
//   const auto containers = watcher->WaitFor(ids, std::chrono::steady_clock::now() + std::chrono::seconds(2));
//   for (const std::string& problem : watcher->problems()) …
//
// The data about a container:
//   - An event contains its name, image and labels; for a container that was removed before the engine could be
//     queried, there is no more. A label with the name of one of the event's own attributes ("name", "image",
//     "exitCode" …) is missing then.
//   - The rest is queried once: what is kept here is fixed when a container is created.
//   - The name is the one at its first observed start; for a container that already ran, the one when first seen.
//     Later renames are ignored: Compose renames an old container to make room for its successor.
//   - All data belong to the id. Two containers that have the same name one after the other are two.
//
// If the engine goes away, its containers may continue: the data are kept, and the watcher tries to reconnect until its
// own end. On success it reads the events again that it may have missed, as far as the engine kept them, and queries
// the running containers.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/container/engine_json.h"
#include "userspace/model/recording.h"

namespace syscarve {

struct EngineWatcherOptions {
  // How long the engine may take to respond, the first time included.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
  // The pause before a new attempt to reach an engine that went away, doubled each time up to the longest.
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds longest_pause = std::chrono::seconds(5);
  // How long an event of a container may still arrive after the engine has reported the container as unknown.
  std::chrono::milliseconds straggler{1000};
};

class EngineWatcher {
 public:
  // Returns once no later event can be missed, or with an error if the engine cannot be watched: that of
  // Engine::Connect, or kDeadlineExceeded if it accepts no subscription.
  static absl::StatusOr<std::unique_ptr<EngineWatcher>> Start(const std::string& socket,
                                                              const EngineWatcherOptions& options = {});
  EngineWatcher(const EngineWatcher&) = delete;
  EngineWatcher& operator=(const EngineWatcher&) = delete;
  // Ends the thread immediately.
  ~EngineWatcher();

  // The engine, as it was when last connected to.
  EngineInfo Info() const;

  // The present data about a container, which may be those of its event only; nullopt if there are none. Never blocks.
  std::optional<Container> Find(const std::string& id) const;

  // The data about `ids` once they are complete, or at `deadline`. Queries containers without data. An id that the
  // engine does not know is missing from the result.
  std::map<std::string, Container> WaitFor(const std::set<std::string>& ids,
                                           std::chrono::steady_clock::time_point deadline);

  // The containers that the engine started in this time, by its events and its clock, both ends included; as far as
  // their events have arrived.
  std::vector<Container> StartedBetween(UnixNanos from, UnixNanos until) const;

  // Problems so far, a sentence each: because of them data about a container may be missing. At most 64.
  std::vector<std::string> problems() const;

 private:
  class Impl;
  explicit EngineWatcher(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace syscarve
