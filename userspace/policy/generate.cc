// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/generate.h"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/ceiling.h"
#include "userspace/seccomp/verify.h"
#include "userspace/shipped/names.h"

namespace syscarve {
namespace {

constexpr Action kAllow{ActionKind::kAllow, 0};
constexpr Action kEnosys{ActionKind::kErrno, ENOSYS};
constexpr Action kEperm{ActionKind::kErrno, EPERM};

// A run of a subject, the same in every recording that holds it.
struct TraceKey {
  UnixNanos start;
  std::string run_id;
  SubjectKind kind;
  std::string name;
  std::string cgroup;
  auto operator<=>(const TraceKey&) const = default;
};

// Everything that was seen, gathered so that neither order nor repetition of the recordings matters: where two
// recordings hold the same part of the same run, the larger count is the later one.
struct Evidence {
  std::map<std::string, std::vector<Sighting>> calls;  // By name.
  std::map<SyscallId, uint64_t> unnamed;
  // By name, then by answer (Denial::errno_value).
  std::map<std::string, std::map<std::tuple<TraceKey, SyscallId, int>, Sighting>> refused;
  std::map<int, CapabilityUse> capabilities;
  std::map<int, CapabilityUse> capabilities_in_failed;  // Of those, in runs whose command HasFailed.
  std::set<Abi> abis;
};

// Of one run, however many recordings hold it.
struct RunEvidence {
  std::map<std::string, std::map<std::pair<TraceKey, SyscallId>, Sighting>> calls;  // By name.
  std::map<TraceKey, std::map<int, CapabilityUse>> capabilities;
};

template <typename T>
void KeepLarger(T& kept, const T& other) {
  kept = std::max(kept, other);
}

void KeepLargerUse(const CapabilityUse& more, CapabilityUse& kept) {
  for (const auto& [call, checks] : more.during) {
    KeepLarger(kept.during[call].granted, checks.granted);
    KeepLarger(kept.during[call].denied, checks.denied);
  }
  KeepLarger(kept.foreign.granted, more.foreign.granted);
  KeepLarger(kept.foreign.denied, more.foreign.denied);
}

// Keeps of one sighting in several recordings what is the same in any order of these.
void KeepSighting(const Sighting& more, Sighting& kept) {
  kept.id = more.id;
  kept.run_id = more.run_id;
  // Names may differ between two copies of one run; the choice must not depend on which came first.
  KeepLarger(kept.run_name, more.run_name);
  kept.subject = more.subject;
  KeepLarger(kept.count, more.count);
  for (const auto& [program, count] : more.programs) KeepLarger(kept.programs[program], count);
  if (more.after_start_nanos.has_value()) {
    kept.after_start_nanos = std::min(kept.after_start_nanos.value_or(UINT64_MAX), *more.after_start_nanos);
  }
}

void GatherTrace(const Recording& recording, const Run& run, const TraceKey& key, const SubjectTrace& trace,
                 RunEvidence& of_run, Evidence& evidence) {
  for (const auto& [id, observation] : trace.calls) {
    if (observation.count == 0 || IsExemptFromSeccomp(id)) continue;
    evidence.abis.insert(id.abi);
    const std::optional<std::string> name = SyscallName(id);
    if (!name.has_value()) {
      KeepLarger(evidence.unnamed[id], observation.count);
      continue;
    }
    KeepSighting(SightingOf(recording, run, key.name, id, observation), of_run.calls[*name][{key, id}]);
  }
  for (const auto& [id, denials] : trace.denials) {
    // What a filter refused it was asked about, exempt on newer kernels or not.
    const std::string name = SyscallName(id).value_or(DisplayName(id));
    for (const Denial& denial : denials) {
      if (denial.count == 0) continue;
      KeepSighting(RefusalOf(recording, run, key.name, id, denial).sighting,
                   evidence.refused[name][{key, id, denial.errno_value}]);
    }
  }
  for (const auto& [capability, use] : trace.capabilities) KeepLargerUse(use, of_run.capabilities[key][capability]);
}

void AddRunEvidence(RunEvidence&& of_run, bool failed, Evidence& evidence) {
  for (auto& [name, sightings] : of_run.calls) {
    std::vector<Sighting>& kept = evidence.calls[name];
    for (auto& [key, sighting] : sightings) AddSighting(std::move(sighting), kept);
  }
  for (const auto& [key, uses] : of_run.capabilities) {
    for (const auto& [capability, use] : uses) {
      AddCapabilityUse(use, evidence.capabilities[capability]);
      if (failed) AddCapabilityUse(use, evidence.capabilities_in_failed[capability]);
    }
  }
}

// One run of one of the recordings.
struct RunPlace {
  const Recording* recording;
  size_t index;
  const Run& head() const { return recording->runs.head(index); }
  auto order() const { return std::tie(head().start, head().id); }
};

// One run is in memory at a time.
Evidence Gather(std::span<const Recording> recordings) {
  std::vector<RunPlace> places;
  std::set<std::string> failed;
  for (const Recording& recording : recordings) {
    for (size_t i = 0; i < recording.runs.size(); ++i) {
      places.push_back({&recording, i});
      const Run& head = places.back().head();
      if (head.command.has_value() && HasFailed(*head.command)) failed.insert(head.id);
    }
  }
  std::ranges::stable_sort(places, [](const RunPlace& a, const RunPlace& b) { return a.order() < b.order(); });
  Evidence evidence;
  for (auto place = places.begin(); place != places.end();) {
    const RunPlace first = *place;
    RunEvidence of_run;
    for (; place != places.end() && place->order() == first.order(); ++place) {
      const Recording& recording = *place->recording;
      const Run run = recording.runs[place->index];
      for (const auto& [subject_id, trace] : run.subjects) {
        const Subject subject = subject_id < recording.subjects.size() ? recording.subjects[subject_id] : Subject{};
        GatherTrace(recording, run, {run.start, run.id, subject.kind, subject.name, subject.cgroup}, trace, of_run,
                    evidence);
      }
    }
    AddRunEvidence(std::move(of_run), failed.contains(first.head().id), evidence);
  }
  return evidence;
}

// ", lines 2, 3" of a loss whose detail says so (recording_builder.h).
std::string LinesOf(const Loss& loss) {
  const size_t begin = loss.detail.rfind(" Line");
  if (begin == std::string::npos || !loss.detail.ends_with('.')) return {};
  const std::string words = loss.detail.substr(begin + 2, loss.detail.size() - begin - 3);
  if (words.find_first_not_of("ines 0123456789,andltro") != std::string::npos) return {};
  return Concat(", l", words);
}

absl::Status CheckInput(std::span<const Recording> recordings, const GenerateOptions& options) {
  if (recordings.empty()) return absl::InvalidArgumentError("there is no recording to generate from");
  const Abi native = recordings.front().host.native_abi;
  for (const Recording& recording : recordings) {
    if (recording.host.native_abi != native) {
      return absl::InvalidArgumentError(Concat("the recordings are of different architectures (", AbiName(native),
                                               " and ", AbiName(recording.host.native_abi),
                                               "): make one profile for each"));
    }
    if (recording.complete() || options.allow_incomplete) continue;
    std::set<std::string> missing;
    for (const Loss& loss : recording.losses) {
      if (loss.missed_calls) missing.insert(Concat(loss.what, " (", loss.count, LinesOf(loss), ")"));
    }
    return WithHint(absl::DataLossError(Concat("the recording is incomplete: ", absl::StrJoin(missing, ", "),
                                               "; a profile made from it may lack calls that the program needs")),
                    "Record again, or accept it with --allow-incomplete.");
  }
  for (const BaselineCalls& baseline : options.baselines) {
    if (baseline.abi == native) continue;
    return absl::InvalidArgumentError(
        Concat("the baseline was measured on ", AbiName(baseline.abi), " and the recordings on ", AbiName(native)));
  }
  SYSCARVE_RETURN_IF_ERROR(CheckSyscallNames("--allow", options.allow));
  return CheckSyscallNames("--block", options.block);
}

// Whether a rule for `name` would do anything.
bool ExistsOn(const std::vector<Abi>& abis, std::string_view name) {
  return std::any_of(abis.begin(), abis.end(), [&](Abi abi) { return FindSyscall(abi, name).has_value(); });
}

Action DefaultAction(UnlistedMode mode) {
  switch (mode) {
    case UnlistedMode::kEnosys:
      return kEnosys;
    case UnlistedMode::kEperm:
      return kEperm;
    case UnlistedMode::kKill:
      return {ActionKind::kKillProcess, 0};
    case UnlistedMode::kLog:
      return {ActionKind::kLog, 0};
  }
  return kEnosys;
}

// The explicit answers to unlisted calls. A name is probed or not on all ABIs alike, because rules speak by name.
void AddUnlistedRule(UnlistedMode mode, const ErrnoPolicy& policy, const std::set<std::string>& allowed,
                     Profile& profile) {
  if (mode == UnlistedMode::kLog) return;
  std::set<std::string> newer_calls;
  std::set<std::string> probed;
  std::set<std::string> others;
  for (const Abi abi : profile.abis) {
    for (const SyscallEntry& entry : SyscallTable(abi)) {
      if (allowed.contains(entry.name) || IsExemptFromSeccomp({abi, entry.nr})) continue;
      const bool newer = HasSharedNumber({abi, entry.nr}, policy.newer_from);
      if (newer) newer_calls.insert(entry.name);
      (newer || policy.probed.contains(entry.name) ? probed : others).insert(entry.name);
    }
  }
  if (mode == UnlistedMode::kKill) {
    if (newer_calls.empty()) return;
    profile.rules.push_back({.names = {newer_calls.begin(), newer_calls.end()},
                             .action = profile.default_action,
                             .comment = "refused as all others are; named because runc answers ENOSYS beyond the "
                                        "largest number that a profile names"});
    return;
  }
  if (mode == UnlistedMode::kEnosys && !others.empty()) {
    profile.rules.push_back(
        {.names = {others.begin(), others.end()},
         .action = kEperm,
         .comment = "refused: old and known, so nothing falls back when they are said not to exist"});
  }
  // Also where that is the default: Docker 20.10 drops a default's errno, and the answer would be EPERM.
  if (!probed.empty()) {
    profile.rules.push_back({.names = {probed.begin(), probed.end()},
                             .action = kEnosys,
                             .comment = "refused as an older kernel would: a libc may try these and fall back"});
  }
}

// The profile that allows nothing.
Profile RefuseAll(const GenerateOptions& options, const ErrnoPolicy& policy, const std::vector<Abi>& abis) {
  Profile profile{.default_action = DefaultAction(options.unlisted), .abis = abis};
  AddUnlistedRule(options.unlisted, policy, {}, profile);
  return profile;
}

// The rules for calls that are allowed for some arguments only, names together that have the same.
void AddNarrowedRules(const std::vector<NarrowedCall>& narrowed, const std::map<std::string, std::string>& comments,
                      Profile& profile) {
  std::vector<std::pair<NarrowedCall, std::vector<std::string>>> grouped;
  for (const NarrowedCall& call : narrowed) {
    auto group = std::find_if(grouped.begin(), grouped.end(), [&](const auto& g) {
      return g.first.rules == call.rules && g.first.closure == call.closure;
    });
    if (group == grouped.end()) group = grouped.insert(group, {call, {}});
    group->second.push_back(call.name);
  }
  for (auto& [call, names] : grouped) {
    std::stable_partition(call.rules.begin(), call.rules.end(), [](const auto& rule) { return rule.action == kAllow; });
    for (const ArgumentRule& rule : call.rules) {
      std::string comment =
          rule.action == kAllow ? "allowed where the ceiling allows it" : "refused where the ceiling refuses it";
      if (!call.closure.empty()) comment = comments.at(call.closure);
      profile.rules.push_back(
          {.names = names, .action = rule.action, .conditions = rule.conditions, .comment = std::move(comment)});
    }
  }
}

// The rule that a call which only closure allows is counted for: the first that adds it whatever its arguments, else
// the first.
const std::string& ClosureRuleOf(const AllowedCall& call) {
  const auto whole =
      std::ranges::find_if(call.closure, [](const ClosureReason& reason) { return reason.conditions.empty(); });
  return (whole != call.closure.end() ? *whole : call.closure.front()).rule;
}

// The rules of a call that only closure allows and every reason narrows; none where some reason does not.
ArgumentRules ClosureConditions(const AllowedCall& call) {
  ArgumentRules rules;
  if (!call.only_by_closure()) return rules;
  for (const ClosureReason& reason : call.closure) {
    if (reason.conditions.empty()) return {};
    const ArgumentRule rule{reason.conditions, kAllow};
    if (std::ranges::find(rules, rule) == rules.end()) rules.push_back(rule);
  }
  return rules;
}

// Where both hold. nullopt where that would need two conditions on one argument, which container runtimes take for
// alternatives.
std::optional<ArgumentRules> Intersect(const ArgumentRules& left, const ArgumentRules& right) {
  ArgumentRules both;
  for (const ArgumentRule& one : left) {
    for (const ArgumentRule& other : right) {
      if (other.action != kAllow) continue;
      ArgumentRule rule = one;
      for (const ArgumentCondition& condition : other.conditions) {
        if (std::ranges::find(rule.conditions, condition) != rule.conditions.end()) continue;
        const auto same_argument = [&](const auto& already) { return already.index == condition.index; };
        if (std::ranges::any_of(rule.conditions, same_argument)) return std::nullopt;
        rule.conditions.push_back(condition);
      }
      if (std::ranges::find(both, rule) == both.end()) both.push_back(std::move(rule));
    }
  }
  return both;
}

// Gives the calls that closure adds for some arguments only their conditions, beside those of the ceiling.
void NarrowByClosure(std::map<std::string, AllowedCall>& calls, GeneratedProfile& result) {
  std::vector<std::string> left_out;
  for (auto& [name, call] : calls) {
    ArgumentRules rules = ClosureConditions(call);
    if (rules.empty()) continue;
    const auto by_ceiling = std::ranges::find(result.narrowed, name, &NarrowedCall::name);
    if (by_ceiling == result.narrowed.end()) {
      result.narrowed.push_back({name, std::move(rules), ClosureRuleOf(call)});
    } else if (std::optional<ArgumentRules> both = Intersect(rules, by_ceiling->rules); both.has_value()) {
      *by_ceiling = {name, *std::move(both), ClosureRuleOf(call)};
    } else {
      left_out.push_back(name);
    }
  }
  for (const std::string& name : left_out) {
    calls.erase(name);
    std::erase_if(result.narrowed, [&](const NarrowedCall& narrowed) { return narrowed.name == name; });
  }
  std::ranges::sort(result.narrowed, {}, &NarrowedCall::name);
}

// The baseline that the profile lists a call of the container runtime under.
const std::string& ListedBaseline(const AllowedCall& call, const std::vector<BaselineCalls>& baselines) {
  const auto by_incidence = std::ranges::find_if(baselines, [&](const BaselineCalls& calls) {
    return calls.incidental && std::ranges::find(calls.names, call.name) != calls.names.end();
  });
  return by_incidence != baselines.end() ? by_incidence->source : call.baseline;
}

// One rule per kind of reason; each name goes where its strongest reason is, and where that is incidental, to the rule
// that says so.
Profile MakeProfile(const std::vector<AllowedCall>& calls, const std::vector<NarrowedCall>& narrowed,
                    const std::vector<ClosureRule>& closure_rules, const GenerateOptions& options,
                    const ErrnoPolicy& policy, std::vector<Abi> abis) {
  std::set<std::string> conditional;
  for (const NarrowedCall& call : narrowed) conditional.insert(call.name);
  Profile profile;
  profile.default_action = DefaultAction(options.unlisted);
  profile.abis = std::move(abis);

  std::vector<std::string> seen;
  std::map<std::string, std::vector<std::string>> baseline;  // By source.
  std::vector<std::string> asked;
  std::map<std::string, std::vector<std::string>> closure;  // By rule id.
  std::set<std::string> allowed;
  for (const AllowedCall& call : calls) {
    allowed.insert(call.name);
    if (conditional.contains(call.name)) continue;
    if (!call.incidental.empty()) {
      closure[call.incidental].push_back(call.name);
    } else if (!call.sightings.empty()) {
      seen.push_back(call.name);
    } else if (!call.baseline.empty()) {
      baseline[ListedBaseline(call, options.baselines)].push_back(call.name);
    } else if (call.asked) {
      asked.push_back(call.name);
    } else {
      closure[ClosureRuleOf(call)].push_back(call.name);
    }
  }
  const auto add = [&](std::vector<std::string> names, std::string comment) {
    if (!names.empty()) {
      profile.rules.push_back({.names = std::move(names), .action = kAllow, .comment = std::move(comment)});
    }
  };
  add(std::move(seen), "seen");
  for (const BaselineCalls& calls_of_runtime : options.baselines) {
    add(std::exchange(baseline[calls_of_runtime.source], {}), Concat("baseline: ", calls_of_runtime.source));
  }
  add(std::move(asked), "asked for: --allow");
  std::map<std::string, std::string> comments;
  for (const ClosureRule& rule : closure_rules) {
    comments[rule.id] = Concat(rule.incidental ? "seen or closure " : "closure ", rule.id, ": ", rule.reason);
    if (const auto found = closure.find(rule.id); found != closure.end()) {
      add(std::move(found->second), comments[rule.id]);
    }
  }
  AddNarrowedRules(narrowed, comments, profile);
  AddUnlistedRule(options.unlisted, policy, allowed, profile);
  return profile;
}

// Takes out of `calls` what the ceiling cuts, and out of `abis` those that it does not serve.
absl::Status KeepUnderCeiling(const GenerateOptions& options, const ErrnoPolicy& policy, std::vector<Abi>& abis,
                              std::map<std::string, AllowedCall>& calls, GeneratedProfile& result) {
  std::set<std::string> names;
  for (const auto& [name, call] : calls) names.insert(name);
  SYSCARVE_ASSIGN_OR_RETURN(CeilingResult under,
                            ApplyCeiling(names, result.native_abi, RefuseAll(options, policy, abis), *options.ceiling));
  for (const auto& [name, answer] : under.cut) {
    AllowedCall call = std::move(calls.extract(name).mapped());
    call.name = name;
    result.cut.push_back({std::move(call), answer});
  }
  for (auto& [name, rules] : under.narrowed) result.narrowed.push_back({name, std::move(rules), ""});
  abis = std::move(under.abis);
  std::erase_if(calls, [&](const auto& call) { return !ExistsOn(abis, call.first); });
  result.warnings = std::move(under.warnings);
  if (options.unlisted == UnlistedMode::kLog) {
    result.warnings.push_back("--unlisted log lets all calls through, also those that the ceiling refuses");
  }
  return absl::OkStatus();
}

std::string Listed(const std::set<std::string>& names) {
  return absl::StrJoin(names, ", ");
}

}  // namespace

std::optional<ClosureMode> ClosureModeFromName(std::string_view name) {
  if (name == "none") return ClosureMode::kNone;
  if (name == "safe") return ClosureMode::kSafe;
  if (name == "portable") return ClosureMode::kPortable;
  return std::nullopt;
}

std::optional<UnlistedMode> UnlistedModeFromName(std::string_view name) {
  if (name == "enosys") return UnlistedMode::kEnosys;
  if (name == "eperm") return UnlistedMode::kEperm;
  if (name == "kill") return UnlistedMode::kKill;
  if (name == "log") return UnlistedMode::kLog;
  return std::nullopt;
}

uint64_t AllowedCall::count() const {
  return std::accumulate(sightings.begin(), sightings.end(), uint64_t{0},
                         [](uint64_t sum, const Sighting& sighting) { return sum + sighting.count; });
}

absl::StatusOr<GeneratedProfile> Generate(std::span<const Recording> recordings, const GenerateOptions& options) {
  SYSCARVE_RETURN_IF_ERROR(CheckInput(recordings, options));
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<ClosureRule>* const closure_rules, ShippedClosureRules());
  SYSCARVE_ASSIGN_OR_RETURN(const ErrnoPolicy* const errno_policy, ShippedErrnoPolicy());
  SYSCARVE_ASSIGN_OR_RETURN(const CapabilityData* const capability_data, ShippedCapabilityData());

