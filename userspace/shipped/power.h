// SPDX-License-Identifier: Apache-2.0
// The map of power (profiles/rules/power.json): what each system call can do, as classes, and which class can do no
// more than which other. By it closure rules are judged, and a profile is made wider without making anything stronger.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const PowerMap* const power, ShippedPowerMap());
//   power->Covers("rename", "unlink")   // Whoever may rename gains nothing by unlink.
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
  bool own = false;          // Reaches nothing but the caller.
  std::string only_if_seen;  // Why one of its calls does not stand for the others, nor for itself; "" where it does.
  std::vector<std::string> no_more_than;  // Ids of classes that can do at least as much.
  std::vector<std::string> calls;         // Ascending.
};

class PowerMap {
 public:
  // Refuses a call in two classes, an unknown class in `no_more_than`, a circle of these, and a class that reaches
  // nothing but the caller and is not of low risk: kInvalidArgument.
  static absl::StatusOr<PowerMap> Make(std::vector<PowerClass> classes);

  const std::vector<PowerClass>& classes() const { return classes_; }  // In the order of the file.
  const PowerClass* Find(std::string_view call) const;                 // nullptr for a name that is in no class.

  // Of ids of classes: the class itself and all that can do at least as much, directly or by way of others.
  const std::set<std::string>& AtLeast(const std::string& id) const { return at_least_.at(id); }

  // Whether whoever may make `from` gains nothing by `to`. False where one of them is in no class.
  bool Covers(std::string_view from, std::string_view to) const;

 private:
  std::vector<PowerClass> classes_;
  std::map<std::string, size_t, std::less<>> by_call_;
  std::map<std::string, std::set<std::string>> at_least_;
};

absl::StatusOr<PowerMap> ParsePowerMap(std::string_view text);
absl::StatusOr<const PowerMap*> ShippedPowerMap();  // As in shipped_data.h.

// The rules of ClosureMode::kSteady that follow from the map: "own:ID" adds what reaches nothing but the caller, and
// "held:ID" the calls of a class where one that can do at least as much was seen; at medium and high risk only where
// one of that very class was. No rule adds a call of a class with `only_if_seen`.
std::vector<ClosureRule> RulesOfPower(const PowerMap& power);

}  // namespace syscarve
