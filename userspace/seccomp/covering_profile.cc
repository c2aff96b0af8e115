#include "userspace/seccomp/covering_profile.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/algebra.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {
namespace {

// Whether some arguments of a call meet something more restrictive in `made` than in `wanted`.
bool IsStricter(ArgumentSets& sets, const Decision& made, const Decision& wanted) {
  return CompareDecisions(sets, made, wanted) == Relation::kWider;
}

// The names of calls for which `compare` holds of what `made` and `wanted` decide.
template <typename Compare>
std::set<std::string> NamesThat(const Meaning& made, const Meaning& wanted, const Compare& compare) {
  std::set<std::string> names;
  for (const auto& [id, decision] : wanted.decisions) {
    const auto name = SyscallName(id);
    if (name.has_value() && compare(made.decisions.at(id), decision)) names.insert(*name);
  }
  return names;
}

// Each name's calls on the ABIs that the profile speaks of.
std::map<std::string, std::vector<SyscallId>> CallsOf(const std::set<std::string>& names, const std::vector<Abi>& abis,
                                                      const Meaning& meaning) {
  std::map<std::string, std::vector<SyscallId>> calls;
  for (const std::string& name : names) {
    for (const Abi abi : abis) {
      const auto id = FindSyscall(abi, name);
      if (id.has_value() && meaning.decisions.contains(*id)) calls[name].push_back(*id);
    }
  }
  return calls;
}

// The less restrictive of the answers that the calls meet, argument by argument.
Decision UnionOf(const std::vector<SyscallId>& calls, const Meaning& meaning, ArgumentSets& sets) {
  const SyscallId key = calls.front();
  Meaning all{.native = meaning.native, .decisions = {{key, meaning.decisions.at(key)}}};
  for (const SyscallId id : calls) {
    all = Union(all, {.native = meaning.native, .decisions = {{key, meaning.decisions.at(id)}}}, sets);
  }
  return all.decisions.at(key);
}

}  // namespace

absl::StatusOr<FoldedFilters> CoveringProfile(const Meaning& meaning, ArgumentSets& sets, std::string_view what) {
  Meaning wanted = meaning;
  for (const bool for_all_arguments : {false, true, true}) {
    SYSCARVE_ASSIGN_OR_RETURN(FoldedFilters folded, ProfileFromMeaning(wanted, sets, FoldMode::kStricter, what));
    SYSCARVE_ASSIGN_OR_RETURN(const Meaning made, MeaningOf(folded.profile, meaning.native, sets));
    const auto stricter = [&](const Decision& a, const Decision& b) { return IsStricter(sets, a, b); };
    const std::set<std::string> too_strict = NamesThat(made, meaning, stricter);
    if (sets.exhausted()) return absl::ResourceExhaustedError("the profiles are too complicated to be merged");
    if (too_strict.empty()) {
      const auto wider = [&](const Decision& a, const Decision& b) { return IsStricter(sets, b, a); };
      const std::set<std::string> widened = NamesThat(made, meaning, wider);
      if (!widened.empty()) {
        folded.warnings.insert(
            folded.warnings.begin(),
            Concat("answered less strictly by the profile than by ", what,
                   ", because a profile speaks by name for all of its ABIs, and not of every condition: ",
                   absl::StrJoin(widened, ", ")));
      }
      return folded;
    }
    for (const auto& [name, calls] : CallsOf(too_strict, folded.profile.abis, meaning)) {
      Decision decision = UnionOf(calls, wanted, sets);
      if (for_all_arguments) decision = {{decision.rbegin()->first, ArgumentSets::kAll}};
      for (const SyscallId id : calls) wanted.decisions[id] = decision;
    }
  }
  return absl::UnimplementedError(Concat("no profile lets through all that ", what, " does"));
}

}  // namespace syscarve
