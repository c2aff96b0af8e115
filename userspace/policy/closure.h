// Closure: calls added to a profile although they were not seen, each with its reason (profiles/closure.json).
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "userspace/policy/shipped_data.h"

namespace syscarve {

// Why one call was added: a rule, and the call of its family that was seen ("" for a rule that always applies).
struct ClosureReason {
  std::string rule;  // ClosureRule::id
  std::string because;
  std::string reason;  // ClosureRule::reason
  bool operator==(const ClosureReason&) const = default;
};

// What `rules` add to `seen`: name -> reasons, in the order of the rules. Names in `seen` are never among the keys.
// Added calls add no further ones, so the order of the rules does not matter for the set.
std::map<std::string, std::vector<ClosureReason>> Close(std::span<const ClosureRule> rules,
                                                        const std::set<std::string>& seen);

}  // namespace syscarve
