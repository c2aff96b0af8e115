#include "userspace/emit/emit.h"
#include "userspace/model/profile_json.h"

namespace syscarve {

std::string EmitOci(const Profile& profile) {
  // config-linux.md of the runtime specification has no comments, and a strict reader refuses what it does not know.
  Profile plain = profile;
  for (Rule& rule : plain.rules) rule.comment.clear();
  return FormatProfile(plain);
}

}  // namespace syscarve
