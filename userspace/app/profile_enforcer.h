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

// What is told of a call that the profile does not simply allow. Calls that agree in all of it are one line.
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
  std::string first_call;  // As CallText has it: "openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY)".
};

using FilteredCalls = std::map<FilteredCall, FilteredCount>;

// What is put on a command.
struct EnforcedFilter {
  FilterProgram filter;  // What the kernel would be given: the stub, and behind it what the profile compiles to.
  FilterProgram stub;    // runc's answer to calls beyond the largest that the profile names; empty for live filters.
};

// An error names the input.
absl::StatusOr<EnforcedFilter> EnforcedFilterOf(const ProfileInput& profile);

// Answers as the profile says, and remembers each call that it does not allow; but not those with arguments in memory
// that it answers with ENOSYS, from which everybody falls back (IsFallenBackFrom).
class ProfileEnforcer : public NotificationHandler {
 public:
  // `filter` and `table` must stay. With `log_only` every call is let through, and remembered all the same.
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
  std::optional<ReadCall> read_;  // Of the call that waits for its answer, before that is delivered.
};

// nullopt for a number that has no name.
std::optional<std::string> NameOf(const FilteredCall& call);

// "refused mkdir("/new", 0755): EPERM, 2 times, in /bin/sh"
std::string DescribeRefusal(const FilteredCall& call, const FilteredCount& refusals, const FilterProgram& stub,
                            bool log_only);

// The calls as docs/run.md has them in its report.
JsonValue::Array FilteredCallsJson(const FilteredCalls& refused, const FilterProgram& stub, bool log_only);

}  // namespace syscarve
