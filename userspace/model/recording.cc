// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/recording.h"

#include <algorithm>

namespace syscarve {
namespace {

// In the order of the enumerators, so that a SubjectKind is its own index.
constexpr std::string_view kSubjectKindNames[] = {"command", "cgroup", "process", "container"};
static_assert(kSubjectKindNames[static_cast<size_t>(SubjectKind::kContainer)] == "container");

}  // namespace

bool Recording::complete() const {
  return std::ranges::none_of(losses, &Loss::missed_calls);
}

std::string_view SubjectKindName(SubjectKind kind) {
  return kSubjectKindNames[static_cast<size_t>(kind)];
}

std::optional<SubjectKind> SubjectKindFromName(std::string_view name) {
  const auto* found = std::ranges::find(kSubjectKindNames, name);
  if (found == std::end(kSubjectKindNames)) return std::nullopt;
  return static_cast<SubjectKind>(found - std::begin(kSubjectKindNames));
}

}  // namespace syscarve
