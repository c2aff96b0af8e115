// SPDX-License-Identifier: Apache-2.0
// Calls, and calls with some arguments, that `prove` refuses in a trial, and the profile that does it: of a command on
// its own, of a container on top of the profile that it has anyway.
#pragma once

#include <compare>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/model/proofs.h"
#include "userspace/model/recording.h"

namespace syscarve {

// All are answered ENOSYS, as a generated profile answers them: a call as by a kernel that lacks it, and a call with
// arguments other than those that are allowed (docs/arguments.md).
struct Refusals {
  std::set<std::string> calls;
  std::set<CallWithValues> values;
  bool empty() const { return calls.empty() && values.empty(); }
  auto operator<=>(const Refusals&) const = default;
};

// The ABIs of this machine, ascending.
std::vector<Abi> HostAbis();

// Whether a call is never refused, because no program starts, ends or returns from a signal handler without it.
bool IsIndispensable(std::string_view call);
inline constexpr std::string_view kWhyIndispensable = "no program starts, ends or handles signals without it";

// What was recorded of the subjects' own programs, and can be refused.
struct RecordedUse {
  std::set<std::string> calls;      // Those that are indispensable, too.
  std::set<CallWithValues> values;  // Of calls whose arguments are known.
  std::set<std::string> open;       // Calls whose arguments are recorded, but which cannot be told by a filter here.
};
absl::StatusOr<RecordedUse> UseIn(const Recording& recording);

// "socket(AF_INET, SOCK_STREAM, 0)"
std::string ValuesText(const CallWithValues& values);

// "fstat socket(AF_UNIX, SOCK_STREAM, 0)", "nothing".
std::string RefusalsWords(const Refusals& refusals);

// Rules that refuse it. What the kernel does not look at is not compared. REQUIRES: `values` are of UseIn, or another
// recording's.
absl::StatusOr<std::vector<Rule>> RulesThatRefuse(const Refusals& refusals);

// `base` less what is refused: nothing that it refuses is let through. Fails where no profile can say so.
absl::StatusOr<Profile> Without(const Profile& base, const Refusals& refusals);

// The profile that a container of a trial is created with, as engines take it. `asked` is what its creator says of
// seccomp (CreateRequest::seccomp), `by_default` what its engine enforces otherwise; nullopt: nothing.
// `capabilities` are the container's.
absl::StatusOr<std::string> ContainerProfileWithout(const std::optional<std::string>& asked,
                                                    const std::optional<Profile>& by_default,
                                                    const std::set<int>& capabilities, const Refusals& refusals);

}  // namespace syscarve
