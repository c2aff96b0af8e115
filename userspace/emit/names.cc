// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"

namespace syscarve {

absl::StatusOr<Emitted> EmitNames(const Profile& profile) {
  std::set<std::string> names;
  std::set<std::string> whole;
  for (const Rule& rule : profile.rules) {
    if (rule.action.kind != ActionKind::kAllow) continue;
    names.insert(rule.names.begin(), rule.names.end());
    if (rule.conditions.empty()) whole.insert(rule.names.begin(), rule.names.end());
  }
  Losses losses;
  for (const std::string& name : names) {
    if (!whole.contains(name)) losses.Changed("allowed by the profile for some arguments only", name);
  }
  Emitted emitted{.warnings = losses.warnings()};
  for (const std::string& name : names) emitted.text += name + "\n";
  return emitted;
}

}  // namespace syscarve
