// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/harden/planner.h"
#include "userspace/harden/written_paths.h"

namespace syscarve {
namespace {

// The id of "nonroot" in images made for it; not used by any other user.
constexpr std::string_view kNobodysId = "65532:65532";
constexpr std::string_view kPortSysctl = "net.ipv4.ip_unprivileged_port_start";

// How a service can do without a capability that it needs only because it starts as root; "" if it cannot.
std::string_view HowWithout(std::string_view capability) {
  constexpr std::pair<std::string_view, std::string_view> kWays[] = {
      {"CAP_CHOWN", "files need no other owner where volumes, and what the image has, belong to that user"},
      {"CAP_FOWNER", "files that are that user's own can be changed without it"},
      {"CAP_FSETID", "files that are that user's own can be changed without it"},
      {"CAP_DAC_OVERRIDE", "files have to be readable and writable for that user"},
      {"CAP_DAC_READ_SEARCH", "files have to be readable for that user"},
      {"CAP_SETUID", "who is started as that user need not change to it"},
      {"CAP_SETGID", "who is started as that user need not change to it"},
      {"CAP_SETPCAP", "who has no capabilities need not give them up"},
      {"CAP_KILL", "processes of one user may signal each other"},
      {"CAP_NET_BIND_SERVICE",
       "with the sysctl net.ipv4.ip_unprivileged_port_start=0, which Docker sets by itself, any "
       "user may bind low ports"},
  };
  const auto* const found = std::ranges::find(kWays, capability, [](const auto& way) { return way.first; });
  return found == std::end(kWays) ? std::string_view() : found->second;
}

struct Ids {
  std::set<std::string> as_root;                        // Programs.
  std::map<std::string, std::set<std::string>> others;  // "101:101", and the programs that had it.
};

Ids IdsOf(const HardeningFacts& facts) {
  Ids ids;
  for (const auto& [program, all] : facts.evidence->identities) {
    for (const ProcessIds& one : all) {
      if (one.user == 0 || one.effective_user == 0) {
        ids.as_root.insert(facts.ProgramWords(program));
      } else {
        ids.others[Concat(one.effective_user, ":", one.effective_group)].insert(facts.ProgramWords(program));
      }
    }
  }
  return ids;
}

// The id that most programs had.
std::string MostUsed(const Ids& ids) {
  const auto best = std::ranges::max_element(ids.others, {}, [](const auto& entry) { return entry.second.size(); });
  return best == ids.others.end() ? std::string(kNobodysId) : best->first;
}

bool IsRootsName(const std::string& user) {
  const std::string name = user.substr(0, user.find(':'));
  return name.empty() || name == "0" || name == "root";
}

// A user other than root has no capabilities: engines give it none, and with no_new_privs it gains none. Operations for
// which root needed them either work without or fail.
void WithoutCapabilities(const Planner& planner, const std::string& user) {
  ContainerLine& line = planner.plan.line;
  if (!line.no_new_privileges || !line.cap_add.has_value() || line.cap_add->empty()) return;
  line.cap_add->clear();
  const auto capabilities = std::ranges::find(planner.plan.settings, SettingKind::kCapabilities, &Setting::kind);
  capabilities->value = "drop all";
  capabilities->reasons.insert(capabilities->reasons.begin(),
                               Concat("Started as ", user, " it has none; what root needed them for:"));
}

void JudgeRoot(const Planner& planner, const Ids& ids, Setting& setting) {
  const GeneratedProfile& made = *planner.request.made;
  setting.severity = Severity::kMedium;
  setting.value = MostUsed(ids);
  setting.reasons.push_back(Concat("These ran as root: ", SomeOf(ids.as_root), "."));
  for (const auto& [user, programs] : ids.others) {
    setting.reasons.push_back(Concat("As ", user, ": ", SomeOf(programs), "."));
  }
  std::vector<std::string> hard;
  for (const std::string& capability : made.cap_add) {
    const std::string_view way = HowWithout(capability);
    if (way.empty()) {
      hard.push_back(capability);
    } else {
      setting.reasons.push_back(Concat("For ", capability, " root is not needed: ", way, "."));
    }
  }
  if (!made.capabilities_recorded) {
    setting.reasons.emplace_back("What it needs root for is not known: no recording has capability checks.");
  } else if (!hard.empty()) {
    setting.verdict = SettingVerdict::kRefused;
    setting.severity = Severity::kLow;
    setting.reasons.push_back(Concat("It needs ", absl::StrJoin(hard, ", "), ", which an engine gives to root alone."));
    return;
  }
  setting.how = Concat("Nothing recorded shows that it works as ", setting.value, " from the start. ", kVerifyHow);
}

}  // namespace

void PlanUser(const Planner& planner) {
  const HardeningFacts& facts = planner.facts;
  Setting setting = {.kind = SettingKind::kUser, .verdict = SettingVerdict::kUnknown, .severity = Severity::kMedium};
  setting.refuses.emplace_back("Files of other users, and what takes capabilities: a user that is not root has none.");
  const EvidenceGap missing = facts.Missing({kMissingIds, kMissingEarlier});
  const Ids ids = facts.evidence.has_value() ? IdsOf(facts) : Ids();
  if (planner.AllContainers([](const Container& container) { return !IsRootsName(container.user); })) {
    setting.verdict = SettingVerdict::kObserved;
    setting.value = facts.containers.back().user;
    setting.in_force = true;
    setting.reasons.push_back(Concat("The recorded containers were started as ", setting.value, "."));
    if (!ids.as_root.empty()) {
      setting.reasons.push_back(Concat(
          "These ran as root all the same, by set-id files or in sessions of the engine: ", SomeOf(ids.as_root), "."));
    }
  } else if (ids.as_root.empty() && ids.others.empty()) {
    setting.reasons.push_back(Concat("The user that it runs as is not known: ",
                                     missing.empty() ? "no user ids were recorded." : missing.sentence));
    setting.how = kRecordHow;
  } else {
    if (!ids.as_root.empty()) {
      JudgeRoot(planner, ids, setting);
    } else {
      setting.value = MostUsed(ids);
      // A program that changed to it from root had to be root: the evidence contains root's ids unless it began later.
      setting.verdict = missing.empty() ? SettingVerdict::kObserved : SettingVerdict::kUnknown;
      setting.in_force = setting.verdict == SettingVerdict::kObserved;
      if (!setting.in_force) setting.how = kRecordHow;
      std::set<std::string> users;
      for (const auto& [user, programs] : ids.others) users.insert(user);
      setting.reasons.push_back(Concat("No program ran as root; the ids were ", SomeOf(users), "."));
      if (!setting.in_force) setting.reasons.push_back(missing.sentence);
    }
  }
  const std::string user = setting.value;
  const bool tried = setting.verdict != SettingVerdict::kObserved;
  if (!planner.Add(std::move(setting))) return;
  planner.plan.line.user = user;
  if (tried && !IsRootsName(user)) WithoutCapabilities(planner, user);
  if (BindsLowPort(facts)) planner.plan.line.sysctls[std::string(kPortSysctl)] = "0";
}

}  // namespace syscarve
