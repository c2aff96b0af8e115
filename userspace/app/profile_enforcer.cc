// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/profile_enforcer.h"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/action_spelling.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/enosys_stub.h"

namespace syscarve {
namespace {

std::string Hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%jx", static_cast<uintmax_t>(value));
  return text;
}

}  // namespace

absl::StatusOr<EnforcedFilter> EnforcedFilterOf(const ProfileInput& profile) {
  EnforcedFilter result;
  // Filters in force are what they are: they have runc's stub or not.
  if (profile.live.empty()) result.stub = EnosysStub(profile.profile);
  absl::StatusOr<FilterProgram> compiled = Compile(profile.profile);
  if (!compiled.ok()) return Annotate(compiled.status(), profile.name);
  result.filter = result.stub;
  result.filter.insert(result.filter.end(), compiled->begin(), compiled->end());
  if (const absl::Status valid = ValidateFilter(result.filter); !valid.ok()) return Annotate(valid, profile.name);
  return result;
}

Response ProfileEnforcer::Decide(const Notification& notification) {
  if (log_only_) return {};
  const Action action = ActionFromReturn(Evaluate(filter_, notification.data));
  switch (action.kind) {
    case ActionKind::kAllow:
    case ActionKind::kLog:
      return {};
    case ActionKind::kErrno:
      // The kernel caps what a filter returns in the same way.
      return {.kind = Response::Kind::kFail, .errno_value = std::min<int>(action.value, kMaxErrno)};
    case ActionKind::kNotify:
    case ActionKind::kTrace:
      // There is no agent and no tracer to ask, so the kernel would say this.
      return {.kind = Response::Kind::kFail, .errno_value = ENOSYS};
    case ActionKind::kTrap:
      return {.kind = Response::Kind::kTrap};
    case ActionKind::kKillThread:
    case ActionKind::kKillProcess:
      break;
  }
  return {.kind = Response::Kind::kKill};
}

void ProfileEnforcer::Delivered(const Notification& notification, const Response&) {
  const seccomp_data& data = notification.data;
  const Action action = ActionFromReturn(Evaluate(filter_, data));
  if (action.kind == ActionKind::kAllow) return;
  Refusals& refusals = refused_[{data.arch, data.nr, notification.program, action}];
  if (refusals.count++ == 0) std::ranges::copy(data.args, refusals.first_arguments.begin());
}

std::string NameOf(const RefusedCall& call) {
  const std::optional<SyscallId> id = SyscallIdFromSeccompData(call.audit_arch, call.nr);
  return id.has_value() ? DisplayName(*id) : Concat("#", call.nr, ":", Hex(call.audit_arch));
}

std::string DescribeAction(const Action& action) {
  return action.kind == ActionKind::kErrno ? ErrnoWords(action.value) : std::string(SpellingOf(action.kind).brief);
}

bool IsBeyondLargest(const RefusedCall& call, const FilterProgram& stub) {
  FilterProgram program = stub;
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const seccomp_data data{.nr = call.nr, .arch = call.audit_arch, .instruction_pointer = 0, .args = {}};
  return Evaluate(program, data) != SECCOMP_RET_ALLOW;
}

std::string DescribeRefusal(const RefusedCall& call, const Refusals& refusals, const FilterProgram& stub,
                            bool log_only) {
  std::string arguments;
  for (const uint64_t argument : refusals.first_arguments) {
    arguments += (arguments.empty() ? "" : ", ") + Hex(argument);
  }
  const std::string verb = !LetThrough(call, log_only)            ? "refused "
                           : call.action.kind == ActionKind::kLog ? "logged "
                                                                  : "would refuse ";
  const std::string_view why = IsBeyondLargest(call, stub) ? " beyond the largest number that the profile names" : "";
  return Concat(verb, NameOf(call), "(", arguments, "): ", DescribeAction(call.action), why, ", ", refusals.count,
                refusals.count == 1 ? " time, in " : " times, in ",
                call.program.path.empty() ? "an unknown program" : call.program.path);
}

JsonValue::Array RefusedCallsJson(const RefusedCalls& refused, const FilterProgram& stub, bool log_only) {
  JsonValue::Array calls;
  for (const auto& [call, refusals] : refused) {
    const std::optional<SyscallId> id = SyscallIdFromSeccompData(call.audit_arch, call.nr);
    const std::optional<std::string> name = id.has_value() ? SyscallName(*id) : std::nullopt;
    JsonValue::Array arguments;
    for (const uint64_t argument : refusals.first_arguments) arguments.emplace_back(Hex(argument));
    JsonValue::Object entry = {
        {"name", name.has_value() ? JsonValue(*name) : JsonValue(nullptr)},
        {"abi", id.has_value() ? JsonValue(AbiName(id->abi)) : JsonValue(nullptr)},
        {"number", id.has_value() ? id->nr : call.nr},
        {"action", ScmpActionName(call.action.kind)},
    };
    if (call.action.kind == ActionKind::kErrno) entry.push_back({"errno", call.action.value});
    entry.push_back({"beyond_largest", IsBeyondLargest(call, stub)});
    entry.push_back({"let_through", LetThrough(call, log_only)});
    entry.push_back({"count", refusals.count});
    entry.push_back({"arguments", std::move(arguments)});
    entry.push_back({"program", JsonValue::Object{{"path", EncodePercent(call.program.path)},
                                                  {"device", call.program.device},
                                                  {"inode", call.program.inode}}});
    calls.emplace_back(std::move(entry));
  }
  return calls;
}

}  // namespace syscarve
