// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/baseline_choice.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

// The leading numbers of a version: {1, 1, 5} for "1.1.5+ds1". Missing numbers are 0.
using VersionNumbers = std::array<uint64_t, 4>;

VersionNumbers NumbersOf(std::string_view version) {
  VersionNumbers numbers = {};
  size_t next = 0;
  while (next < numbers.size()) {
    const size_t digits = std::min(version.find_first_not_of("0123456789"), version.size());
    const std::optional<uint64_t> number = ParseNumber<uint64_t>(version.substr(0, digits));
    if (!number.has_value()) break;
    numbers[next++] = *number;
    if (digits == version.size() || version[digits] != '.') break;
    version.remove_prefix(digits + 1);
  }
  return numbers;
}

// Distributions append their packaging after a "+" ("1.1.5+ds1"): the runtime is the same.
bool SameVersion(std::string_view a, std::string_view b) {
  return a.substr(0, a.find('+')) == b.substr(0, b.find('+'));
}

VersionNumbers Distance(const VersionNumbers& a, const VersionNumbers& b) {
  VersionNumbers distance = {};
  for (size_t i = 0; i < distance.size(); ++i) distance[i] = std::max(a[i], b[i]) - std::min(a[i], b[i]);
  return distance;
}

// For a warning; untrusted.
std::string RuntimeWords(const ContainerRuntime& runtime) {
  return Concat(runtime.name.empty() ? std::string("an unknown runtime") : runtime.name,
                runtime.version.empty() ? "" : " ", runtime.version);
}

std::string_view WithOrWithout(bool no_new_privs) {
  return no_new_privs ? " with no_new_privs" : " without no_new_privs";
}

std::string_view OriginWords(BaselineOrigin origin) {
  return origin == BaselineOrigin::kHost ? "measured on this host" : "shipped";
}

struct RuntimeSetting {
  std::string name;
  std::string version;
  bool no_new_privs = false;
  auto operator<=>(const RuntimeSetting&) const = default;
  ContainerRuntime runtime() const { return {.name = name, .version = version}; }
};

// The settings with which the recorded containers were started.
struct Settings {
  std::set<RuntimeSetting> observed;
  std::set<RuntimeSetting> unseen;  // Started without a filter, or before the recorder.
  std::set<std::string> observed_names;
};

void AddSubject(const Recording& recording, SubjectId id, Settings& settings) {
  const Subject& subject = recording.subjects[id];
  if (subject.kind != SubjectKind::kContainer) return;
  const Container container = subject.container.value_or(Container());
  const auto setting = [&](bool no_new_privs) {
    return RuntimeSetting{container.runtime.name, container.runtime.version, no_new_privs};
  };
  if (subject.start.has_value() && subject.start->filtered) {
    std::set<std::string> names;
    for (const Run& run : recording.runs) {
      const auto trace = run.subjects.find(id);
      if (trace == run.subjects.end()) continue;
      for (const auto& [call, observation] : trace->second.baseline_calls) {
        // A number without a name cannot be written in a profile, and a runtime makes no calls of another ABI.
        const std::optional<std::string> name = SyscallName(call);
        if (name.has_value() && call.abi == recording.host.native_abi && !IsExemptFromSeccomp(call))
          names.insert(*name);
      }
    }
    if (!names.empty()) {
      settings.observed.insert(setting(subject.start->no_new_privs));
      settings.observed_names.merge(names);
      return;
    }
  }
  const std::optional<bool> told =
      subject.start.has_value() ? std::optional(subject.start->no_new_privs) : container.no_new_privs;
  if (told.has_value()) {
    settings.unseen.insert(setting(*told));
  } else {
    settings.unseen.insert({setting(false), setting(true)});
  }
}

bool NamesRuntime(const OccasionalCalls& occasional, const std::string& runtime) {
  // An unknown runtime may be one of them.
  return runtime.empty() || occasional.runtimes.contains(runtime);
}

void AddOccasional(std::span<const OccasionalCalls> occasional, const std::set<std::string>& runtimes, Abi abi,
                   std::vector<BaselineCalls>& baselines) {
  for (const OccasionalCalls& rule : occasional) {
    const bool applies =
        std::ranges::any_of(runtimes, [&rule](const std::string& runtime) { return NamesRuntime(rule, runtime); });
    if (!applies) continue;
    BaselineCalls calls = {.source = Concat(rule.id, ": ", rule.reason), .abi = abi, .names = {}, .incidental = true};
    std::ranges::copy_if(rule.names, std::back_inserter(calls.names),
                         [abi](const std::string& name) { return FindSyscall(abi, name).has_value(); });
    baselines.push_back(std::move(calls));
  }
}

}  // namespace

std::optional<NoNewPrivsMode> NoNewPrivsModeFromName(std::string_view name) {
  if (name == "any") return NoNewPrivsMode::kAny;
  if (name == "recorded") return NoNewPrivsMode::kRecorded;
  return std::nullopt;
}

