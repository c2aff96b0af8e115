// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/profile_enforcer.h"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/action_spelling.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/enosys_stub.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {
namespace {

// A call without a name, so that its arguments are written as numbers.
constexpr SyscallId kNoCall = {.abi = Abi::kX86_64, .nr = kBeyondAllTables};

std::array<uint64_t, 6> ArgumentsOf(const seccomp_data& data) {
  std::array<uint64_t, 6> arguments;
  std::ranges::copy(data.args, arguments.begin());
  return arguments;
}

// "openat", "getpid:i386", "#999", "#5:0x1234".
std::string NameOf(const seccomp_data& data, const std::optional<SyscallId>& id) {
  return id.has_value() ? DisplayName(*id) : Concat("#", data.nr, ":", absl::StrFormat("0x%x", data.arch));
}

// "EPERM", "kill", "log", …
std::string DescribeAction(const Action& action) {
  return action.kind == ActionKind::kErrno ? ErrnoWords(action.value) : std::string(SpellingOf(action.kind).brief);
}

// Whether `stub`, which precedes the profile's filter, decides the call.
bool IsBeyondLargest(const FilteredCall& call, const FilterProgram& stub) {
  FilterProgram program = stub;
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const seccomp_data data{.nr = call.nr, .arch = call.audit_arch, .instruction_pointer = 0, .args = {}};
  return Evaluate(program, data) != SECCOMP_RET_ALLOW;
}

// Whether the call was executed: nothing was enforced, or the profile only logs it.
bool LetThrough(const FilteredCall& call, bool log_only) {
  return log_only || call.action.kind == ActionKind::kLog;
}

}  // namespace

absl::StatusOr<EnforcedFilter> EnforcedFilterOf(const ProfileInput& profile) {
  EnforcedFilter result;
  // Live filters already contain runc's stub, if any.
  if (profile.live.empty()) result.stub = EnosysStub(profile.profile);
  absl::StatusOr<FilterProgram> compiled = Compile(profile.profile);
  if (!compiled.ok()) return Annotate(compiled.status(), profile.name);
  result.filter = result.stub;
  result.filter.insert(result.filter.end(), compiled->begin(), compiled->end());
  if (const absl::Status valid = ValidateFilter(result.filter); !valid.ok()) return Annotate(valid, profile.name);
  return result;
}

Response ProfileEnforcer::Decide(const Notification& notification) {
  const Action action = ActionFromReturn(Evaluate(filter_, notification.data));
  if (action.kind != ActionKind::kAllow) ReadPaths(notification, action);
  if (log_only_) return {};
  switch (action.kind) {
    case ActionKind::kAllow:
    case ActionKind::kLog:
      return {};
    case ActionKind::kErrno:
      // The kernel limits a filter's errno in the same way.
      return {.kind = Response::Kind::kFail, .errno_value = std::min<int>(action.value, kMaxErrno)};
    case ActionKind::kNotify:
    case ActionKind::kTrace:
      // The kernel's result without a listener or tracer.
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
  const auto recorded = ShippedRecordedCalls();
  if (recorded.ok() && notification.id.has_value() && IsFallenBackFrom(**recorded, *notification.id, action)) return;
  FilteredCount& refusals = refused_[{data.arch, data.nr, notification.program, action}];
  if (refusals.count++ > 0) return;
  refusals.first_arguments = ArgumentsOf(data);
  // `read_` may be of another call, which a signal interrupted.
  const bool read = read_.has_value() && read_->notified.nr == data.nr && read_->notified.arch == data.arch &&
                    std::ranges::equal(read_->notified.args, data.args);
  const std::string name = NameOf(data, notification.id);
  refusals.first_call = CallText(table_, notification.id.value_or(kNoCall), name, refusals.first_arguments,
                                 {.paths = read ? std::move(read_->paths) : std::map<unsigned, PathText>()});
}

// Reads the paths of a call to be shown: the first of its kind.
void ProfileEnforcer::ReadPaths(const Notification& notification, const Action& action) {
  const seccomp_data& data = notification.data;
  read_.reset();
  if (!notification.id.has_value() || notification.memory == nullptr) return;
  if (refused_.contains({data.arch, data.nr, notification.program, action})) return;
  read_.emplace(ReadCall{.notified = data, .paths = {}});
  for (const unsigned index : PathArguments(table_, *notification.id, ArgumentsOf(data))) {
    const uint64_t address =
        HasNarrowArguments(notification.id->abi) ? data.args[index] & UINT32_MAX : data.args[index];
    std::optional<TaskString> text = notification.memory->StringAt(address);
    if (text.has_value()) read_->paths[index] = {.bytes = std::move(text->bytes), .whole = text->whole};
  }
}

std::optional<std::string> NameOf(const FilteredCall& call) {
  const std::optional<SyscallId> id = SyscallIdFromSeccompData(call.audit_arch, call.nr);
  return id.has_value() ? SyscallName(*id) : std::nullopt;
}

std::string DescribeRefusal(const FilteredCall& call, const FilteredCount& refusals, const FilterProgram& stub,
                            bool log_only) {
  const std::string verb = !LetThrough(call, log_only)            ? "refused "
                           : call.action.kind == ActionKind::kLog ? "logged "
                                                                  : "would refuse ";
  const std::string_view why = IsBeyondLargest(call, stub) ? " beyond the largest number that the profile names" : "";
  return Concat(verb, refusals.first_call, ": ", DescribeAction(call.action), why, ", ", refusals.count,
                refusals.count == 1 ? " time, in " : " times, in ",
                call.program.path.empty() ? "an unknown program" : call.program.path);
}

JsonValue::Array FilteredCallsJson(const FilteredCalls& refused, const FilterProgram& stub, bool log_only) {
  JsonValue::Array calls;
  for (const auto& [call, refusals] : refused) {
    const std::optional<SyscallId> id = SyscallIdFromSeccompData(call.audit_arch, call.nr);
    const std::optional<std::string> name = NameOf(call);
    JsonValue::Array arguments;
    for (const uint64_t argument : refusals.first_arguments) arguments.emplace_back(absl::StrFormat("0x%x", argument));
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
    entry.push_back({"call", refusals.first_call});
    entry.push_back({"program", JsonValue::Object{{"path", EncodePercent(call.program.path)},
                                                  {"device", call.program.device},
                                                  {"inode", call.program.inode}}});
    calls.emplace_back(std::move(entry));
  }
  return calls;
}

}  // namespace syscarve
