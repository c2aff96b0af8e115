// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/call_refusals.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <span>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/profile_input.h"
#include "userspace/base/concat.h"
#include "userspace/emit/emit.h"
#include "userspace/model/abi.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/profile_reader.h"
#include "userspace/seccomp/algebra.h"
#include "userspace/seccomp/decompile.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {
namespace {

constexpr Action kEnosys{ActionKind::kErrno, ENOSYS};
constexpr std::string_view kIndispensable[] = {"execve",          "exit",         "exit_group",
                                               "restart_syscall", "rt_sigreturn", "sigreturn"};

// The first of this machine's ABIs that has the call.
std::optional<SyscallId> IdOf(std::string_view call) {
  if (const std::optional<SyscallId> id = FindSyscall(NativeAbi(), call)) return id;
  for (const Abi abi : HostAbis()) {
    if (const std::optional<SyscallId> id = FindSyscall(abi, call)) return id;
  }
  return std::nullopt;
}

// What a recording contains of a call.
struct Seen {
  std::optional<SeenArguments> arguments;
  bool made = false;
  bool natively = true;  // On the native ABI only.
};

// Whether a rule can distinguish the recorded values: a rule is by name, and so for all ABIs.
bool CanBeTold(const ArgumentTable& table, const RecordedCall& call, const Seen& seen) {
  return !call.pointed_to && seen.natively && seen.arguments.has_value() && !seen.arguments->open &&
         seen.arguments->indexes == call.indexes && ArgumentMasks(table, call, NativeAbi()).has_value();
}

Profile AllowAll() {
  return {.default_action = kAllowAction, .abis = HostAbis()};
}

}  // namespace

std::vector<Abi> HostAbis() {
  const std::span<const Abi> served = AbisServedBeside(NativeAbi());
  std::vector<Abi> abis(served.begin(), served.end());
  std::ranges::sort(abis);
  return abis;
}

bool IsIndispensable(std::string_view call) {
  return std::ranges::find(kIndispensable, call) != std::ranges::end(kIndispensable);
}

absl::StatusOr<RecordedUse> UseIn(const Recording& recording) {
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedCalls* const recorded, ShippedRecordedCalls());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  RecordedUse use;
  std::map<std::string, Seen> seen;
  for (const Run& run : recording.runs) {
    for (const auto& [subject, trace] : run.subjects) {
      for (const auto& [id, observation] : trace.calls) {
        const std::optional<std::string> name = SyscallName(id);
        if (!name.has_value()) continue;
        use.calls.insert(*name);
        if (!recorded->contains(*name)) continue;
        Seen& call = seen[*name];
        JoinArguments(observation.arguments, !call.made, call.arguments);
        call.made = true;
        call.natively = call.natively && id.abi == NativeAbi();
      }
    }
  }
  for (const auto& [name, call] : seen) {
    if (!CanBeTold(*table, recorded->at(name), call)) {
      use.open.insert(name);
      continue;
    }
    for (const auto& [values, programs] : call.arguments->values) use.values.insert({.call = name, .values = values});
  }
  return use;
}

std::string ValuesText(const CallWithValues& values) {
  const absl::StatusOr<const RecordedCalls*> recorded = ShippedRecordedCalls();
  const absl::StatusOr<const ArgumentTable*> table = ShippedArgumentTable();
  const std::optional<SyscallId> id = IdOf(values.call);
  if (!recorded.ok() || !table.ok() || !id.has_value()) return values.call;
  const auto call = (*recorded)->find(values.call);
  if (call == (*recorded)->end() || call->second.indexes.size() != values.values.size()) return values.call;
  return RecordedCallText(**table, call->second, *id, values.values);
}

std::string RefusalsWords(const Refusals& refusals) {
  std::vector<std::string> words(refusals.calls.begin(), refusals.calls.end());
  for (const CallWithValues& values : refusals.values) words.push_back(ValuesText(values));
  return words.empty() ? "nothing" : absl::StrJoin(words, " ");
}

absl::StatusOr<std::vector<Rule>> RulesThatRefuse(const Refusals& refusals) {
  std::vector<Rule> rules;
  if (!refusals.calls.empty()) {
    rules.push_back({.names = {refusals.calls.begin(), refusals.calls.end()}, .action = kEnosys});
  }
  if (refusals.values.empty()) return rules;
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedCalls* const recorded, ShippedRecordedCalls());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  for (const CallWithValues& one : refusals.values) {
    if (refusals.calls.contains(one.call)) continue;
    const auto call = recorded->find(one.call);
    const std::optional<SyscallId> id = IdOf(one.call);
    if (call == recorded->end() || !id.has_value() || call->second.indexes.size() != one.values.size()) {
      return absl::InternalError(Concat("the arguments of ", one.call, " are not recorded in this way"));
    }
    Rule rule{.names = {one.call}, .action = kEnosys};
    for (size_t place = 0; place < one.values.size(); ++place) {
      const uint64_t mask = DeterminedBits(*table, *recorded, *id, call->second.indexes, one.values, place);
      if (mask == 0) continue;
      rule.conditions.push_back({.index = static_cast<unsigned>(call->second.indexes[place]),
                                 .op = CompareOp::kMaskedEqual,
                                 .value = mask,
                                 .value_two = one.values[place] & mask});
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

absl::StatusOr<Profile> Without(const Profile& base, const Refusals& refusals) {
  Profile refusing = AllowAll();
  SYSCARVE_ASSIGN_OR_RETURN(refusing.rules, RulesThatRefuse(refusals));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning kept, MeaningOf(base, NativeAbi()));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning refused, MeaningOf(refusing, NativeAbi()));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning both, Intersection(kept, refused));
  SYSCARVE_ASSIGN_OR_RETURN(DecompiledProfile written, Decompile(both, Bound::kAtMost, "the trial's profile"));
  written.profile.flags = base.flags;
  return std::move(written.profile);
}

absl::StatusOr<std::string> ContainerProfileWithout(const std::optional<std::string>& asked,
                                                    const std::optional<Profile>& by_default,
                                                    const std::set<int>& capabilities, const Refusals& refusals) {
  Profile base = by_default.value_or(AllowAll());
  if (asked == "unconfined") {
    base = AllowAll();
  } else if (asked.has_value() && *asked != "default" && *asked != "builtin" && !asked->empty()) {
    const ProfileTarget target = CompleteTarget({.capabilities = capabilities, .kernel = std::nullopt});
    SYSCARVE_ASSIGN_OR_RETURN(ProfileReading reading, ReadProfileText(*asked, target));
    base = std::move(reading.source.profile);
  }
  SYSCARVE_ASSIGN_OR_RETURN(const Profile profile, Without(base, refusals));
  SYSCARVE_ASSIGN_OR_RETURN(Emitted emitted, Emit(OutputFormat::kOci, profile, {}));
  return std::move(emitted.text);
}

}  // namespace syscarve