const KnownBaseline* FindBaseline(std::span<const KnownBaseline> known, const ContainerRuntime& runtime, Abi abi,
                                  bool no_new_privs) {
  const VersionNumbers wanted = NumbersOf(runtime.version);
  // The smallest rank wins; baselines of one rank are equivalent, and the first is taken.
  const auto rank = [&](const KnownBaseline& candidate) {
    const VersionNumbers numbers = NumbersOf(candidate.baseline.version);
    VersionNumbers older = {};
    for (size_t i = 0; i < older.size(); ++i) older[i] = UINT64_MAX - numbers[i];
    const VersionNumbers distance =
        std::ranges::count(wanted, 0) == std::ssize(wanted) ? VersionNumbers() : Distance(numbers, wanted);
    return std::tuple(!SameVersion(candidate.baseline.version, runtime.version), distance,
                      candidate.baseline.no_new_privs != no_new_privs, older,
                      candidate.origin == BaselineOrigin::kShipped);
  };
  const KnownBaseline* best = nullptr;
  for (const KnownBaseline& candidate : known) {
    const Baseline& baseline = candidate.baseline;
    if (runtime.name.empty() || baseline.runtime != runtime.name || baseline.abi != abi) continue;
    if (baseline.no_new_privs && !no_new_privs) continue;
    if (best == nullptr || rank(candidate) < rank(*best)) best = &candidate;
  }
  return best;
}

BaselineChoice ChooseBaselines(std::span<const Recording> recordings, std::span<const KnownBaseline> known,
                               std::span<const OccasionalCalls> occasional, NoNewPrivsMode mode) {
  Settings settings;
  for (const Recording& recording : recordings) {
    for (SubjectId id = 0; id < recording.subjects.size(); ++id) AddSubject(recording, id, settings);
  }
  BaselineChoice choice;
  if (settings.observed.empty() && settings.unseen.empty()) return choice;
  const Abi abi = recordings.front().host.native_abi;

  std::set<std::string> runtimes;
  if (!settings.observed.empty()) {
    choice.baselines.push_back(
        {.source = "observed", .abi = abi, .names = {settings.observed_names.begin(), settings.observed_names.end()}});
    for (const RuntimeSetting& setting : settings.observed) runtimes.insert(setting.name);
  }

  // Without no_new_privs first: a baseline for that also covers containers with it.
  std::set<RuntimeSetting> wanted = settings.unseen;
  if (mode == NoNewPrivsMode::kAny) {
    for (const auto* const started : {&settings.observed, &settings.unseen}) {
      for (const RuntimeSetting& setting : *started) wanted.insert({setting.name, setting.version, false});
    }
  }
  // Runtimes and versions with a baseline that covers both settings.
  std::set<std::pair<std::string, std::string>> covered;
  std::map<std::pair<std::string, std::string>, std::vector<bool>> missing;  // Settings without a baseline.
  std::map<std::string, std::set<std::string>> from_files;                   // By source.
  std::vector<std::string> sources;
  for (const RuntimeSetting& setting : wanted) {
    const auto is_observed = [&](bool no_new_privs) {
      return settings.observed.contains({setting.name, setting.version, no_new_privs});
    };
    if (is_observed(setting.no_new_privs) || is_observed(false)) continue;
    if (covered.contains({setting.name, setting.version})) continue;
    const KnownBaseline* const found = FindBaseline(known, setting.runtime(), abi, setting.no_new_privs);
    if (found == nullptr) {
      missing[{setting.name, setting.version}].push_back(setting.no_new_privs);
      continue;
    }
    if (!found->baseline.no_new_privs) covered.insert({setting.name, setting.version});
    const std::string title = Concat(BaselineTitle(found->baseline), ", ", OriginWords(found->origin));
    std::string source = title;
    if (!SameVersion(found->baseline.version, setting.version)) {
      const std::string version = setting.version.empty() ? "an unknown version" : EscapeForTerminal(setting.version);
      source += Concat(", in place of ", version);
      choice.warnings.push_back(Concat("no baseline of ", RuntimeWords(setting.runtime()),
                                       WithOrWithout(setting.no_new_privs),
                                       " is known, and the nearest one stands in for it: ", title));
    }
    if (!from_files.contains(source)) sources.push_back(source);
    from_files[source].insert(found->baseline.names.begin(), found->baseline.names.end());
    runtimes.insert(setting.name);
  }
  for (const auto& [runtime, of_settings] : missing) {
    const bool recorded_so = std::ranges::any_of(of_settings, [&, &of = runtime](bool no_new_privs) {
      return settings.unseen.contains({of.first, of.second, no_new_privs});
    });
    choice.warnings.push_back(Concat("containers of ", RuntimeWords({.name = runtime.first, .version = runtime.second}),
                                     of_settings.size() == 1 ? WithOrWithout(of_settings.front()) : "",
                                     " may not start under this profile: ",
                                     recorded_so ? "what the runtime does under a filter was not observed"
                                                 : "they were recorded with no_new_privs only",
                                     ", and no baseline that was measured on this host or is shipped fits"));
  }
  for (const std::string& source : sources) {
    const std::set<std::string>& names = from_files[source];
    choice.baselines.push_back({.source = source, .abi = abi, .names = {names.begin(), names.end()}});
  }
  AddOccasional(occasional, runtimes, abi, choice.baselines);
  return choice;
}

std::vector<BaselineCalls> GivenBaseline(const Baseline& baseline, std::span<const OccasionalCalls> occasional) {
  std::vector<BaselineCalls> baselines = {
      {.source = BaselineTitle(baseline), .abi = baseline.abi, .names = baseline.names}};
  AddOccasional(occasional, {baseline.runtime}, baseline.abi, baselines);
  return baselines;
}

}  // namespace syscarve
