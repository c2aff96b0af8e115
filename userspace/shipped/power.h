// SPDX-License-Identifier: Apache-2.0
// The map of power (profiles/rules/power.json): the power of each system call, as classes, and which class has no more
// power than which other. Closure rules are checked against it, and it extends a profile without giving it more power.
//
// A caller that may rename gains nothing by unlink.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/shipped/risk.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

struct PowerClass {
  std::string id;
  std::string what;  // One sentence: what its calls can do.
  RiskLevel risk = RiskLevel::kLow;
  bool own = false;  // Affects only the caller.
  // Why a seen call of the class does not stand for the others, nor for itself; "" if it does.
  std::string only_if_seen;
  std::vector<std::string> no_more_than;  // Ids of classes with at least as much power.
  std::vector<std::string> calls;         // Ascending.
};

class PowerMap {
 public:
  // kInvalidArgument for a call in two classes, an unknown class in `no_more_than`, a cycle of these, and a class that
  // affects only the caller and is not of low risk.
  static absl::StatusOr<PowerMap> Make(std::vector<PowerClass> classes);

  const std::vector<PowerClass>& classes() const { return classes_; }  // In the order of the file.
  const PowerClass* Find(std::string_view call) const;                 // nullptr for a name in no class.

  // The ids of class `id` itself and of all classes with at least as much power, directly or through others.
  const std::set<std::string>& AtLeast(const std::string& id) const { return at_least_.at(id); }

  // Whether a caller that may make `from` gains nothing by `to`. False if one of them is in no class.
  bool Covers(std::string_view from, std::string_view to) const;

 private:
  std::vector<PowerClass> classes_;
  std::map<std::string, size_t, std::less<>> by_call_;
  std::map<std::string, std::set<std::string>> at_least_;
};

absl::StatusOr<PowerMap> ParsePowerMap(std::string_view text);
absl::StatusOr<const PowerMap*> ShippedPowerMap();  // As in shipped_data.h.

// The rules of ClosureMode::kSteady that follow from the map: "own:ID" adds a class that affects only the caller, and
// "held:ID" adds the calls of a class if a call with at least as much power was seen; at medium and high risk only if a
// call of that very class was. No rule adds a call of a class with `only_if_seen`.
std::vector<ClosureRule> RulesOfPower(const PowerMap& power);

}  // namespace syscarve
