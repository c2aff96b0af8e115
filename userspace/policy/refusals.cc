// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/refusals.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/saturating.h"
#include "userspace/base/sentence.h"
#include "userspace/model/recording_words.h"

namespace syscarve {
namespace {

constexpr size_t kMostCalls = 8;
constexpr size_t kMostPrograms = 3;

// "by /bin/a, /bin/b and 2 more programs".
std::string ByPrograms(const std::map<std::string, uint64_t>& programs) {
  std::vector<std::pair<std::string, uint64_t>> sorted(programs.begin(), programs.end());
  std::ranges::stable_sort(sorted, std::greater<>(), [](const auto& program) { return program.second; });
  std::vector<std::string> shown;
  for (const auto& [label, count] : sorted) {
    if (shown.size() == kMostPrograms) break;
    shown.push_back(label.empty() ? "a program whose path is not known" : label);
  }
  if (shown.empty()) return "";
  const size_t more = sorted.size() - shown.size();
  return Concat(", by ", absl::StrJoin(shown, ", "),
                more == 0 ? std::string() : Concat(" and ", more, more == 1 ? " more program" : " more programs"));
}

// "vfork (EPERM 3 times, by /usr/bin/make)": the refusals that were not harmless.
std::string CallWords(const RefusedCall& call) {
  std::vector<std::string> parts;
  for (const RefusalTotal& total : RefusalTotals(call)) {
    parts.push_back(Concat(DenialWords(total.answer), " ", Times(total.count), ByPrograms(total.programs)));
  }
  return Concat(call.name, " (", absl::StrJoin(parts, "; "), ")");
}

bool MayHaveDied(const RefusedCall& call) {
  return std::ranges::any_of(call.refusals, [](const Refusal& refusal) { return refusal.answer == 0; });
}

}  // namespace

Refusal RefusalOf(const Recording& recording, const Run& run, std::string_view subject, SyscallId id,
                  const Denial& denial) {
  const Observation refused = {.count = denial.count, .programs = denial.programs};
  return {.answer = denial.errno_value, .sighting = SightingOf(recording, run, subject, id, refused)};
}

const RefusedCall* FindRefused(std::span<const RefusedCall> refused, std::string_view name) {
  const auto found = std::ranges::find(refused, name, &RefusedCall::name);
  return found == refused.end() ? nullptr : &*found;
}

bool RefusedCall::IsHarmless(const Refusal& refusal) const {
  return refusal.answer == ENOSYS && !probed_by.empty();
}

bool RefusedCall::IsHarmless() const {
  return std::ranges::all_of(refusals, [this](const Refusal& refusal) { return IsHarmless(refusal); });
}

std::vector<RefusalTotal> RefusalTotals(const RefusedCall& call) {
  std::map<int, RefusalTotal> totals;
  for (const Refusal& refusal : call.refusals) {
    if (call.IsHarmless(refusal)) continue;
    RefusalTotal& total = totals[refusal.answer];
    total.answer = refusal.answer;
    AddSaturating(refusal.sighting.count, total.count);
    for (const auto& [program, count] : refusal.sighting.programs) {
      AddSaturating(count, total.programs[ProgramLabel(program)]);
    }
  }
  std::vector<RefusalTotal> sorted;
  for (auto& [answer, total] : totals) sorted.push_back(std::move(total));
  return sorted;
}

std::string ProbedBy(const ErrnoPolicy& policy, const std::string& name) {
  const auto found = policy.probed.find(name);
  return found == policy.probed.end() ? std::string() : found->second;
}

std::vector<std::string> RefusalWarnings(std::span<const RefusedCall> refused) {
  constexpr std::string_view kLead = "refused by a filter already in force while recording, and so not allowed: ";
  std::vector<const RefusedCall*> calls;
  for (const RefusedCall& call : refused) {
    if (!call.allowed && !call.IsHarmless()) calls.push_back(&call);
  }
  std::stable_partition(calls.begin(), calls.end(), [](const RefusedCall* call) { return MayHaveDied(*call); });
  const size_t shown = calls.size() <= kMostCalls ? calls.size() : kMostCalls - 1;
  std::vector<std::string> warnings;
  for (const RefusedCall* const call : std::span(calls).first(shown)) {
    warnings.push_back(Concat(kLead, CallWords(*call)));
  }
  if (shown < calls.size()) {
    warnings.push_back(Concat(kLead, calls.size() - shown, " more; `syscarve explain` names all of them"));
  }
  return warnings;
}

std::string HarmlessRefusals(std::span<const RefusedCall> refused, size_t most) {
  std::vector<std::string> parts;
  for (const RefusedCall& call : refused) {
    if (call.allowed) continue;
    uint64_t count = 0;
    for (const Refusal& refusal : call.refusals) {
      if (call.IsHarmless(refusal)) AddSaturating(refusal.sighting.count, count);
    }
    if (count > 0) parts.push_back(Concat(call.name, " (", Times(count), ")"));
  }
  if (parts.size() <= most) return absl::StrJoin(parts, ", ");
  const size_t more = parts.size() - most;
  parts.resize(most);
  return Concat(absl::StrJoin(parts, ", "), " and ", more, " more");
}

}  // namespace syscarve
