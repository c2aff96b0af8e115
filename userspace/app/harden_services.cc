// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/harden_services.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "userspace/app/generate_folder.h"
#include "userspace/app/hardening_files.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/container/naming.h"
#include "userspace/read/compose_file.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxDaemonJson = size_t{1} << 20;
constexpr std::string_view kMadeByHarden = "Made by `syscarve harden`";

// The title of a recording's service: the file name without the suffix of recordings, or else its extension.
std::string TitleOf(const std::string& path) {
  std::string_view name = path == "-" ? std::string_view("service") : std::string_view(path);
  name = name.substr(name.rfind('/') + 1);
  if (!name.ends_with(kRecordingSuffix)) {
    name = name.substr(0, name.rfind('.') == 0 ? name.size() : name.rfind('.'));
  } else {
    name.remove_suffix(kRecordingSuffix.size());
  }
  std::set<std::string> taken;
  return FileStem(name, taken);
}

absl::StatusOr<RecordedServices> ReadInputs(const HardenServicesRequest& request) {
  if (std::ranges::all_of(request.inputs, IsFolder)) return ReadServiceFolders(request.inputs, request.native);
  if (std::ranges::any_of(request.inputs, IsFolder)) {
    return absl::InvalidArgumentError("either recordings, of one service, or folders, with one recording per service");
  }
  SYSCARVE_RETURN_IF_ERROR(CheckStandardInput(request.inputs));
  ServiceRecordings service;
  for (const std::string& path : request.inputs) {
    SYSCARVE_ASSIGN_OR_RETURN(Recording recording, ReadRecordingInput(path, request.native));
    service.recordings.push_back(std::move(recording));
    service.paths.push_back(path);
  }
  return RecordedServices{{TitleOf(request.inputs.front()), std::move(service)}};
}

absl::Status CheckTitles(const RecordedServices& services) {
  for (const std::string_view name : {kHardeningName, kHardeningProofsName}) {
    const std::string title = fs::path(name).stem().string();
    if (!services.contains(title)) continue;
    return WithHint(absl::InvalidArgumentError(Concat("the profile of a service called ", title, " would be ", name,
                                                      ", which is the name of something else")),
                    "Rename its recording.");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<EngineSettings>> ReadEngine(const std::string& path) {
  if (path.empty()) return std::nullopt;
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxDaemonJson));
  absl::StatusOr<EngineSettings> settings = ParseDaemonJson(text);
  if (!settings.ok()) return Annotate(settings.status(), EscapeForTerminal(path));
  settings->source = path;
  return *std::move(settings);
}

// The path of the profile for the target's program.
absl::StatusOr<std::string> ProfilePath(const HardenServicesRequest& request, const ServiceSummary& service) {
  if (request.output.empty()) return std::string();
  if (request.target == HardenTarget::kCompose) return PathForCompose(service, request.compose);
  if (request.target != HardenTarget::kPodman) return service.profile_path;
  std::error_code error;
  const fs::path absolute = fs::absolute(service.profile_path, error);
  return error ? service.profile_path : absolute.lexically_normal().string();
}

absl::StatusOr<ComposeOverride> OverrideFor(const std::string& compose, const std::vector<PlannedService>& services) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(compose, kMaxComposeBytes));
  const absl::StatusOr<ComposeFile> file = ParseComposeFile(text);
  if (!file.ok()) return Annotate(file.status(), EscapeForTerminal(InputName(compose)));
  std::vector<RecordedService> recorded;
  for (const PlannedService& service : services) {
    for (const std::string& name : ComposeNamesOf(service.plan.facts)) {
      recorded.push_back({.name = name, .title = service.plan.title, .hardening = ComposeHardeningOf(service.plan)});
    }
  }
  return EmitComposeOverride(*file, recorded);
}