  GeneratedProfile result;
  result.native_abi = recordings.front().host.native_abi;
  result.gaps = FindGaps(recordings);
  Evidence evidence = Gather(recordings);
  evidence.abis.insert(result.native_abi);
  result.seen_abis = evidence.abis;
  if (options.closure == ClosureMode::kPortable) {
    if (const std::optional<Abi> other = OtherArchitecture(result.native_abi)) evidence.abis.insert(*other);
  }
  std::vector<Abi> abis(evidence.abis.begin(), evidence.abis.end());
  const std::set<std::string> blocked(options.block.begin(), options.block.end());

  std::map<std::string, AllowedCall> calls;
  SeenCalls wanted;  // What closure starts from.
  std::map<Program, std::set<std::string>> by_program;
  std::set<std::string> blocked_though_seen;
  std::map<std::string, std::set<std::string>> widened;  // Names by what they were widened from and to.
  for (auto& [name, sightings] : evidence.calls) {
    if (blocked.contains(name)) {
      blocked_though_seen.insert(name);
      continue;
    }
    wanted.names.insert(name);
    std::set<Abi> seen_on;
    for (Sighting& sighting : sightings) {
      seen_on.insert(sighting.id.abi);
      for (const auto& [program, count] : sighting.programs) by_program[program].insert(name);
      calls[name].sightings.push_back(std::move(sighting));
    }
    for (const Abi abi : abis) {
      // Of the other architecture's, which were not seen, it is what portable means.
      if (seen_on.contains(abi) || !result.seen_abis.contains(abi) || !FindSyscall(abi, name).has_value()) continue;
      widened[Concat("seen on ", AbiName(*seen_on.begin()), " only and allowed on ", AbiName(abi), " too")].insert(
          name);
    }
  }
  std::set<std::string> blocked_of_runtime;
  for (const BaselineCalls& baseline : options.baselines) {
    result.baselines.push_back(baseline.source);
    for (const std::string& name : baseline.names) {
      if (blocked.contains(name)) {
        blocked_of_runtime.insert(name);
        continue;
      }
      wanted.names.insert(name);
      if (calls[name].baseline.empty()) calls[name].baseline = baseline.source;
    }
  }
  std::set<std::string> nowhere;
  for (const std::string& name : options.allow) {
    if (blocked.contains(name)) continue;
    if (ExistsOn(abis, name)) {
      calls[name].asked = true;
    } else {
      nowhere.insert(name);
    }
  }
  for (auto& [program, names] : by_program) wanted.programs.push_back(std::move(names));
  for (auto& [name, reasons] : Close(*closure_rules, options.closure, wanted)) {
    if (!blocked.contains(name) && ExistsOn(abis, name)) calls[name].closure = std::move(reasons);
  }
  for (auto& [name, rule] : IncidentalCalls(*closure_rules, options.closure, wanted)) {
    if (const auto found = calls.find(name); found != calls.end()) found->second.incidental = std::move(rule);
  }
  if (options.ceiling.has_value()) {
    SYSCARVE_RETURN_IF_ERROR(KeepUnderCeiling(options, *errno_policy, abis, calls, result));
  }
  NarrowByClosure(calls, result);
  std::set<std::string> allowed;
  for (auto& [name, call] : calls) {
    call.name = name;
    allowed.insert(name);
    if (call.only_by_closure()) result.closure[ClosureRuleOf(call)].push_back(name);
    result.calls.push_back(std::move(call));
  }

