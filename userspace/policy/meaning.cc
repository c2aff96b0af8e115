#include "userspace/policy/meaning.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/call_rules.h"
#include "userspace/policy/verify.h"

namespace syscarve {

absl::StatusOr<Meaning> MeaningOf(std::span<const FilterProgram> stack, Abi native, ArgumentSets& sets) {
  if (stack.empty()) return absl::InvalidArgumentError("there is no filter");
  for (const FilterProgram& filter : stack) {
    if (const absl::Status valid = ValidateFilter(filter); !valid.ok()) {
      return Annotate(valid, "the kernel would not take this filter");
    }
  }
  Meaning meaning{.native = native};
  for (const Abi abi : AbisServedBeside(native)) {
    for (const int nr : NumbersToProve(abi)) {
      absl::StatusOr<Decision> decision = DecisionOf(stack, {abi, nr}, sets);
      if (decision.ok()) {
        meaning.decisions[{abi, nr}] = *std::move(decision);
      } else if (absl::IsUnimplemented(decision.status())) {
        meaning.unclear[{abi, nr}] = WithoutHint(decision.status());
      } else {
        return decision.status();
      }
    }
  }
  return meaning;
}

absl::StatusOr<Meaning> MeaningOf(const Profile& profile, Abi native, ArgumentSets& sets) {
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram program, Compile(profile));
  return MeaningOf({&program, 1}, native, sets);
}

std::optional<Action> EverythingOf(const Meaning& meaning, Abi abi) {
  std::optional<Action> everything;
  for (const auto& [id, why] : meaning.unclear) {
    if (id.abi == abi) return std::nullopt;
  }
  for (const auto& [id, decision] : meaning.decisions) {
    if (id.abi != abi) continue;
    if (decision.size() != 1 || (everything.has_value() && *everything != Strictest(decision))) return std::nullopt;
    everything = Strictest(decision);
  }
  return everything;
}

std::string NumberRanges(const std::vector<int>& numbers) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    // What follows are the samples from beyond the tables, and all of them agree.
    if (numbers[end - 1] == kSyscallTableEnd - 1 && numbers.back() == kBeyondAllTables) {
      parts.push_back(Concat(numbers[i], " and above"));
      break;
    }
    parts.push_back(end - i == 1 ? Concat(numbers[i]) : Concat(numbers[i], "–", numbers[end - 1]));
    i = end;
  }
  constexpr size_t kMaxParts = 12;
  if (parts.size() > kMaxParts) {
    parts.resize(kMaxParts);
    parts.emplace_back("…");
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace syscarve
