// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/proof.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/capability.h"
#include "userspace/model/profile.h"

namespace syscarve {
namespace {

constexpr char kSchema[] = "syscarve.proof/1";
constexpr uint32_t kMostAttempts = 10;
constexpr JsonLimits kLimits = {.bytes = size_t{256} << 20, .values = 10'000'000, .depth = 16};
constexpr size_t kMaxNames = 10'000;
constexpr size_t kMaxTrials = 100'000;
constexpr size_t kMaxWordBytes = size_t{1} << 20;
// The factor and addition of `verify` for a stop that takes longer than before.
constexpr int kStopFactor = 3;
constexpr std::chrono::milliseconds kStopAddition = std::chrono::seconds(2);

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
  add("no_new_privs", before.no_new_privs ? "set" : "not set", now.no_new_privs ? "set" : "not set");
  add("listening ports", PortWords(before.listens), PortWords(now.listens));
  add("permitted capabilities", CapabilityWords(before.permitted), CapabilityWords(now.permitted));
  add("effective capabilities", CapabilityWords(before.effective), CapabilityWords(now.effective));
  return facets;
}

// "/usr/sbin/nginx"; for a container "web: /usr/sbin/nginx".
std::string ProgramWords(const ProcessEnding& ending) {
  return ending.service.empty() ? ending.program : Concat(ending.service, ": ", ending.program);
}

// "/usr/sbin/nginx ends with user 0 instead of 33"
std::string EndingWords(const ProcessEnding& before, const ProcessEnding& now) {
  std::vector<std::string> parts;
  for (const Facet& facet : Facets(before.state, now.state)) {
    parts.push_back(Concat(facet.what, " ", facet.now, " instead of ", facet.before));
  }
  return Concat(ProgramWords(now), " ends with ", absl::StrJoin(parts, ", "));
}

// The element of `endings` of the same program with the fewest differences; nullptr if there is none.
const ProcessEnding* Nearest(const ProcessEnding& ending, const std::set<ProcessEnding>& endings) {
  const ProcessEnding* nearest = nullptr;
  size_t fewest = 0;
  for (const ProcessEnding& other : endings) {
    if (other.program != ending.program || other.service != ending.service) continue;
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
    if (!one.values.call.empty()) {
      JsonValue::Array values;
      for (const uint64_t value : one.values.values) values.emplace_back(value);
      entry.push_back({"call", one.values.call});
      entry.push_back({"values", std::move(values)});
    }
    if (!one.why.empty()) entry.push_back({"why", EncodePercent(one.why)});
    entries.emplace_back(std::move(entry));
  }
  return entries;
}

JsonValue::Object TriedJson(const Tried& tried) {
  JsonValue::Array without;
  for (const std::string& name : tried.without) without.emplace_back(EncodePercent(name));
  return {{"service", EncodePercent(tried.service)},
          {"without", std::move(without)},
          {"difference", tried.difference.has_value() ? JsonValue(EncodePercent(*tried.difference)) : JsonValue()}};
}

}  // namespace

