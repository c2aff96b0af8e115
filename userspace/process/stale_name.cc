// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/stale_name.h"

#include <signal.h>
#include <sys/types.h>

#include <cerrno>

#include "userspace/base/text.h"

namespace syscarve {

bool IsOfTheDead(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  const auto pid = ParseNumber<pid_t>(name.substr(0, name.find('.')));
  return pid && *pid > 0 && kill(*pid, 0) != 0 && errno == ESRCH;
}

}  // namespace syscarve
