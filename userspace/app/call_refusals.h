// SPDX-License-Identifier: Apache-2.0
// The calls, and calls with particular arguments, that `prove` refuses in a trial, and the profile that refuses them:
// for a command a profile of its own, for a container a restriction of the profile that it has anyway.
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

// All are refused with ENOSYS, as a generated profile refuses them: a call as if the kernel lacked it, and a call with
// arguments other than the allowed ones (docs/arguments.md).
struct Refusals {
  std::set<std::string> calls;
  std::set<CallWithValues> values;
  bool empty() const { return calls.empty() && values.empty(); }
  auto operator<=>(const Refusals&) const = default;
};

// The ABIs of this machine, ascending.
std::vector<Abi> HostAbis();

// Whether a call is never refused because every program needs it to start, to end or to return from a signal handler.
bool IsIndispensable(std::string_view call);
inline constexpr std::string_view kWhyIndispensable = "no program starts, ends or handles signals without it";

// The recorded calls of the subjects' own programs, as candidates for refusal.
struct RecordedUse {
  std::set<std::string> calls;      // Including the indispensable ones.
  std::set<CallWithValues> values;  // For calls whose arguments are known.
  std::set<std::string> open;       // Calls with recorded arguments that no rule on this host can distinguish.
};
absl::StatusOr<RecordedUse> UseIn(const Recording& recording);

// "socket(AF_INET, SOCK_STREAM, 0)"
std::string ValuesText(const CallWithValues& values);

// "fstat socket(AF_UNIX, SOCK_STREAM, 0)", or "nothing".
std::string RefusalsWords(const Refusals& refusals);

// The rules that refuse `refusals`. Argument bits that the kernel ignores are not compared. REQUIRES:
// `refusals.values` come from UseIn, of any recording.
absl::StatusOr<std::vector<Rule>> RulesThatRefuse(const Refusals& refusals);

// `base` tightened by `refusals`; nowhere looser than `base`. Fails if no profile can express that.
absl::StatusOr<Profile> Without(const Profile& base, const Refusals& refusals);

// The profile for a container of a trial, as JSON for the engine. `asked` is the requested seccomp setting
// (CreateRequest::seccomp), `by_default` the profile that the engine enforces if none is requested (nullopt: it
// enforces none), `capabilities` those of the container.
absl::StatusOr<std::string> ContainerProfileWithout(const std::optional<std::string>& asked,
                                                    const std::optional<Profile>& by_default,
                                                    const std::set<int>& capabilities, const Refusals& refusals);

}  // namespace syscarve
