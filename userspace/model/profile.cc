// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile.h"

#include <cstddef>
#include <iterator>

#include "userspace/base/concat.h"
#include "userspace/model/action_spelling.h"

namespace syscarve {
namespace {

// In the order of the enumerators, so that an enumerator is its own index.
constexpr std::string_view kCompareNames[] = {
    "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",
};
static_assert(kCompareNames[static_cast<size_t>(CompareOp::kMaskedEqual)] == "SCMP_CMP_MASKED_EQ");

}  // namespace

std::string ErrnoWords(int value) {
  const std::optional<std::string_view> name = ErrnoName(value);
  return name.has_value() ? std::string(*name) : Concat("errno ", value);
}

std::string_view ScmpActionName(ActionKind kind) {
  return SpellingOf(kind).scmp;
}

std::optional<ActionKind> ActionKindFromScmpName(std::string_view name) {
  if (name == "SCMP_ACT_KILL") return ActionKind::kKillThread;
  for (const ActionSpelling& spelling : ActionSpellings()) {
    if (spelling.scmp == name) return spelling.kind;
  }
  return std::nullopt;
}

std::string_view ScmpCompareName(CompareOp op) {
  return kCompareNames[static_cast<size_t>(op)];
}

std::optional<CompareOp> CompareOpFromScmpName(std::string_view name) {
  for (size_t i = 0; i < std::size(kCompareNames); ++i) {
    if (kCompareNames[i] == name) return static_cast<CompareOp>(i);
  }
  return std::nullopt;
}

}  // namespace syscarve
