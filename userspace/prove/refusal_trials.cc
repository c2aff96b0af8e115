// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/refusal_trials.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"

namespace syscarve {

absl::StatusOr<std::vector<Proven>> RefusalTrials::Decide(const std::string& kind,
                                                          const std::vector<std::string>& names,
                                                          const std::function<void(size_t, Refusals&)>& refuse,
                                                          Refusals& refused) const {
  std::vector<Proven> proven;
  if (!obstacle_.empty()) {
    for (const std::string& name : names) proven.push_back({name, ProofVerdict::kUndecided, obstacle_});
    return proven;
  }
  std::vector<std::string> others(refused.calls.begin(), refused.calls.end());
  for (const CallWithValues& values : refused.values) others.push_back(ValuesText(values));
  SYSCARVE_ASSIGN_OR_RETURN(proven, trials_.Decide({.service = service_,
                                                    .kind = kind,
                                                    .names = names,
                                                    .others = others,
                                                    .ignored = [&](const std::set<size_t>&) { return ignored_; },
                                                    .run =
                                                        [&](const std::set<size_t>& kept, ProofTrials::Limit limit) {
                                                          Refusals all = refused;
                                                          for (size_t i = 0; i < names.size(); ++i) {
                                                            if (!kept.contains(i)) refuse(i, all);
                                                          }
                                                          return run_(all, limit);
                                                        }}));
  for (size_t i = 0; i < names.size(); ++i) {
    if (proven[i].verdict == ProofVerdict::kNotNeeded) refuse(i, refused);
  }
  return proven;
}

absl::StatusOr<std::vector<Proven>> RefusalTrials::ProveCalls(const std::set<std::string>& calls,
                                                              Refusals& refused) const {
  std::vector<std::string> names;
  for (const std::string& call : calls) {
    if (!IsIndispensable(call)) names.push_back(call);
  }
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<Proven> proven,
                            Decide(
                                "calls", names, [&](size_t i, Refusals& all) { all.calls.insert(names[i]); }, refused));
  for (const std::string& call : calls) {
    if (IsIndispensable(call)) proven.push_back({call, ProofVerdict::kNeeded, std::string(kWhyIndispensable)});
  }
  std::ranges::sort(proven, {}, &Proven::name);
  return proven;
}

absl::StatusOr<std::vector<Proven>> RefusalTrials::ProveArguments(const RecordedUse& use, Refusals& refused) const {
  std::vector<CallWithValues> items;
  std::vector<std::string> names;
  for (const CallWithValues& values : use.values) {
    if (refused.calls.contains(values.call)) continue;
    items.push_back(values);
    names.push_back(ValuesText(values));
  }
  if (!use.open.empty()) {
    trials_.proof().remarks.push_back(Concat(
        service_, service_.empty() ? "" : ": ",
        "not tried, because not all arguments are known, or no filter sees them: ", absl::StrJoin(use.open, " ")));
  }
  SYSCARVE_ASSIGN_OR_RETURN(
      std::vector<Proven> proven,
      Decide(
          "arguments", names, [&](size_t i, Refusals& all) { all.values.insert(items[i]); }, refused));
  for (size_t i = 0; i < items.size(); ++i) proven[i].values = items[i];
  return proven;
}

}  // namespace syscarve
