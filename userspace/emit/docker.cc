#include "userspace/emit/emit.h"
#include "userspace/model/profile_json.h"

namespace syscarve {

std::string EmitDocker(const Profile& profile) {
  return FormatProfile(profile);
}

}  // namespace syscarve