  for (auto& [name, refusals] : evidence.refused) {
    RefusedCall call = {
        .name = name, .refusals = {}, .probed_by = ProbedBy(*errno_policy, name), .allowed = allowed.contains(name)};
    for (auto& [key, sighting] : refusals) call.refusals.push_back({std::get<int>(key), std::move(sighting)});
    result.refused.push_back(std::move(call));
  }

  for (const Recording& recording : recordings) {
    if (recording.method.capabilities != "none") result.capabilities_recorded = true;
  }
  result.capabilities = JudgeCapabilities(*capability_data, evidence.capabilities, evidence.capabilities_in_failed);
  result.cap_add = NeededCapabilities(result.capabilities);

  result.profile = MakeProfile(result.calls, result.narrowed, *closure_rules, options, *errno_policy, abis);
  std::set<std::string> conditional;
  for (const NarrowedCall& call : result.narrowed) conditional.insert(call.name);
  std::vector<Abi> natives = {result.native_abi};
  if (const std::optional<Abi> other = OtherArchitecture(result.native_abi);
      other.has_value() && std::ranges::count(abis, *other) > 0) {
    natives.push_back(*other);
  }
  for (const Abi native : natives) {
    SYSCARVE_RETURN_IF_ERROR(VerifyProfile(result.profile, native, allowed, conditional));
    if (options.ceiling.has_value() && options.unlisted != UnlistedMode::kLog) {
      SYSCARVE_RETURN_IF_ERROR(VerifyUnderCeiling(result.profile, native, *options.ceiling));
    }
  }

