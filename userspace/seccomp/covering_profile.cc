// SPDX-License-Identifier: Apache-2.0
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

// The names of calls for which `made` has the given comparison with `wanted` for some arguments. Both have the sets of
// `wanted`.
absl::StatusOr<std::set<std::string>> NamesThatAre(Comparison comparison, const Meaning& made, const Meaning& wanted) {
  std::set<std::string> names;
  for (const auto& [id, decision] : wanted.decisions) {
    const auto name = SyscallName(id);
    if (!name.has_value()) continue;
    // Each pair of actions separately: CompareDecisions returns only the worst.
    const Decision& other = made.decisions.at(id);
    const bool looser = comparison == Comparison::kLooser;
    SYSCARVE_ASSIGN_OR_RETURN(const Comparison found,
                              CompareDecisions(*wanted.sets, looser ? decision : other, looser ? other : decision));
    if (found == Comparison::kLooser) names.insert(*name);
  }
  return names;
}

// The calls of each name on the profile's ABIs.
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

// For each value of the arguments the least restrictive of the calls' actions.
absl::StatusOr<Decision> UnionOf(const std::vector<SyscallId>& calls, const Meaning& meaning) {
  const SyscallId key = calls.front();
  const auto only = [&](SyscallId id) {
    return Meaning{.native = meaning.native, .sets = meaning.sets, .decisions = {{key, meaning.decisions.at(id)}}};
  };
  Meaning all = only(key);
  for (const SyscallId id : calls) {
    SYSCARVE_ASSIGN_OR_RETURN(all, Union(all, only(id)));
  }
  return all.decisions.at(key);
}

}  // namespace

absl::StatusOr<DecompiledProfile> DecompileAtLeast(const Meaning& meaning, std::string_view what) {
  Meaning wanted = meaning;
  for (const bool for_all_arguments : {false, true, true}) {
    SYSCARVE_ASSIGN_OR_RETURN(DecompiledProfile result, Decompile(wanted, Bound::kAtMost, what));
    SYSCARVE_ASSIGN_OR_RETURN(const Meaning own, MeaningOf(result.profile, meaning.native));
    SYSCARVE_ASSIGN_OR_RETURN(const Meaning made, WithSets(own, meaning.sets));
    SYSCARVE_ASSIGN_OR_RETURN(const std::set<std::string> too_tight, NamesThatAre(Comparison::kTighter, made, meaning));
    if (too_tight.empty()) {
      SYSCARVE_ASSIGN_OR_RETURN(const std::set<std::string> looser, NamesThatAre(Comparison::kLooser, made, meaning));
      if (!looser.empty()) {
        result.warnings.insert(
            result.warnings.begin(),
            Concat("less strict in the profile than in ", what,
                   ", because a rule applies to every ABI by name, and not every condition can be expressed: ",
                   absl::StrJoin(looser, ", ")));
      }
      return result;
    }
    for (const auto& [name, calls] : CallsOf(too_tight, result.profile.abis, meaning)) {
      SYSCARVE_ASSIGN_OR_RETURN(Decision decision, UnionOf(calls, wanted));
      if (for_all_arguments) decision = {{decision.rbegin()->first, ArgumentSets::kAll}};
      for (const SyscallId id : calls) wanted.decisions[id] = decision;
    }
  }
  return absl::UnimplementedError(Concat("no profile lets through all that ", what, " does"));
}

}  // namespace syscarve
