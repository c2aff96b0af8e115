// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"
#include "userspace/seccomp/compile.h"

namespace syscarve {

absl::StatusOr<Emitted> EmitBpf(const Profile& profile) {
  SYSCARVE_ASSIGN_OR_RETURN(FilterProgram program, Compile(profile));
  program = InBytesOf(profile.abis.empty() ? NativeAbi() : profile.abis.front(), std::move(program));
  Losses losses;
  NoteLeftOut(profile, losses);
  return Emitted{.text = {reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)},
                 .warnings = losses.warnings()};
}

}  // namespace syscarve
