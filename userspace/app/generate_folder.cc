// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/generate_folder.h"

#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/app/service_profiles.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/emit/compose_override.h"
#include "userspace/emit/harden.h"
#include "userspace/policy/service.h"
#include "userspace/read/compose_file.h"
#include "userspace/report/confidence.h"
#include "userspace/report/summary.h"
#include "userspace/report/summary_markdown.h"
#include "userspace/review/confidence.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSummaryName = "SUMMARY.md";
constexpr std::string_view kOverrideName = "docker-compose.override.yml";
constexpr size_t kMaxSummaryBytes = size_t{64} << 20;

// The recordings of the folders, by the name before the suffix: one service each.
absl::StatusOr<std::map<std::string, std::vector<std::string>>> FindRecordings(
    const std::vector<std::string>& folders) {
  std::map<std::string, std::vector<std::string>> found;
  for (const std::string& folder : folders) {
    const auto add = [&found](const std::string& path, std::string_view stem) -> absl::Status {
      if (stem.ends_with(".recording")) {
        return absl::InvalidArgumentError(
            Concat(EscapeForTerminal(path), ": its profile would be called like a recording; rename it"));
      }
      found[std::string(stem)].push_back(path);
      return absl::OkStatus();
    };
    SYSCARVE_RETURN_IF_ERROR(ForEachRecordingIn(folder, add).status());
  }
  if (found.empty()) {
    std::vector<std::string> shown;
    for (const std::string& folder : folders) shown.push_back(EscapeForTerminal(folder));
    return WithHint(absl::NotFoundError(Concat(absl::StrJoin(shown, ", "), ": no *", kRecordingSuffix, " in it")),
                    "Record with `syscarve record --docker -o DIR`, or name recordings one by one.");
  }
  return found;
}

absl::StatusOr<std::vector<Recording>> LoadAll(const std::vector<std::string>& paths, Abi native) {
  std::vector<Recording> recordings;
  for (const std::string& path : paths) {
    SYSCARVE_ASSIGN_OR_RETURN(Recording recording, ReadRecordingInput(path, native));
    recordings.push_back(std::move(recording));
  }
  return recordings;
}

// `docker run` and Compose accept these.
bool IsForEngine(const FolderRequest& request) {
  const OutputFormat format = FormatOf(request.emit);
  return format == OutputFormat::kDocker || format == OutputFormat::kOci;
}

std::string FileNameOf(const std::string& title, const FolderRequest& request) {
  const std::string suffix(OutputFormatSuffix(FormatOf(request.emit)));
  return title + suffix;
}

absl::StatusOr<MadeService> MakeService(const std::string& title, const std::vector<std::string>& paths,
                                        const std::vector<Recording>& recordings, const BaselineSources& sources,
                                        CeilingSource& ceilings, const FolderRequest& request) {
  BaselineChoice choice = sources.Choose(recordings);
  SYSCARVE_ASSIGN_OR_RETURN(Ceiling ceiling, ceilings.For(recordings));
  GenerateOptions options = request.options;
  options.baselines = std::move(choice.baselines);
  options.ceiling = std::move(ceiling.profile);
  const bool has_ceiling = options.ceiling.has_value();
  absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
  if (!made.ok()) {
    std::vector<std::string> shown;
    for (const std::string& path : paths) shown.push_back(EscapeForTerminal(path));
    return Annotate(made.status(), absl::StrJoin(shown, ", "));
  }
  ServiceSummary service = {
      .title = title,
      .profile_path = (fs::path(request.output) / FileNameOf(title, request)).lexically_normal().string(),
      .for_engine = IsForEngine(request),
      .facts = DescribeService(recordings),
      .made = *std::move(made)};
  absl::StatusOr<Emitted> emitted =
      EmitGenerated(request.emit, title + std::string(kRecordingSuffix), service.made, recordings);
  if (!emitted.ok()) return Annotate(emitted.status(), EscapeForTerminal(title));
  SYSCARVE_ASSIGN_OR_RETURN(const Confidence sure, JudgeConfidence(recordings, service.made, options.closure));
  service.sure = ConfidenceLines(sure);
  if (IsAccessFormat(FormatOf(request.emit))) {
    // The other warnings are about calls, which an access policy does not contain.
    service.warnings = std::move(emitted->warnings);
    service.made.refused.clear();
    const std::string words = emitted->summary + CapabilitySummary(service.made);
    return MadeService{.summary = std::move(service), .text = std::move(emitted->text), .access_words = words};
  }
  service.warnings = service.made.warnings;
  for (std::string& warning : emitted->warnings) service.warnings.push_back(std::move(warning));
  for (std::string& warning : choice.warnings) service.warnings.push_back(std::move(warning));
  for (std::string& warning : ceiling.warnings) service.warnings.push_back(std::move(warning));
  for (std::string& warning : ServiceWarnings(service.facts, has_ceiling))
    service.warnings.push_back(std::move(warning));
  return MadeService{.summary = std::move(service), .text = std::move(emitted->text), .access_words = ""};
}

