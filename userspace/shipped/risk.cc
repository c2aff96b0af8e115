// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/risk.h"

namespace syscarve {

std::string_view RiskLevelName(RiskLevel level) {
  switch (level) {
    case RiskLevel::kLow:
      return "low";
    case RiskLevel::kMedium:
      return "medium";
    case RiskLevel::kHigh:
      return "high";
  }
  return "";
}

std::optional<RiskLevel> RiskLevelFromName(std::string_view name) {
  for (const RiskLevel level : {RiskLevel::kLow, RiskLevel::kMedium, RiskLevel::kHigh}) {
    if (RiskLevelName(level) == name) return level;
  }
  return std::nullopt;
}

const Risk& RiskOf(const Risks& risks, std::string_view name) {
  static const auto* const unknown =
      new Risk{.level = RiskLevel::kMedium,
               .family = "unknown",
               .why = "Nothing is known here of this call, so nobody can say what it gives away.",
               .references = {}};
  const auto found = risks.find(name);
  return found == risks.end() ? *unknown : found->second;
}

}  // namespace syscarve
