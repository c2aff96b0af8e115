// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile.h"

#include <cstring>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

// Both tables are in the order of their enumerators, so that an enumerator is its own index.
constexpr std::string_view kActionNames[] = {
    "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO",
    "SCMP_ACT_NOTIFY",       "SCMP_ACT_TRACE",       "SCMP_ACT_LOG",  "SCMP_ACT_ALLOW",
};
constexpr std::string_view kCompareNames[] = {
    "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",
};
static_assert(kActionNames[static_cast<size_t>(ActionKind::kAllow)] == "SCMP_ACT_ALLOW");
static_assert(kCompareNames[static_cast<size_t>(CompareOp::kMaskedEqual)] == "SCMP_CMP_MASKED_EQ");

template <typename Enum, size_t kSize>
std::optional<Enum> FromName(const std::string_view (&names)[kSize], std::string_view name) {
  for (size_t i = 0; i < kSize; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string ErrnoWords(int value) {
  const char* const name = strerrorname_np(value);
  return name != nullptr && value != 0 ? std::string(name) : Concat("errno ", value);
}

std::string_view ScmpActionName(ActionKind kind) {
  return kActionNames[static_cast<size_t>(kind)];
}

std::optional<ActionKind> ActionKindFromScmpName(std::string_view name) {
  if (name == "SCMP_ACT_KILL") return ActionKind::kKillThread;
  return FromName<ActionKind>(kActionNames, name);
}

std::string_view ScmpCompareName(CompareOp op) {
  return kCompareNames[static_cast<size_t>(op)];
}

std::optional<CompareOp> CompareOpFromScmpName(std::string_view name) {
  return FromName<CompareOp>(kCompareNames, name);
}

}  // namespace syscarve
