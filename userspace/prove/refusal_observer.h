// SPDX-License-Identifier: Apache-2.0
// Observes refusals by the kernel in consecutive runs, if this host permits it.
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
  // `ancestor` as in RefusalWatch::Start. Without `wanted` nothing is observed.
  RefusalObserver(bool wanted, std::optional<pid_t> ancestor) : wanted_(wanted), ancestor_(ancestor) {}

  void Begin();
  // The refusals since Begin, in programs for whose cgroup name `service_of` returns a service.
  std::set<ProgramRefusal> End(const std::function<std::optional<std::string>(const std::string& cgroup)>& service_of);

  // Why nothing is observed although wanted, as a sentence without its full stop; "" if it is observed.
  const std::string& obstacle() const { return obstacle_; }

 private:
  bool wanted_;
  std::optional<pid_t> ancestor_;
  std::optional<RefusalWatch> watch_;
  std::string obstacle_;
};

}  // namespace syscarve