// `path` as an absolute path, with links resolved as far as it exists.
absl::StatusOr<fs::path> Resolved(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  fs::path resolved = error ? fs::path() : fs::weakly_canonical(absolute, error);
  if (error) return PosixError(Concat("look at ", EscapeForTerminal(path.string())), error.value());
  return resolved;
}

absl::StatusOr<Hardening> HardeningOf(const ServiceSummary& service, const std::string& compose) {
  SYSCARVE_ASSIGN_OR_RETURN(std::string path, PathForCompose(service, compose));
  Hardening hardening;
  hardening.profile = std::move(path);
  hardening.no_new_privileges = service.facts.no_new_privs;
  hardening.capabilities_known = service.made.capabilities_recorded;
  hardening.cap_add = service.made.cap_add;
  return hardening;
}

absl::StatusOr<ComposeOverride> MakeOverride(const std::vector<ServiceSummary>& services, const std::string& compose) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(compose, kMaxComposeBytes));
  const std::string shown = EscapeForTerminal(InputName(compose));
  const absl::StatusOr<ComposeFile> file = ParseComposeFile(text);
  if (!file.ok()) return Annotate(file.status(), shown);
  std::vector<RecordedService> recorded;
  std::vector<std::string> warnings;
  for (const ServiceSummary& service : services) {
    if (service.facts.containers == 0) {
      warnings.push_back(Concat(service.title, ": recorded without a container, so it is not in the override"));
      continue;
    }
    SYSCARVE_ASSIGN_OR_RETURN(const Hardening hardening, HardeningOf(service, compose));
    for (const std::string& name : ComposeNamesOf(service.facts)) {
      recorded.push_back({.name = name, .title = service.title, .hardening = hardening});
    }
  }
  absl::StatusOr<ComposeOverride> made = EmitComposeOverride(*file, recorded);
  if (!made.ok()) return Annotate(made.status(), shown);
  made->warnings.insert(made->warnings.begin(), warnings.begin(), warnings.end());
  return made;
}

// The recommended capabilities, which `verify` tries, to be written beside profiles for engines. nullopt if no
// service's capabilities are known.
std::optional<std::string> CapabilitiesText(const std::vector<ServiceSummary>& services) {
  ServiceCapabilities known;
  for (const ServiceSummary& service : services) {
    if (!service.for_engine || !service.made.capabilities_recorded) continue;
    ServiceNeeds& needs = known[service.title];
    needs.add = service.made.cap_add;
    for (const CapabilityVerdict& verdict : service.made.capabilities) {
      if (verdict.verdict == Verdict::kNotNeeded) needs.not_needed.push_back(CapabilityName(verdict.capability));
    }
  }
  if (known.empty()) return std::nullopt;
  return FormatCapabilities(known);
}

