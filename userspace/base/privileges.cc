// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace syscarve {

absl::Status KeepOnlyCapabilities(std::initializer_list<int> keep) {
  uint64_t kept = 0;
  for (const int capability : keep) kept |= uint64_t{1} << capability;

  // The bounding set first: it requires CAP_SETPCAP. A process without that gains nothing by the set, under
  // no_new_privs.
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if ((kept >> capability & 1) == 0) (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return PosixError("give up the ambient capabilities", errno);
  }

  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return PosixError("read the capabilities", errno);
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; ++word) {
    sets[word].permitted &= static_cast<uint32_t>(kept >> (32 * word));
    sets[word].effective = sets[word].permitted;
    sets[word].inheritable = 0;
  }
  if (syscall(SYS_capset, &header, sets) != 0) return PosixError("give up capabilities", errno);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return PosixError("set no_new_privs", errno);
  return absl::OkStatus();
}

}  // namespace syscarve
