// SPDX-License-Identifier: Apache-2.0
// A profile in force on a command, and what it refused: the part that `run` and `verify` share.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "userspace/app/profile_input.h"
#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/profile.h"
#include "userspace/model/recording.h"
#include "userspace/seccomp/program.h"
#include "userspace/trace/supervisor.h"

namespace syscarve {

// What is told of a call that the profile does not simply allow. Calls that agree in all of it are one line.
struct RefusedCall {
  uint32_t audit_arch = 0;
  int nr = 0;  // As seccomp_data has it.
  Program program;
  Action action;
  auto operator<=>(const RefusedCall&) const = default;
};

struct Refusals {
  uint64_t count = 0;
  std::array<uint64_t, 6> first_arguments = {};
};

using RefusedCalls = std::map<RefusedCall, Refusals>;

// What is put on a command.
struct EnforcedFilter {
  FilterProgram filter;  // What the kernel would be given: the stub, and behind it what the profile compiles to.
  FilterProgram stub;    // runc's answer to calls beyond the largest that the profile names; empty for live filters.
};

// An error names the input.
absl::StatusOr<EnforcedFilter> EnforcedFilterOf(const ProfileInput& profile);

// Answers as the profile says, and remembers each call that it does not allow.
class ProfileEnforcer : public NotificationHandler {
 public:
  // `filter` must stay. With `log_only` every call is let through, and remembered all the same.
  ProfileEnforcer(const FilterProgram& filter, bool log_only) : filter_(filter), log_only_(log_only) {}

  Response Decide(const Notification& notification) override;
  void Delivered(const Notification& notification, const Response& response) override;

  const RefusedCalls& refused() const { return refused_; }

 private:
  const FilterProgram& filter_;
  const bool log_only_;
  RefusedCalls refused_;
};

// "mkdir", "mkdir (i386)", or "#512:0x40000003" for a number that has no name.
std::string NameOf(const RefusedCall& call);

// "EPERM", "kill", "log", …
std::string DescribeAction(const Action& action);

// Whether `stub`, behind which the profile's filter follows, answers the call.
bool IsBeyondLargest(const RefusedCall& call, const FilterProgram& stub);

// Whether the call was made: nothing was enforced, or the profile only logs it.
inline bool LetThrough(const RefusedCall& call, bool log_only) {
  return log_only || call.action.kind == ActionKind::kLog;
}

// "refused mkdir(0x1, …): EPERM, 2 times, in /bin/sh"
std::string DescribeRefusal(const RefusedCall& call, const Refusals& refusals, const FilterProgram& stub,
                            bool log_only);

// The calls as docs/run.md has them in its report.
JsonValue::Array RefusedCallsJson(const RefusedCalls& refused, const FilterProgram& stub, bool log_only);

}  // namespace syscarve
