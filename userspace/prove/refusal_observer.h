// SPDX-License-Identifier: Apache-2.0
// What the kernel refuses programs in one run after the other, where this host lets us see it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "userspace/prove/proof.h"
#include "userspace/trace/refusal_watch.h"

namespace syscarve {

class RefusalObserver {
 public:
  // `ancestor` as of RefusalWatch::Start. Without `wanted` nothing is watched.
  RefusalObserver(bool wanted, std::optional<pid_t> ancestor) : wanted_(wanted), ancestor_(ancestor) {}

  void Begin();
  // What was refused since Begin, in programs that `service_of` has a service for, by the name of their cgroup.
  std::set<ProgramRefusal> End(const std::function<std::optional<std::string>(const std::string& cgroup)>& service_of);

  // Why nothing is watched although it is wanted, as a sentence without its full stop; "" if it is.
  const std::string& obstacle() const { return obstacle_; }

 private:
  bool wanted_;
  std::optional<pid_t> ancestor_;
  std::optional<RefusalWatch> watch_;
  std::string obstacle_;
};

}  // namespace syscarve
