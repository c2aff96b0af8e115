// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/harden/planner.h"
#include "userspace/harden/written_paths.h"
#include "userspace/model/capability.h"

namespace syscarve {
namespace {

bool Shares(const Container& container, std::string_view what) {
  return container.shares.has_value() && container.shares->contains(std::string(what));
}

// The programs that connected to a socket of an engine.
std::set<std::string> EngineClients(const Planner& planner) {
  std::set<std::string> clients;
  if (!planner.facts.evidence.has_value()) return clients;
  for (const auto& [used, file] : planner.facts.evidence->files) {
    const std::string& path = used.path;
    const bool is_engine = std::ranges::any_of(planner.paths.engine_sockets, [&path](const std::string& socket) {
      return path == socket || path == Concat("/var", socket);
    });
    if (!is_engine) continue;
    for (const auto& [program, uses] : file.uses) {
      if (uses.has(FileUse::kConnected)) clients.insert(planner.facts.ProgramWords(program));
    }
  }
  return clients;
}

}  // namespace

void PlanPrivileged(const Planner& planner) {
  if (!planner.AnyContainer([](const Container& container) { return container.privileged.value_or(false); })) return;
  planner.Add(
      {.kind = SettingKind::kPrivileged,
       .verdict = SettingVerdict::kUnknown,
       .severity = Severity::kCritical,
       .reasons =
           {"A recorded container was privileged: it has all capabilities and all devices, and neither seccomp nor "
            "masked paths hold it."},
       .how = "Start it without --privileged and with the capabilities and devices below, record that, and verify it: "
              "what a privileged container does is not all of what it needs."});
}

void PlanEngineSocket(const Planner& planner) {
  const std::set<std::string> clients = EngineClients(planner);
  const bool mounted =
      planner.AnyContainer([](const Container& container) { return Shares(container, "engine-socket"); });
  if (!mounted && clients.empty()) return;
  Setting setting = {
      .kind = SettingKind::kEngineSocket,
      .verdict = SettingVerdict::kRefused,
      .severity = Severity::kCritical,
      .reasons = {"A container engine's socket is in the container: with it a program can start a privileged container "
                  "and is root on the host."}};
  const EvidenceGap missing =
      planner.facts.Missing({kMissingFiles, kMissingSomeFiles, kMissingIoUring, kMissingEarlier});
  if (!clients.empty()) {
    setting.reasons.push_back(Concat("It was connected to by ", SomeOf(clients), "."));
    setting.how = "Give it a proxy that lets the few requests through that it makes, or another way to do its work.";
  } else if (missing.empty()) {
    setting.verdict = SettingVerdict::kObserved;
    setting.reasons.emplace_back("Nothing connected to it while recording.");
    setting.how = "Do not mount it.";
  } else {
    setting.verdict = SettingVerdict::kUnknown;
    setting.reasons.push_back(Concat("Whether anything connects to it is not known: ", missing.sentence));
    setting.how = kRecordHow;
  }
  planner.Add(std::move(setting));
}

void PlanHostNamespaces(const Planner& planner) {
  std::set<std::string> shared;
  for (const Container& container : planner.facts.containers) {
    for (const std::string& what : container.shares.value_or(std::set<std::string>())) {
      if (what != "engine-socket") shared.insert(what);
    }
  }
  // Containers have the host's user namespace unless the engine remaps it, and private cgroups are new.
  const bool grave = std::ranges::any_of(
      shared, [](const std::string& what) { return what != "user" && what != "cgroup" && what != "uts"; });
  if (shared.empty()) return;
  // Docker's default on a host with cgroup v1.
  const bool only_the_default = shared == std::set<std::string>{"cgroup"};
  planner.Add(
      {.kind = SettingKind::kHostNamespaces,
       .verdict = SettingVerdict::kUnknown,
       .severity = grave              ? Severity::kCritical
                   : only_the_default ? Severity::kLow
                                      : Severity::kMedium,
       .reasons = {Concat("A recorded container shares namespaces with the host: ", absl::StrJoin(shared, ", "), ".")},
       .how = only_the_default
                  ? "Start it with --cgroupns private, which is the default where the host has cgroup v2."
                  : "Start it with namespaces of its own, and verify that: what it reaches through the host's is not "
                    "recorded."});
}

void PlanSeccomp(const Planner& planner) {
  Setting setting = {.kind = SettingKind::kSeccomp, .verdict = SettingVerdict::kObserved};
  const GeneratedProfile& made = *planner.request.made;
  setting.value = planner.request.profile.empty() ? "the generated profile" : planner.request.profile;
  setting.in_force = planner.AllContainers([](const Container& container) { return container.seccomp == "custom"; });
  setting.severity = planner.facts.unfiltered > 0 ? Severity::kHigh : Severity::kLow;
  setting.reasons.push_back(
      Concat("The profile allows ", made.calls.size(), " calls, for which it has reasons (`syscarve explain`)."));
  if (planner.facts.unfiltered > 0) setting.reasons.emplace_back("A recorded container ran without a filter.");
  setting.refuses.emplace_back("Every other call.");
  if (planner.request.profile.empty()) setting.how = "Name a folder with -o: the profile is written there.";
  planner.Add(std::move(setting));
}

void PlanNoNewPrivileges(const Planner& planner) {
  const HardeningFacts& facts = planner.facts;
  Setting setting = {.kind = SettingKind::kNoNewPrivileges,
                     .verdict = SettingVerdict::kObserved,
                     .severity = Severity::kMedium,
                     .value = "true"};
  setting.in_force = facts.containers_in_all > 0 && facts.with_no_new_privs == facts.containers_in_all;
  setting.refuses.emplace_back(
      "Programs gain nothing by set-user-ID and set-group-ID bits and file capabilities: su, sudo, ping.");
  const EvidenceGap missing = facts.Missing({kMissingEarlier});
  std::set<std::string> gained;
  std::set<std::string> idle;
  if (facts.evidence.has_value()) {
    for (const auto& [program, privileges] : facts.evidence->privileges) {
      (privileges.gained ? gained : idle).insert(facts.ProgramWords(program));
    }
  }
  if (setting.in_force) {
    setting.reasons.emplace_back("All recorded containers were started with it.");
  } else if (!gained.empty()) {
    setting.verdict = SettingVerdict::kRefused;
    setting.severity = Severity::kNote;
    setting.reasons.push_back(
        Concat("Programs were executed that gained privileges by their files: ", SomeOf(gained), "."));
    setting.how = "Let the service do without them, and record again.";
  } else if (!missing.empty()) {
    setting.verdict = SettingVerdict::kUnknown;
    setting.reasons.push_back(
        Concat("Whether a program gains privileges when it is executed is not known: ", missing.sentence));
    setting.how = kRecordHow;
  } else if (!idle.empty()) {
    setting.reasons.push_back(
        Concat("Programs with set-id bits were executed, and gained nothing: ", SomeOf(idle), "."));
  } else {
    setting.reasons.emplace_back("No program with set-id bits or file capabilities that give anything was executed.");
  }
  if (planner.Add(std::move(setting))) planner.plan.line.no_new_privileges = true;
}

void PlanCapabilities(const Planner& planner) {
  const GeneratedProfile& made = *planner.request.made;
  Setting setting = {
      .kind = SettingKind::kCapabilities, .verdict = SettingVerdict::kObserved, .severity = Severity::kMedium};
  setting.value = made.cap_add.empty() ? "drop all" : Concat("drop all but ", absl::StrJoin(made.cap_add, ", "));
  setting.in_force = planner.AllContainers([&](const Container& container) {
    const bool drops = std::ranges::any_of(container.cap_drop,
                                           [](const std::string& name) { return name == "ALL" || name == "CAP_ALL"; });
    return drops && !container.privileged.value_or(false) &&
           std::ranges::all_of(container.cap_add, [&](const std::string& name) {
             return std::ranges::find(made.cap_add, name) != made.cap_add.end();
           });
  });
  setting.refuses.emplace_back("What takes a capability that is not in the list.");
  if (!made.capabilities_recorded) {
    setting.verdict = SettingVerdict::kUnknown;
    setting.value.clear();
    setting.reasons.emplace_back("No recording has capability checks.");
    setting.how = "Record with `syscarve record`, as root.";
  }
  bool undecided = false;
  for (const CapabilityVerdict& verdict : made.capabilities) {
    const std::string name = CapabilityName(verdict.capability);
    if (std::ranges::find(made.cap_add, name) == made.cap_add.end()) continue;
    undecided = undecided || verdict.verdict == Verdict::kUndecided;
    setting.reasons.push_back(Concat(name, " is ", VerdictName(verdict.verdict), ": ", verdict.why));
  }
  if (made.capabilities_recorded && made.cap_add.empty()) setting.reasons.emplace_back("None was needed.");
  if (undecided) setting.how = "`syscarve prove --docker` tries whether those that are undecided are needed.";
  if (planner.Add(std::move(setting))) planner.plan.line.cap_add = made.cap_add;
}

}  // namespace syscarve
