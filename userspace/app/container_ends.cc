// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/container_ends.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace syscarve {
namespace {

struct Lifetime {
  Container container;
  UnixNanos told_to_stop = 0;
  UnixNanos ended = 0;
  int status = 0;
  bool started = false;
};

std::map<std::string, Lifetime> LivesOf(std::span<const EngineEvent> events) {
  constexpr int kKilled = 9;
  std::map<std::string, Lifetime> lives;
  for (const EngineEvent& event : events) {
    Lifetime& life = lives[event.id];
    life.container.id = event.id;
    if (life.container.name.empty()) life.container.name = event.name;
    life.container.image = event.image;
    life.container.labels = event.labels;
    if (event.kind == EngineEventKind::kStart) {
      life.started = true;
      life.told_to_stop = life.ended = 0;
    } else if (event.kind == EngineEventKind::kKill) {
      // A SIGKILL after another signal ends a stop that took too long: the stop began with that signal. Of several
      // other signals, such as reloads, the last one is the stop.
      if (event.signal != kKilled || life.told_to_stop == 0) life.told_to_stop = event.time;
    } else if (event.kind == EngineEventKind::kDie) {
      life.ended = event.time;
      life.status = event.exit_code;
    }
  }
  return lives;
}

}  // namespace

void AddContainerEnds(std::span<const EngineEvent> events, std::string_view label,
                      absl::FunctionRef<std::optional<std::string>(const Container&)> service_of,
                      std::vector<VerifiedContainer>& found) {
  for (const auto& [id, life] : LivesOf(events)) {
    const std::optional<std::string> service = service_of(life.container);
    if (!life.started || !service.has_value()) continue;
    auto place = std::ranges::find(found, id, &VerifiedContainer::id);
    if (place == found.end()) {
      place = found.insert(place, {.service = *service,
                                   .name = life.container.name,
                                   .id = id,
                                   .confined = life.container.labels.contains(std::string(label)),
                                   .running = false,
                                   .status = std::nullopt,
                                   .stop = std::nullopt});
    }
    place->running = life.ended == 0;
    if (life.ended == 0) continue;
    place->status = life.status;
    if (life.told_to_stop != 0 && life.told_to_stop <= life.ended) {
      place->stop = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::nanoseconds(life.ended - life.told_to_stop));
    }
  }
}

}  // namespace syscarve
