// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/life.h"

#include <algorithm>
#include <iterator>

#include "userspace/base/enum_names.h"

namespace syscarve {
namespace {

// In the order of the enumerators.
constexpr std::string_view kEndKinds[] = {"exited", "killed", "running"};
constexpr std::string_view kOutcomes[] = {"handled", "waited", "default", "ignored"};
constexpr std::string_view kOrigins[] = {"kernel", "inside", "outside"};

}  // namespace

void JoinLife(const Life& more, uint64_t (*add)(uint64_t more, uint64_t kept), Life& kept) {
  kept.start_seen |= more.start_seen;
  if (more.started) kept.started = std::min(kept.started.value_or(*more.started), *more.started);
  if (more.ended) kept.ended = std::max(kept.ended.value_or(*more.ended), *more.ended);
  kept.ends.insert(more.ends.begin(), more.ends.end());
  kept.watched |= more.watched;
  for (const auto& [use, count] : more.signals) {
    uint64_t& sum = kept.signals[use];
    sum = add(count, sum);
  }
  for (const auto& [program, signals] : more.catches) kept.catches[program] |= signals;
  kept.first_catches |= more.first_catches;
  kept.first_blocks |= more.first_blocks;
  kept.died_of |= more.died_of;
  kept.joined = add(more.joined, kept.joined);
  kept.restarts = add(more.restarts, kept.restarts);
}

std::string_view EndKindName(EndKind kind) {
  return kEndKinds[static_cast<size_t>(kind)];
}

std::string_view SignalOutcomeName(SignalOutcome outcome) {
  return kOutcomes[static_cast<size_t>(outcome)];
}

std::string_view SignalOriginName(SignalOrigin origin) {
  return kOrigins[static_cast<size_t>(origin)];
}

std::optional<EndKind> EndKindFromName(std::string_view name) {
  return EnumFromName<EndKind>(kEndKinds, name);
}

std::optional<SignalOutcome> SignalOutcomeFromName(std::string_view name) {
  return EnumFromName<SignalOutcome>(kOutcomes, name);
}

std::optional<SignalOrigin> SignalOriginFromName(std::string_view name) {
  return EnumFromName<SignalOrigin>(kOrigins, name);
}

}  // namespace syscarve
