#include <set>

#include "userspace/emit/emit.h"

namespace syscarve {

std::string EmitNames(const Profile& profile) {
  std::set<std::string> names;
  for (const Rule& rule : profile.rules) {
    if (rule.action.kind == ActionKind::kAllow) names.insert(rule.names.begin(), rule.names.end());
  }
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

}  // namespace syscarve
