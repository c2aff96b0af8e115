// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/recording.h"

#include <algorithm>

#include "userspace/base/enum_names.h"

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
  return EnumFromName<SubjectKind>(kSubjectKindNames, name);
}

}  // namespace syscarve
