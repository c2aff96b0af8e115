// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/recording_words.h"

#include "userspace/base/concat.h"
#include "userspace/model/profile.h"

namespace syscarve {

std::string DenialWords(int errno_value) {
  switch (errno_value) {
    case 0:
      return "killed";
    case kDenialTrapped:
      return "trapped";
    case kDenialAnswered:
      return "answered with success";
    default:
      return ErrnoWords(errno_value);
  }
}

bool PathIsCut(const Program& program) {
  return program.path.starts_with("…/");
}

std::string ProgramLabel(const Program& program) {
  if (!PathIsCut(program)) return program.path;
  return Concat(program.path, " (path cut; device ", program.device, ", inode ", program.inode, ")");
}

std::string LossWords(const Loss& loss) {
  return Concat(loss.what, " (", loss.count, "): ", loss.detail);
}

std::string LossWarning(const Loss& loss) {
  return Concat(loss.missed_calls ? "INCOMPLETE: " : "detail lost: ", LossWords(loss));
}

}  // namespace syscarve