ReferenceRuns::ReferenceRuns(std::vector<ProofRun> runs) : runs_(std::move(runs)) {
  bool first = true;
  for (const ProofRun& run : runs_) {
    refused_.insert(run.refusals.begin(), run.refusals.end());
    if (run.Failed()) {
      ++failed_;
      continue;
    }
    longest_ = std::max(longest_, run.took);
    most_ended_ = std::max(most_ended_, run.ended);
    ever_.insert(run.endings.begin(), run.endings.end());
    for (const VerifiedContainer& container : run.containers) {
      Ends& ends = ends_[container.service];
      if (container.status.has_value()) ends.statuses.insert(*container.status);
      ends.longest_stop = std::max(ends.longest_stop, container.stop.value_or(std::chrono::milliseconds{0}));
    }
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
  std::optional<std::string> difference = DifferentOutcome(run, without);
  return difference.has_value() ? difference : NewRefusal(run);
}

bool ReferenceRuns::DiffersInRefusalsOnly(const ProofRun& run, uint64_t without) const {
  return !DifferentOutcome(run, without).has_value() && NewRefusal(run).has_value();
}

std::optional<std::string> ReferenceRuns::NewRefusal(const ProofRun& run) const {
  for (const ProgramRefusal& one : run.refusals) {
    if (refused_.contains(one)) continue;
    return Concat(one.service, one.service.empty() ? "" : ": ", one.program, " is refused ", one.call, " with ",
                  ErrnoWords(one.error));
  }
  return std::nullopt;
}

std::optional<std::string> ReferenceRuns::DifferentOutcome(const ProofRun& run, uint64_t without) const {
  if (run.start_refused) return "the command does not start";
  if (run.over_limit) return Concat("still running after ", SecondsWords(run.took));
  const std::optional<std::string> container = DifferentContainer(run);
  if (run.status != 0) {
    return Concat(StatusWords(run.status), " instead of success", container.has_value() ? "; " : "",
                  container.value_or(""));
  }
  if (run.ended > most_ended_) {
    return Concat(run.ended, run.ended == 1 ? " process has" : " processes have", " to be ended");
  }
  return container.has_value() ? container : DifferentEnding(run, without);
}

std::optional<std::string> ReferenceRuns::DifferentContainer(const ProofRun& run) const {
  for (const VerifiedContainer& container : run.containers) {
    const auto found = ends_.find(container.service);
    if (found == ends_.end()) continue;
    const Ends& ends = found->second;
    // A command that fails exits before it ends its containers.
    if (container.running && run.status == 0) return Concat("container ", container.name, " is not ended");
    if (container.status.has_value() && !ends.statuses.contains(*container.status)) {
      return Concat("container ", container.name, " ends with ", StatusWords(*container.status),
                    ends.statuses.empty() ? "" : Concat(" instead of ", StatusWords(*ends.statuses.begin())));
    }
    if (container.stop.value_or(std::chrono::milliseconds{0}) > ends.longest_stop * kStopFactor + kStopAddition) {
      return Concat("container ", container.name, " takes ", SecondsWords(*container.stop), " to stop instead of ",
                    SecondsWords(ends.longest_stop));
    }
  }
  return std::nullopt;
}

std::optional<std::string> ReferenceRuns::DifferentEnding(const ProofRun& run, uint64_t without) const {
  const std::set<ProcessEnding> now = Masked(run.endings, without);
  const std::set<ProcessEnding> ever = Masked(ever_, without);
  for (const ProcessEnding& ending : now) {
    if (ever.contains(ending)) continue;
    const ProcessEnding* const nearest = Nearest(ending, ever);
    return nearest != nullptr ? EndingWords(*nearest, ending)
                              : Concat(ProgramWords(ending), " ends but did not in any reference run");
  }
  for (const ProcessEnding& ending : Masked(always_, without)) {
    if (now.contains(ending)) continue;
    const ProcessEnding* const nearest = Nearest(ending, now);
    return nearest != nullptr ? EndingWords(ending, *nearest)
                              : Concat(ProgramWords(ending), " no longer runs to its end");
  }
  return std::nullopt;
}

bool Proof::Complete() const {
  return unproven.empty() && NamesOf(capabilities, ProofVerdict::kUndecided).empty() &&
         NamesOf(calls, ProofVerdict::kUndecided).empty() && NamesOf(arguments, ProofVerdict::kUndecided).empty() &&
         std::ranges::all_of(services, [](const ServiceProof& service) {
           return NamesOf(service.capabilities, ProofVerdict::kUndecided).empty() &&
                  NamesOf(service.calls, ProofVerdict::kUndecided).empty() &&
                  NamesOf(service.arguments, ProofVerdict::kUndecided).empty();
         });
}

std::vector<std::string> NamesOf(const std::vector<Proven>& proven, ProofVerdict verdict) {
  std::vector<std::string> names;
  for (const Proven& one : proven) {
    if (one.verdict == verdict) names.push_back(one.name);
  }
  return names;
}

std::string ProofJson(const Proof& proof, const ProvenCommand& command) {
  JsonValue::Array words;
  for (const std::string& word : command.words) words.emplace_back(EncodePercent(word));
  JsonValue::Array reference;
  for (const ProofRun& run : proof.reference) {
    reference.emplace_back(JsonValue::Object{{"status", run.status},
                                             {"milliseconds", static_cast<uint64_t>(run.took.count())},
                                             {"over_limit", run.over_limit},
                                             {"ended_after_grace", run.ended}});
  }
  JsonValue::Array services;
  for (const ServiceProof& service : proof.services) {
    services.emplace_back(JsonValue::Object{{"service", EncodePercent(service.service)},
                                            {"recording", EncodePercent(service.recording)},
                                            {"capabilities", ProvenJson(service.capabilities)},
                                            {"calls", ProvenJson(service.calls)},
                                            {"arguments", ProvenJson(service.arguments)}});
  }
  JsonValue::Array tried;
  for (const Tried& one : proof.tried) tried.emplace_back(TriedJson(one));
  JsonValue::Array remarks;
  for (const std::string& remark : proof.remarks) remarks.emplace_back(EncodePercent(remark));
  JsonValue::Object report = {{"schema", kSchema},
                              {"version", SYSCARVE_VERSION},
                              {"command", std::move(words)},
                              {"user", EncodePercent(command.user)},
                              {"complete", proof.Complete()},
                              {"unproven", EncodePercent(proof.unproven)},
                              {"reference_runs", std::move(reference)},
                              {"trials", proof.trials},
                              {"capabilities", ProvenJson(proof.capabilities)},
                              {"calls", ProvenJson(proof.calls)},
                              {"arguments", ProvenJson(proof.arguments)},
                              {"services", std::move(services)},
                              {"remarks", std::move(remarks)},
                              {"tried", std::move(tried)}};
  return PrintJson(JsonValue(std::move(report)), /*width=*/120);
}

absl::StatusOr<std::vector<Tried>> ReadTried(std::string_view report, const ProvenCommand& command) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue value, ParseStrictJson(report, kLimits));
  std::string error;
  const JsonReader root(value, &error);
  const auto text = [](const JsonReader& reader) {
    std::optional<std::string> decoded = DecodePercent(reader.Text(kMaxWordBytes));
    if (!decoded.has_value()) reader.Fail("a % that no byte in hexadecimal follows");
    return decoded.value_or("");
  };
  if (root.Required("schema").Text(64) != kSchema) root.Fail(Concat("this is no report of the schema ", kSchema));
  const std::string version = root.Required("version").Text(64);
  ProvenCommand theirs;
  root.Required("command").ForEach(kMaxNames, [&](const JsonReader& word) { theirs.words.push_back(text(word)); });
  theirs.user = text(root.Required("user"));
  std::vector<Tried> tried;
  root.Required("tried").ForEach(kMaxTrials, [&](const JsonReader& entry) {
    Tried one;
    one.service = text(entry.Required("service"));
    entry.Required("without").ForEach(kMaxNames, [&](const JsonReader& name) { one.without.push_back(text(name)); });
    const JsonReader difference = entry.Required("difference");
    if (!difference.IsNull()) one.difference = text(difference);
    tried.push_back(std::move(one));
  });
  if (!error.empty()) return absl::InvalidArgumentError(error);
  if (version != SYSCARVE_VERSION) {
    return absl::InvalidArgumentError(
        Concat("the report was written by syscarve ", EscapeForTerminal(version), ", and this is " SYSCARVE_VERSION));
  }
  if (theirs != command) return absl::InvalidArgumentError("the report is of another command, or of another user");
  return tried;
}

}  // namespace syscarve
