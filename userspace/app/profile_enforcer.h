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
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/call_text.h"
#include "userspace/trace/supervisor.h"

namespace syscarve {

// A kind of call that the profile does not simply allow. Reports have one line per kind.
struct FilteredCall {
  uint32_t audit_arch = 0;
  int nr = 0;  // As seccomp_data has it.
  Program program;
  Action action;
  auto operator<=>(const FilteredCall&) const = default;
};

struct FilteredCount {
  uint64_t count = 0;
  std::array<uint64_t, 6> first_arguments = {};
  std::string first_call;  // CallText of the first one: "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY)".
};

using FilteredCalls = std::map<FilteredCall, FilteredCount>;

// The filter to enforce on a command.
struct EnforcedFilter {
  FilterProgram filter;  // For the kernel: the stub followed by the compiled profile.
  FilterProgram stub;    // runc's ENOSYS stub for calls beyond the profile's largest; empty for live filters.
};

// Errors name the input.
absl::StatusOr<EnforcedFilter> EnforcedFilterOf(const ProfileInput& profile);

// Applies the profile's decision to each notified call, and collects the calls that it does not allow; except calls
// with arguments in memory that get ENOSYS, for which every program has a fallback (IsFallenBackFrom).
class ProfileEnforcer : public NotificationHandler {
 public:
  // `filter` and `table` must outlive this object. With `log_only` every call is let through, but collected as well.
  ProfileEnforcer(const FilterProgram& filter, const ArgumentTable& table, bool log_only)
      : filter_(filter), table_(table), log_only_(log_only) {}

  Response Decide(const Notification& notification) override;
  void Delivered(const Notification& notification, const Response& response) override;

  const FilteredCalls& refused() const { return refused_; }

 private:
  struct ReadCall {
    seccomp_data notified;
    std::map<unsigned, PathText> paths;
  };

  void ReadPaths(const Notification& notification, const Action& action);

  const FilterProgram& filter_;
  const ArgumentTable& table_;
  const bool log_only_;
  FilteredCalls refused_;
  std::optional<ReadCall> read_;  // For the pending call, until its response is delivered.
};

// nullopt if the number has no name.
std::optional<std::string> NameOf(const FilteredCall& call);

// "refused mkdir("/new", 0755): EPERM, 2 times, in /bin/sh"
std::string DescribeRefusal(const FilteredCall& call, const FilteredCount& refusals, const FilterProgram& stub,
                            bool log_only);

// The calls in the form of the report in docs/run.md.
JsonValue::Array FilteredCallsJson(const FilteredCalls& refused, const FilterProgram& stub, bool log_only);

}  // namespace syscarve