  const auto warn = [&](std::string sentence) { result.warnings.push_back(std::move(sentence)); };
  if (std::any_of(recordings.begin(), recordings.end(),
                  [](const Recording& recording) { return !recording.complete(); })) {
    warn("a recording is incomplete: the profile may lack calls that the program needs");
  }
  if (evidence.calls.empty() && evidence.unnamed.empty()) warn("the recordings hold no calls at all");
  for (const auto& [id, count] : evidence.unnamed) {
    warn(Concat(
        "call ", DisplayName(id), " was seen ", count,
        " times, but neither libseccomp nor syscarve knows its name, and a profile speaks by name: it is not allowed"));
  }
  if (!blocked_though_seen.empty()) {
    warn(Concat("blocked although the program made them: ", Listed(blocked_though_seen)));
  }
  if (!blocked_of_runtime.empty()) {
    warn(Concat("blocked although the container runtime makes them, so a container may not start: ",
                Listed(blocked_of_runtime)));
  }
  std::set<std::string> contradicted;
  for (const std::string& name : options.allow) {
    if (blocked.contains(name)) contradicted.insert(name);
  }
  if (!contradicted.empty()) warn(Concat("both allowed and blocked, and so blocked: ", Listed(contradicted)));
  if (!nowhere.empty())
    warn(Concat("no ABI of this profile has such a call, so --allow does nothing: ", Listed(nowhere)));
  std::set<std::string> cut_from_runtime;
  for (const CutCall& call : result.cut) {
    if (!call.call.baseline.empty()) cut_from_runtime.insert(call.call.name);
  }
  if (!cut_from_runtime.empty()) {
    warn(Concat("the ceiling cuts calls that the container runtime itself makes, so the container may not start: ",
                Listed(cut_from_runtime)));
  }
  for (const auto& [how, names] : widened)
    warn(Concat("widened: ", how, ", because a profile speaks by name: ", Listed(names)));
  std::set<std::string> unknown_to_libseccomp;
  for (const std::string& name : allowed) {
    const bool known = std::all_of(abis.begin(), abis.end(), [&](Abi abi) {
      return !FindSyscall(abi, name).has_value() || LibseccompKnows(abi, name);
    });
    if (!known) unknown_to_libseccomp.insert(name);
  }
  if (!unknown_to_libseccomp.empty()) {
    warn(
        Concat("this host's libseccomp does not know these names, and container runtimes silently ignore names that "
               "theirs does "
               "not know: ",
               Listed(unknown_to_libseccomp)));
  }
  return result;
}

}  // namespace syscarve
