// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/paths.h"
#include "userspace/harden/planner.h"
#include "userspace/harden/written_paths.h"

namespace syscarve {
namespace {

bool IsWithinOne(const std::string& path, const std::set<std::string>& directories) {
  return std::ranges::any_of(directories, [&](const std::string& one) { return IsWithin(path, one); });
}

constexpr std::initializer_list<std::string_view> kWhatFilesMiss = {kMissingFiles, kMissingSomeFiles, kMissingIoUring,
                                                                    kMissingEarlier};

// The user to run as, if it consists of ids: names are the image's.
std::optional<std::string> IdsOfUser(const std::optional<std::string>& user) {
  return user.has_value() && ParseNumericUser(*user).has_value() ? user : std::nullopt;
}

std::string WritableWords(const WrittenPaths& written) {
  std::string text = "true";
  for (const auto& [path, one] : written.writable) {
    text += Concat(text == "true" ? "; writable: " : ", ", path, one.directory.volume ? " (volume)" : " (tmpfs)");
  }
  return text;
}

std::string MadeBelowWords(const WrittenPath& written) {
  if (written.made_below.empty()) return "";
  return Concat(
      " The service makes ", SomeOf(written.made_below, 3),
      " there itself, with an owner or a mode that a mount would not have: made when the image is built, that "
      "alone would be mounted.");
}

}  // namespace

void PlanReadOnlyRoot(const Planner& planner) {
  const HardeningFacts& facts = planner.facts;
  Setting setting = {.kind = SettingKind::kReadOnlyRoot,
                     .verdict = SettingVerdict::kObserved,
                     .severity = Severity::kMedium,
                     .value = "true"};
  setting.in_force =
      planner.AllContainers([](const Container& container) { return container.read_only_root.value_or(false); });
  setting.refuses.emplace_back("Writing, creating and removing files elsewhere: EROFS.");
  WrittenPaths written;
  if (facts.evidence.has_value())
    written = FindWrittenPaths(*facts.evidence, planner.paths, IdsOfUser(planner.plan.line.user),
                               facts.containers_in_all == 0);
  setting.value = WritableWords(written);
  for (const auto& [path, one] : written.writable) {
    setting.reasons.push_back(
        Concat(path, " is written to (", SomeOf(one.examples, 3), "). ", planner.paths.classes.at(one.of_class).why,
               one.directory.executable ? " Programs are executed from there." : "", MadeBelowWords(one)));
  }
  const EvidenceGap missing = facts.Missing(kWhatFilesMiss);
  if (!written.refused.empty()) {
    setting.verdict = SettingVerdict::kRefused;
    size_t shown = 0;
    for (const auto& [path, why] : written.refused) {
      if (++shown <= 8) setting.reasons.push_back(Concat(path, " is changed. ", why));
    }
    if (shown > 8) setting.reasons.push_back(Concat("So are ", shown - 8, " more."));
    setting.how =
        Concat("Change these files when the image is built. If the service does without changing them, ", "use --try.");
  } else if (written.writable.size() > kMostWritable) {
    setting.verdict = SettingVerdict::kUnknown;
    setting.how =
        "It writes to more directories than anybody would mount: a volume over what they have in common is for you to choose.";
    setting.value.clear();
  } else if (!missing.empty()) {
    setting.verdict = setting.in_force ? SettingVerdict::kObserved : SettingVerdict::kUnknown;
    setting.reasons.push_back(Concat("What else is written is not known: ", missing.sentence));
    if (!setting.in_force) setting.how = HowToClose(missing);
  } else if (written.writable.empty()) {
    setting.reasons.emplace_back("Nothing was written on the root's file system.");
  }
  if (!planner.Add(std::move(setting))) return;
  planner.plan.line.read_only_root = true;
  for (const auto& [path, one] : written.writable) planner.plan.line.writable[path] = one.directory;
}

void PlanIpc(const Planner& planner) {
  Setting setting = {.kind = SettingKind::kIpc, .verdict = SettingVerdict::kObserved, .value = "private"};
  setting.refuses.emplace_back(
      "Other containers that join its IPC namespace (--ipc container:NAME), for which it has to be shareable.");
  const bool told = planner.AllContainers([](const Container& container) { return container.shares.has_value(); });
  const bool shared = planner.AnyContainer(
      [](const Container& container) { return container.shares.has_value() && container.shares->contains("ipc"); });
  if (!told || shared) return;  // Sharing with the host is the subject of another setting.
  setting.in_force = true;
  setting.reasons.emplace_back("The recorded containers do not share the host's.");
  if (planner.Add(std::move(setting))) planner.plan.line.private_ipc = true;
}

void PlanDevices(const Planner& planner) {
  const HardeningFacts& facts = planner.facts;
  if (!facts.evidence.has_value()) return;
  std::set<std::string> devices;
  Setting setting = {.kind = SettingKind::kDevices, .verdict = SettingVerdict::kObserved, .in_force = true};
  for (const auto& [used, file] : facts.evidence->files) {
    const bool is_device = file.kind == FileKind::kCharacterDevice || file.kind == FileKind::kBlockDevice;
    if (!is_device || !IsWithin(used.path, "/dev") || IsWithinOne(used.path, planner.paths.devices)) continue;
    std::set<ProgramId> programs;
    for (const auto& [program, uses] : file.uses) {
      if (uses.has(FileUse::kRead) || uses.has(FileUse::kWritten)) programs.insert(program);
    }
    if (programs.empty()) continue;
    devices.insert(used.path);
    setting.reasons.push_back(Concat(used.path, " was opened by ", facts.ProgramWords(programs), "."));
  }
  if (devices.empty()) return;
  setting.value = absl::StrJoin(devices, ", ");
  setting.refuses.emplace_back("Every other device that containers do not have anyway.");
  if (planner.Add(std::move(setting))) planner.plan.line.devices = devices;
}

void PlanMaskedPaths(const Planner& planner) {
  const HardeningFacts& facts = planner.facts;
  if (!facts.evidence.has_value()) return;
  Setting setting = {.kind = SettingKind::kMaskedPaths,
                     .verdict = SettingVerdict::kRefused,
                     .severity = Severity::kMedium,
                     .how = "Engines hide these by default (not with privileged or systempaths=unconfined)."};
  for (const auto& [used, file] : facts.evidence->files) {
    // A hidden path has something else mounted over it.
    const bool open = file.filesystem == "proc" || file.filesystem == "sysfs";
    if (!open || !IsWithinOne(used.path, planner.paths.masked)) continue;
    std::set<ProgramId> programs;
    for (const auto& [program, uses] : file.uses) programs.insert(program);
    setting.reasons.push_back(Concat(used.path, " was opened by ", facts.ProgramWords(programs), "."));
  }
  if (!setting.reasons.empty()) planner.Add(std::move(setting));
}

void PlanHealthCheck(const Planner& planner) {
  if (!planner.AnyContainer([](const Container& container) { return container.health_check == false; })) return;
  planner.Add(
      {.kind = SettingKind::kHealthCheck,
       .verdict = SettingVerdict::kUnknown,
       .severity = Severity::kLow,
       .reasons = {"A recorded container has none: an engine does not see when the service hangs."},
       .how =
           "Write one (HEALTHCHECK, healthcheck:, livenessProbe), and record it: `generate --with health` allows what "
           "the usual ones do."});
}

void PlanUserNamespace(const Planner& planner) {
  const HardeningFacts& facts = planner.facts;
  if (facts.containers.empty()) return;
  Setting setting = {.kind = SettingKind::kUserNamespace, .verdict = SettingVerdict::kUnknown};
  setting.refuses.emplace_back(
      "Host namespaces and privileged containers; bind mounts belong to the ids that containers are given.");
  const std::optional<EngineSettings>& engine = planner.request.engine;
  if (!engine.has_value()) {
    setting.reasons.emplace_back("Whether the engine gives containers user ids of their own was not looked at.");
    setting.how = "Give --daemon-json /etc/docker/daemon.json. Podman: run it as a user, or with --userns=auto.";
  } else if (!engine->user_namespace.empty()) {
    setting.verdict = SettingVerdict::kObserved;
    setting.in_force = true;
    setting.reasons.push_back(Concat(engine->source, " sets userns-remap: ", engine->user_namespace, "."));
  } else {
    setting.severity = Severity::kLow;
    setting.reasons.push_back(
        Concat(engine->source, " does not set userns-remap: root in a container is the host's root."));
    setting.how =
        "Put {\"userns-remap\": \"default\"} into it and restart the daemon (systemctl restart docker). That is for all "
        "of its containers, and it sees none of the images and containers that it had.";
    const bool shares = planner.AnyContainer([](const Container& container) {
      return container.privileged.value_or(false) ||
             (container.shares.has_value() &&
              (container.shares->contains("network") || container.shares->contains("pid")));
    });
    if (shares) {
      setting.verdict = SettingVerdict::kRefused;
      setting.reasons.emplace_back(
          "This service could not be started then, unless with --userns=host: it is privileged or "
          "shares a namespace with the host.");
    }
  }
  planner.Add(std::move(setting));
}

}  // namespace syscarve
