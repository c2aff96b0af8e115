#include "userspace/policy/meaning.h"

#include <utility>

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

}  // namespace syscarve