// Only the profiles' files.
absl::Status WriteProfiles(const FolderRequest& request, const std::vector<MadeService>& made) {
  const fs::path output = request.output;
  std::error_code error;
  fs::create_directories(output, error);
  if (error) return PosixError(Concat("make the folder ", EscapeForTerminal(request.output)), error.value());
  for (const MadeService& service : made) {
    const std::string path = (output / FileNameOf(service.summary.title, request)).string();
    SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(path, service.text));
  }
  return absl::OkStatus();
}

void PassWarningsOn(const std::vector<ServiceSummary>& services, const std::optional<ComposeOverride>& override_file,
                    Notes& notes) {
  for (const ServiceSummary& service : services) {
    for (const std::string& warning : service.warnings) notes.Warn(Concat(service.title, ": ", warning));
    for (const std::string& warning : RefusalWarnings(service.made.refused)) {
      notes.Warn(Concat(service.title, ": ", warning));
    }
  }
  if (override_file.has_value()) {
    for (const std::string& warning : override_file->warnings) notes.Warn(warning);
  }
}

std::string SummaryOf(const std::vector<ServiceSummary>& services) {
  std::string text;
  for (const ServiceSummary& service : services) {
    const std::string summary = GenerateSummary(service.made);
    text += EscapeForTerminal(service.profile_path) + "\n";
    for (const std::string_view line : SplitNonEmpty(summary, '\n')) text += Concat("  ", line, "\n");
    for (const std::string& line : service.sure) text += Concat("  ", EscapeForTerminal(line), "\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<RecordedServices> ReadServiceFolders(const std::vector<std::string>& folders, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(const auto found, FindRecordings(folders));
  RecordedServices services;
  for (const auto& [title, paths] : found) {
    SYSCARVE_ASSIGN_OR_RETURN(std::vector<Recording> recordings, LoadAll(paths, native));
    services[title] = {.paths = paths, .recordings = std::move(recordings)};
  }
  return services;
}

absl::StatusOr<std::vector<MadeService>> MakeServices(const RecordedServices& recorded, const FolderRequest& request,
                                                      Notes& notes) {
  bool containers = false;
  for (const auto& [title, service] : recorded) {
    for (const Recording& recording : service.recordings) containers |= HasContainers(recording);
  }
  SYSCARVE_ASSIGN_OR_RETURN(const BaselineSources sources, BaselineSources::Load(request.baseline, containers, notes));
  SYSCARVE_ASSIGN_OR_RETURN(CeilingSource ceilings, CeilingSource::Load(request.ceiling, notes));
  std::vector<MadeService> services;
  for (const auto& [title, service] : recorded) {
    SYSCARVE_ASSIGN_OR_RETURN(MadeService made,
                              MakeService(title, service.paths, service.recordings, sources, ceilings, request));
    services.push_back(std::move(made));
  }
  return services;
}

absl::StatusOr<std::string> PathForCompose(const ServiceSummary& service, const std::string& compose) {
  fs::path path = service.profile_path;
  if (!compose.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(const fs::path project, Resolved(compose == "-" ? "." : compose));
    SYSCARVE_ASSIGN_OR_RETURN(const fs::path profile, Resolved(path));
    path = profile.lexically_relative(compose == "-" ? project : project.parent_path());
  }
  // The "./" marks it as a path.
  return path.is_absolute() || path.string().starts_with("../") ? path.string() : Concat("./", path.string());
}

absl::Status CheckProfileFolder(const std::string& output) {
  if (output == "-") {
    return WithHint(absl::InvalidArgumentError("the profiles of a folder do not fit in standard output"),
                    "Name a folder for them with -o.");
  }
  std::error_code error;
  const fs::file_status status = fs::status(output, error);
  if (status.type() == fs::file_type::not_found) return absl::OkStatus();
  if (error) return PosixError(Concat("look at ", EscapeForTerminal(output)), error.value());
  if (!fs::is_directory(status)) {
    return WithHint(PosixError(EscapeForTerminal(output), ENOTDIR), "The profiles of a folder need a folder with -o.");
  }
  return CheckWritable((fs::path(output) / kSummaryName).string());
}

// The user named the folder for profiles, so any other file in it is replaced only if syscarve wrote it.
absl::Status CheckOurs(const std::string& path, std::string_view words) {
  constexpr size_t kBeginning = 256;
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) return absl::OkStatus();
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxSummaryBytes);
  if (text.ok() && text->substr(0, kBeginning).find(words) != std::string::npos) return absl::OkStatus();
  return WithHint(
      absl::AlreadyExistsError(Concat(EscapeForTerminal(path), " is there already and was not made by syscarve")),
      "Move it, or name another folder with -o.");
}

