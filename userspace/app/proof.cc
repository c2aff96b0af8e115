// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/proof.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/verification.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/capability.h"

namespace syscarve {
namespace {

constexpr char kSchema[] = "syscarve.proof/1";
constexpr uint32_t kMostAttempts = 10;

// `ending` without the capabilities in `without`.
ProcessEnding Masked(ProcessEnding ending, uint64_t without) {
  ending.state.permitted &= ~without;
  ending.state.effective &= ~without;
  return ending;
}

std::set<ProcessEnding> Masked(const std::set<ProcessEnding>& endings, uint64_t without) {
  std::set<ProcessEnding> masked;
  for (const ProcessEnding& ending : endings) masked.insert(Masked(ending, without));
  return masked;
}

std::string IdsWords(const std::array<uint32_t, 4>& ids) {
  const bool same = std::ranges::all_of(ids, [&](uint32_t id) { return id == ids[0]; });
  return same ? std::to_string(ids[0]) : absl::StrJoin(ids, "/");
}

std::string CapabilityWords(uint64_t set) {
  std::vector<std::string> names;
  for (int capability = 0; capability < 64; ++capability) {
    if ((set >> capability & 1) != 0) names.push_back(CapabilityName(capability));
  }
  return names.empty() ? "none" : absl::StrJoin(names, " ");
}

std::string PortWords(const std::set<uint16_t>& ports) {
  std::vector<std::string> words;
  for (const uint16_t port : ports) words.push_back(port == 0 ? "one of the kernel's choice" : std::to_string(port));
  return words.empty() ? "none" : absl::StrJoin(words, " ");
}

// One property in which two states differ.
struct Facet {
  std::string what;
  std::string before;
  std::string now;
};

std::vector<Facet> Facets(const ProcessState& before, const ProcessState& now) {
  std::vector<Facet> facets;
  const auto add = [&](std::string what, std::string was, std::string is) {
    if (was != is) facets.push_back({std::move(what), std::move(was), std::move(is)});
  };
  add("user", IdsWords(before.users), IdsWords(now.users));
  add("group", IdsWords(before.groups), IdsWords(now.groups));
  add("supplementary groups", before.more_groups.empty() ? "none" : absl::StrJoin(before.more_groups, " "),
      now.more_groups.empty() ? "none" : absl::StrJoin(now.more_groups, " "));
  add("root", before.root, now.root);
  add("listening ports", PortWords(before.listens), PortWords(now.listens));
  add("permitted capabilities", CapabilityWords(before.permitted), CapabilityWords(now.permitted));
  add("effective capabilities", CapabilityWords(before.effective), CapabilityWords(now.effective));
  return facets;
}

// "/usr/sbin/nginx ends with user 0 instead of 33"
std::string EndingWords(const ProcessEnding& before, const ProcessEnding& now) {
  std::vector<std::string> parts;
  for (const Facet& facet : Facets(before.state, now.state)) {
    parts.push_back(Concat(facet.what, " ", facet.now, " instead of ", facet.before));
  }
  return Concat(now.program, " ends with ", absl::StrJoin(parts, ", "));
}

// The element of `endings` of the same program with the fewest differences; nullptr if there is none.
const ProcessEnding* Nearest(const ProcessEnding& ending, const std::set<ProcessEnding>& endings) {
  const ProcessEnding* nearest = nullptr;
  size_t fewest = 0;
  for (const ProcessEnding& other : endings) {
    if (other.program != ending.program) continue;
    const size_t count = Facets(other.state, ending.state).size();
    if (nearest == nullptr || count < fewest) nearest = &other;
    if (nearest == &other) fewest = count;
  }
  return nearest;
}

JsonValue::Array ProvenJson(const std::vector<Proven>& proven) {
  JsonValue::Array entries;
  for (const Proven& one : proven) {
    JsonValue::Object entry = {{"name", one.name}, {"verdict", ProofVerdictName(one.verdict)}};
    if (!one.why.empty()) entry.push_back({"why", EncodePercent(one.why)});
    entries.emplace_back(std::move(entry));
  }
  return entries;
}

}  // namespace

ReferenceRuns::ReferenceRuns(std::vector<ProofRun> runs) : runs_(std::move(runs)) {
  bool first = true;
  for (const ProofRun& run : runs_) {
    if (run.Failed()) {
      ++failed_;
      continue;
    }
    longest_ = std::max(longest_, run.took);
    most_ended_ = std::max(most_ended_, run.ended);
    ever_.insert(run.endings.begin(), run.endings.end());
    if (std::exchange(first, false)) {
      always_ = run.endings;
    } else {
      std::erase_if(always_, [&](const ProcessEnding& ending) { return !run.endings.contains(ending); });
    }
  }
}

uint32_t ReferenceRuns::Attempts() const {
  if (failed_ == 0) return 1;
  if (failed_ == runs_.size()) return 0;
  constexpr double kMisjudged = 0.05;
  const double rate = static_cast<double>(failed_) / static_cast<double>(runs_.size());
  return std::min(kMostAttempts, static_cast<uint32_t>(std::ceil(std::log(kMisjudged) / std::log(rate))));
}

std::optional<std::string> ReferenceRuns::Difference(const ProofRun& run, uint64_t without) const {
  if (run.start_refused) return "the command does not start";
  if (run.over_limit) return Concat("still running after ", SecondsWords(run.took));
  if (run.status != 0) return Concat(StatusWords(run.status), " instead of success");
  if (run.ended > most_ended_) {
    return Concat(run.ended, run.ended == 1 ? " process has" : " processes have", " to be ended");
  }
  return DifferentEnding(run, without);
}

std::optional<std::string> ReferenceRuns::DifferentEnding(const ProofRun& run, uint64_t without) const {
  const std::set<ProcessEnding> now = Masked(run.endings, without);
  const std::set<ProcessEnding> ever = Masked(ever_, without);
  for (const ProcessEnding& ending : now) {
    if (ever.contains(ending)) continue;
    const ProcessEnding* const nearest = Nearest(ending, ever);
    return nearest != nullptr ? EndingWords(*nearest, ending)
                              : Concat(ending.program, " ends but did not in any reference run");
  }
  for (const ProcessEnding& ending : Masked(always_, without)) {
    if (now.contains(ending)) continue;
    const ProcessEnding* const nearest = Nearest(ending, now);
    return nearest != nullptr ? EndingWords(ending, *nearest) : Concat(ending.program, " no longer runs to its end");
  }
  return std::nullopt;
}

std::string_view ProofVerdictName(ProofVerdict verdict) {
  switch (verdict) {
    case ProofVerdict::kNeeded:
      return "needed";
    case ProofVerdict::kNotNeeded:
      return "not-needed";
    case ProofVerdict::kUndecided:
      break;
  }
  return "undecided";
}

bool Proof::Complete() const {
  return unproven.empty() && NamesOf(capabilities, ProofVerdict::kUndecided).empty() &&
         NamesOf(calls, ProofVerdict::kUndecided).empty();
}

std::vector<std::string> NamesOf(const std::vector<Proven>& proven, ProofVerdict verdict) {
  std::vector<std::string> names;
  for (const Proven& one : proven) {
    if (one.verdict == verdict) names.push_back(one.name);
  }
  return names;
}

std::string ProofJson(const Proof& proof, const std::vector<std::string>& command) {
  JsonValue::Array words;
  for (const std::string& word : command) words.emplace_back(EncodePercent(word));
  JsonValue::Array reference;
  for (const ProofRun& run : proof.reference) {
    reference.emplace_back(JsonValue::Object{{"status", run.status},
                                             {"milliseconds", static_cast<uint64_t>(run.took.count())},
                                             {"over_limit", run.over_limit},
                                             {"ended_after_grace", run.ended}});
  }
  JsonValue::Array remarks;
  for (const std::string& remark : proof.remarks) remarks.emplace_back(EncodePercent(remark));
  JsonValue::Object report = {{"schema", kSchema},
                              {"command", std::move(words)},
                              {"complete", proof.Complete()},
                              {"unproven", EncodePercent(proof.unproven)},
                              {"reference_runs", std::move(reference)},
                              {"trials", proof.trials},
                              {"capabilities", ProvenJson(proof.capabilities)},
                              {"calls", ProvenJson(proof.calls)},
                              {"remarks", std::move(remarks)}};
  return PrintJson(JsonValue(std::move(report)), /*width=*/0);
}

}  // namespace syscarve
