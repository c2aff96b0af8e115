// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/risk.h"

#include <algorithm>
#include <bit>

namespace syscarve {
namespace {

constexpr uint64_t kLowHalf = 0xffffffff;

// The part of an argument that a filter compares.
struct Compared {
  uint64_t mask = 0;
  uint64_t value = 0;
  bool AdmitsValue(uint64_t other) const { return (other & mask) == value; }
  bool AdmitsFlag(uint64_t flag) const { return (mask & flag) == 0 || (value & flag) != 0; }
  // The number of values that it lets through, if it can be counted.
  uint64_t Admitted() const {
    const int free = std::popcount(~mask & kLowHalf);
    return free < 16 ? uint64_t{1} << free : UINT64_MAX;
  }
};

Compared ComparedOf(const std::vector<ArgumentCondition>& conditions, unsigned argument) {
  for (const ArgumentCondition& condition : conditions) {
    if (condition.index != argument) continue;
    if (condition.op == CompareOp::kEqual) return {kLowHalf, condition.value & kLowHalf};
    if (condition.op == CompareOp::kMaskedEqual) {
      return {condition.value & kLowHalf, condition.value_two & condition.value & kLowHalf};
    }
  }
  return {};
}

void Worsen(const Risk& by, Risk& risk) {
  if (by.level > risk.level) risk = by;
}

Risk WithArgument(const Risk& call, const ArgumentRisk& argument) {
  return {.level = argument.level,
          .family = call.family,
          .why = argument.why,
          .references = argument.references,
          .arguments = {}};
}

// The highest risk where all of `conditions` hold. Arguments without an entry do not affect it.
Risk RiskWhere(const Risk& call, const std::vector<ArgumentCondition>& conditions) {
  std::optional<Risk> worst;
  std::set<unsigned> about;
  for (const ArgumentRisk& entry : call.arguments) about.insert(entry.argument);
  for (const unsigned argument : about) {
    const Compared compared = ComparedOf(conditions, argument);
    std::optional<Risk> here;
    const ArgumentRisk* otherwise = nullptr;
    uint64_t named = 0;
    bool flags = false;
    for (const ArgumentRisk& entry : call.arguments) {
      if (entry.argument != argument) continue;
      if (entry.values.empty() && entry.flags == 0) {
        otherwise = &entry;
        continue;
      }
      const auto admitted = static_cast<uint64_t>(
          std::ranges::count_if(entry.values, [&](uint64_t value) { return compared.AdmitsValue(value); }));
      named += admitted;
      const bool by_flag = entry.flags != 0 && compared.AdmitsFlag(entry.flags);
      flags |= by_flag;
      if (admitted == 0 && !by_flag) continue;
      if (!here.has_value()) here = WithArgument(call, entry);
      Worsen(WithArgument(call, entry), *here);
    }
    if (otherwise != nullptr && !flags) {
      if (!here.has_value()) here = WithArgument(call, *otherwise);
    } else if (!flags && named < compared.Admitted()) {
      // Values without an entry.
      if (!here.has_value()) here = call;
      Worsen(call, *here);
    }
    if (!worst.has_value()) worst = here;
    if (here.has_value()) Worsen(*here, *worst);
  }
  return worst.value_or(call);
}

}  // namespace

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

Risk RiskUnder(const Risk& call, const std::vector<std::vector<ArgumentCondition>>& when) {
  std::optional<Risk> worst;
  for (const std::vector<ArgumentCondition>& conditions : when) {
    if (conditions.empty()) return call;
    const Risk here = RiskWhere(call, conditions);
    if (!worst.has_value()) worst = here;
    Worsen(here, *worst);
  }
  return worst.value_or(call);
}

}  // namespace syscarve