absl::Status WriteServices(const FolderRequest& request, const std::vector<MadeService>& made,
                           const std::optional<ComposeOverride>& override_file) {
  std::vector<ServiceSummary> services;
  for (const MadeService& service : made) services.push_back(service.summary);
  const fs::path output = request.output;
  const std::string summary = SummaryMarkdown(services);
  const std::optional<std::string> capabilities = CapabilitiesText(services);
  if (capabilities.has_value())
    SYSCARVE_RETURN_IF_ERROR(CheckOurs((output / kCapabilitiesName).string(), kCapabilitiesMarker));
  SYSCARVE_RETURN_IF_ERROR(CheckOurs((output / kSummaryName).string(), kSummaryMarker));
  if (override_file.has_value())
    SYSCARVE_RETURN_IF_ERROR(CheckOurs((output / kOverrideName).string(), kComposeOverrideMarker));
  SYSCARVE_RETURN_IF_ERROR(WriteProfiles(request, made));
  if (capabilities.has_value()) {
    SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically((output / kCapabilitiesName).string(), *capabilities));
  }
  if (override_file.has_value()) {
    SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically((output / kOverrideName).string(), override_file->text));
  }
  return WriteFileAtomically((output / kSummaryName).string(), summary);
}

absl::StatusOr<std::string> GenerateFolder(const FolderRequest& request, Notes& notes) {
  if (FormatOf(request.emit) == OutputFormat::kNames) {
    return absl::InvalidArgumentError("--format names makes no profiles, as a folder needs them");
  }
  if (!request.compose.empty() && !IsForEngine(request)) {
    return absl::InvalidArgumentError(
        Concat("Compose takes profiles as docker or oci, not as ", OutputFormatName(FormatOf(request.emit))));
  }
  if (!request.emit.name.empty()) {
    return absl::InvalidArgumentError("--name is for one profile; those of a folder have their services' names");
  }
  SYSCARVE_RETURN_IF_ERROR(CheckProfileFolder(request.output));
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedServices recorded, ReadServiceFolders(request.folders, request.native));
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<MadeService> made, MakeServices(recorded, request, notes));
  std::vector<ServiceSummary> services;
  for (MadeService& one : made) {
    SYSCARVE_ASSIGN_OR_RETURN(const Hardening hardening, HardeningOf(one.summary, request.compose));
    const std::set<std::string>& names = ComposeNamesOf(one.summary.facts);
    one.summary.compose = ComposeServiceLines(names.empty() ? one.summary.title : *names.begin(), hardening, 0);
    services.push_back(one.summary);
  }
  if (IsAccessFormat(FormatOf(request.emit))) {
    SYSCARVE_RETURN_IF_ERROR(WriteProfiles(request, made));
    PassWarningsOn(services, std::nullopt, notes);
    std::string text;
    for (const MadeService& service : made) {
      text += Concat(EscapeForTerminal(service.summary.profile_path), "\n");
      for (const std::string_view line : SplitNonEmpty(service.access_words, '\n')) text += Concat("  ", line, "\n");
    }
    return text;
  }
  std::optional<ComposeOverride> override_file;
  if (!request.compose.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(override_file, MakeOverride(services, request.compose));
  }
  SYSCARVE_RETURN_IF_ERROR(WriteServices(request, made, override_file));
  PassWarningsOn(services, override_file, notes);
  return SummaryOf(services);
}

}  // namespace syscarve