absl::Status WriteHardened(const HardenServicesRequest& request, const FolderRequest& folder,
                           const std::vector<MadeService>& made, const std::vector<PlannedService>& services,
                           const std::optional<ComposeOverride>& override_file) {
  const fs::path output = request.output;
  const std::string plans = (output / kHardeningName).string();
  SYSCARVE_RETURN_IF_ERROR(CheckOurs(plans, kHardeningSchema));
  std::map<std::string, std::string> files;
  if (!override_file.has_value()) {
    for (const PlannedService& service : services) {
      const std::string path = (output / Concat(service.plan.title, HardenTargetSuffix(request.target))).string();
      // CheckOurs recognises the file by its first bytes.
      const std::string_view first = request.target == HardenTarget::kDocker ? "# Made by `syscarve harden`.\n" : "";
      SYSCARVE_RETURN_IF_ERROR(CheckOurs(
          path, request.target == HardenTarget::kSystemd ? std::string_view("Made by syscarve") : kMadeByHarden));
      files[path] = Concat(first, service.text);
    }
  }
  SYSCARVE_RETURN_IF_ERROR(WriteServices(folder, made, override_file));
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(plans, HardenJson(services)));
  for (const auto& [path, text] : files) SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(path, text));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<PlannedService>> HardenServices(const HardenServicesRequest& request, Notes& notes) {
  if (!request.output.empty()) SYSCARVE_RETURN_IF_ERROR(CheckProfileFolder(request.output));
  if (!request.compose.empty() && request.target != HardenTarget::kCompose) {
    return absl::InvalidArgumentError("--compose goes with --target compose");
  }
  SYSCARVE_ASSIGN_OR_RETURN(const std::optional<EngineSettings> engine, ReadEngine(request.daemon_json));
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedServices recorded, ReadInputs(request));
  SYSCARVE_RETURN_IF_ERROR(CheckTitles(recorded));
  LineProofs proofs;
  const std::string proofs_path = !request.proofs.empty()  ? request.proofs
                                  : request.output.empty() ? std::string()
                                                           : (fs::path(request.output) / kHardeningProofsName).string();
  if (!proofs_path.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(proofs, ReadLineProofs(proofs_path));
  }

  FolderRequest folder;
  folder.output = request.output;
  folder.compose = request.compose;
  folder.emit.format = "docker";
  folder.options = request.options;
  // A systemd drop-in has no conditions: a seen call that would need some is allowed for all arguments.
  folder.options.conditions = request.target != HardenTarget::kSystemd;
  folder.baseline = request.baseline;
  folder.native = request.native;
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<MadeService> made, MakeServices(recorded, folder, notes));

  std::vector<PlannedService> services;
  for (const MadeService& one : made) {
    const std::string& title = one.summary.title;
    PlanRequest plan;
    plan.title = title;
    SYSCARVE_ASSIGN_OR_RETURN(plan.profile, ProfilePath(request, one.summary));
    plan.recordings = recorded.at(title).recordings;
    plan.made = &one.summary.made;
    plan.tried = request.tried;
    plan.left_out = request.left_out;
    if (const auto proof = proofs.find(title); proof != proofs.end()) {
      plan.proven = proof->second.line;
      plan.profile_proven = proof->second.profile == DigestOf(one.text);
    }
    plan.engine = engine;
    plan.apparmor = request.apparmor;
    plan.selinux_type = request.selinux_type;
    absl::StatusOr<HardeningPlan> planned = MakePlan(plan);
    if (!planned.ok()) return Annotate(planned.status(), EscapeForTerminal(title));
    absl::StatusOr<Emitted> emitted = EmitHardening(request.target, *planned, one.summary.made.profile);
    if (!emitted.ok()) return Annotate(emitted.status(), EscapeForTerminal(title));
    services.push_back({.plan = *std::move(planned),
                        .target = std::string(HardenTargetName(request.target)),
                        .text = std::move(emitted->text),
                        .warnings = std::move(emitted->warnings)});
  }
  std::optional<ComposeOverride> override_file;
  if (!request.compose.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(override_file, OverrideFor(request.compose, services));
  }
  if (!request.output.empty()) {
    SYSCARVE_RETURN_IF_ERROR(WriteHardened(request, folder, made, services, override_file));
  }
  for (const PlannedService& service : services) {
    for (const std::string& warning : service.warnings) notes.Warn(Concat(service.plan.title, ": ", warning));
  }
  if (override_file.has_value()) {
    for (const std::string& warning : override_file->warnings) notes.Warn(warning);
  }
  return services;
}

}  // namespace syscarve
