// SPDX-License-Identifier: Apache-2.0
// Follows what a container engine does, so that a container that lived 20 ms has a name all the same. A thread of its
// own listens to the engine's events and asks about every container it hears of; the owner only looks up what is known
// by now.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const auto watcher, EngineWatcher::Start(socket));
//   …  // Record. The kernel side has the containers' ids.
//   const auto containers = watcher->WaitFor(ids, std::chrono::steady_clock::now() + std::chrono::seconds(2));
//   for (const std::string& problem : watcher->problems()) …
//
// What is known of a container:
//   - An event has its name, image and labels; that is all there is of a container that had been removed before the
//     engine could be asked about it. A label that is called like one of the event's own attributes ("name", "image",
//     "exitCode" …) is missing then.
//   - The engine is asked for the rest, once: what is kept here is fixed when a container is created.
//   - The name is the one it was started with, the first time that was seen; of one that already ran, the one it had
//     when it was first seen. A later renaming is how Compose puts an old container out of the way of its successor,
//     and does not count.
//   - Everything belongs to the id. Two containers that have the same name one after the other are two.
//
// When the engine goes away its containers may live on: what is known stays, and the watcher tries to reach the engine
// until its own end. Then it reads the events again that it may have missed, as far as the engine kept them, and asks
// about the containers that run.
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
  // How long the engine may take to answer, the first time included.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
  // The pause before another try to reach an engine that went away, doubled with each up to the longest.
  std::chrono::milliseconds first_pause{100};
  std::chrono::milliseconds longest_pause = std::chrono::seconds(5);
  // How long an event of a container may still arrive after the engine's answer that it does not know it.
  std::chrono::milliseconds straggler{1000};
};

class EngineWatcher {
 public:
  // Returns once no later event can be missed, or with the reason why the engine cannot be watched: Engine::Connect's,
  // or kDeadlineExceeded for one that takes no subscription.
  static absl::StatusOr<std::unique_ptr<EngineWatcher>> Start(const std::string& socket,
                                                              const EngineWatcherOptions& options = {});
  EngineWatcher(const EngineWatcher&) = delete;
  EngineWatcher& operator=(const EngineWatcher&) = delete;
  // Ends the thread, at once.
  ~EngineWatcher();

  // The engine, as it was when last connected to.
  EngineInfo Info() const;

  // What is known of a container by now, which may be its event's part alone; nullopt for one never heard of. Never
  // waits.
  std::optional<Container> Find(const std::string& id) const;

  // What is known of `ids` once that is all there is to know, or at `deadline`. Asks about those that were never heard
  // of. An id that the engine does not know is missing from the result.
  std::map<std::string, Container> WaitFor(const std::set<std::string>& ids,
                                           std::chrono::steady_clock::time_point deadline);

  // The containers that the engine started in this time, by its events and its clock, both ends included; as far as
  // they were heard of by now.
  std::vector<Container> StartedBetween(UnixNanos from, UnixNanos until) const;

  // What went wrong so far, a sentence each: because of it something may not be known of some container. At most 64.
  std::vector<std::string> problems() const;

 private:
  class Impl;
  explicit EngineWatcher(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace syscarve
