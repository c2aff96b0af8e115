#include <set>

#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"

namespace syscarve {

absl::StatusOr<Emitted> EmitNames(const Profile& profile) {
  Losses losses;
  std::set<std::string> names;
  for (const Rule& rule : profile.rules) {
    if (rule.action.kind != ActionKind::kAllow) continue;
    for (const std::string& name : rule.names) {
      names.insert(name);
      if (!rule.conditions.empty()) losses.Changed("allowed by the profile for some arguments only", name);
    }
  }
  Emitted emitted{.warnings = losses.warnings()};
  for (const std::string& name : names) emitted.text += name + "\n";
  return emitted;
}

}  // namespace syscarve
