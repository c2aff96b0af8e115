// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/service_profiles.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/hardening_files.h"
#include "userspace/app/profile_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/yaml.h"
#include "userspace/emit/emit.h"
#include "userspace/model/capability.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

constexpr JsonLimits kCapabilityLimits = {.bytes = size_t{1} << 20, .values = 200'000, .depth = 8};
constexpr size_t kMaxServices = 10'000;
constexpr size_t kMaxProfileBytes = size_t{16} << 20;
constexpr std::string_view kSuffix = ".json";

struct Named {
  std::string title;
  std::string file;
};

absl::Status AddFolder(const std::string& folder, std::vector<Named>& found) {
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool is_plan = name == kHardeningName || name == kHardeningProofsName;
    if (!name.starts_with('.') && name.ends_with(kSuffix) && !is_plan) files.push_back(name);
  }
  if (error) return PosixError(Concat("look into ", EscapeForTerminal(folder)), error.value());
  if (files.empty()) {
    return WithHint(absl::NotFoundError(Concat("no profile is in ", EscapeForTerminal(folder))),
                    "`syscarve generate RECORDINGS -o FOLDER` makes SERVICE.json for each service.");
  }
  std::ranges::sort(files);
  for (const std::string& name : files) {
    found.push_back({name.substr(0, name.size() - kSuffix.size()), (fs::path(folder) / name).string()});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Named>> FindProfiles(std::span<const std::string> words) {
  std::vector<Named> found;
  for (const std::string& word : words) {
    std::error_code error;
    const size_t equals = word.find('=');
    if (IsFolder(word)) {
      SYSCARVE_RETURN_IF_ERROR(AddFolder(word, found));
    } else if (!fs::exists(word, error) && equals != std::string_view::npos && equals > 0 && word.find('/') > equals) {
      found.push_back({word.substr(0, equals), word.substr(equals + 1)});
    } else {
      found.push_back({fs::path(word).stem().string(), word});
    }
  }
  std::set<std::string> titles;
  for (const Named& named : found) {
    if (!titles.insert(named.title).second) {
      return absl::InvalidArgumentError(Concat("there are two profiles for ", EscapeForTerminal(named.title)));
    }
  }
  return found;
}

// The file of capabilities beside the profile; empty if there is none.
absl::StatusOr<ServiceCapabilities> CapabilitiesBeside(const std::string& file) {
  const std::string path = (fs::path(file).parent_path() / kCapabilitiesName).string();
  std::error_code error;
  if (!fs::exists(path, error)) return ServiceCapabilities();
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kCapabilityLimits.bytes));
  absl::StatusOr<ServiceCapabilities> parsed = ParseCapabilities(text);
  if (!parsed.ok()) return Annotate(parsed.status(), EscapeForTerminal(path));
  return parsed;
}

void ReadNames(const JsonReader& names, std::vector<std::string>& list) {
  names.ForEach(kCapabilityCount, [&](const JsonReader& name) {
    const std::string word = name.Text(64);
    const std::optional<int> capability = CapabilityFromName(word);
    if (!capability.has_value()) return name.Fail(Concat("\"", EscapeForTerminal(word), "\" is no capability"));
    list.push_back(CapabilityName(*capability));
  });
}

// The user's own text if engines accept it, so that the test uses the same text as production.
absl::StatusOr<std::string> EngineText(const std::string& file, const ProfileInput& input) {
  if (input.is_whole_text) return ReadFile(file, kMaxProfileBytes);
  const absl::StatusOr<Emitted> emitted = Emit(OutputFormat::kOci, input.profile, {});
  if (!emitted.ok()) return Annotate(emitted.status(), EscapeForTerminal(file));
  return emitted->text;
}

}  // namespace

std::string FormatCapabilities(const ServiceCapabilities& services) {
  std::string text = Concat(kCapabilitiesMarker, ": what each service needs after --cap-drop ALL.\n");
  if (services.empty()) return text + "{}\n";
  for (const auto& [title, needs] : services) {
    const std::string add = Concat("[", absl::StrJoin(needs.add, ", "), "]");
    text += Concat(QuoteForJson(title), ": ",
                   needs.not_needed.empty()
                       ? add
                       : Concat("{add: ", add, ", not-needed: [", absl::StrJoin(needs.not_needed, ", "), "]}"),
                   "\n");
  }
  return text;
}

absl::StatusOr<ServiceCapabilities> ParseCapabilities(std::string_view text) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<JsonValue> documents, ParseYaml(text, kCapabilityLimits));
  if (documents.size() != 1) return absl::InvalidArgumentError("expected one YAML document");
  ServiceCapabilities services;
  std::string error;
  const JsonReader root(documents.front(), &error);
  root.ForEachMember(kMaxServices, [&](std::string_view title, const JsonReader& needs) {
    ServiceNeeds& service = services[std::string(title)];
    if (!needs.IsObject()) return ReadNames(needs, service.add);
    needs.AllowOnly({"add", "not-needed"});
    ReadNames(needs.Required("add"), service.add);
    ReadNames(needs.Required("not-needed"), service.not_needed);
  });
  if (!error.empty()) return absl::InvalidArgumentError(error);
  return services;
}

absl::StatusOr<std::vector<ServiceProfile>> ReadServiceProfiles(std::span<const std::string> words,
                                                                const ProfileTarget& target) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<Named> found, FindProfiles(words));
  std::vector<ServiceProfile> profiles;
  for (const Named& named : found) {
    SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput input, ReadProfileInput(named.file, target));
    ServiceProfile service;
    service.title = named.title;
    service.file = named.file;
    SYSCARVE_ASSIGN_OR_RETURN(service.engine_profile, EngineText(named.file, input));
    service.profile = input.profile;
    service.warnings = input.warnings;
    SYSCARVE_ASSIGN_OR_RETURN(const ServiceCapabilities capabilities, CapabilitiesBeside(named.file));
    if (const auto known = capabilities.find(named.title); known != capabilities.end()) {
      service.cap_add = known->second.add;
      service.not_needed = known->second.not_needed;
    }
    const std::string plans = (fs::path(named.file).parent_path() / kHardeningName).string();
    SYSCARVE_ASSIGN_OR_RETURN(const auto lines, ReadHardening(plans));
    if (const auto planned = lines.find(named.title); planned != lines.end()) service.line = planned->second;
    profiles.push_back(std::move(service));
  }
  if (profiles.empty()) {
    return WithHint(absl::InvalidArgumentError("no profiles were named"),
                    "Name the folder that `generate` wrote, or the profiles' files.");
  }
  return profiles;
}

std::vector<std::string> ServiceTitles(const Container& container, By by) {
  const std::string name = SubjectName(container, by);
  std::vector<std::string> candidates = {name};
  if (const std::string_view project = ComposeProject(container); by == By::kService && !project.empty()) {
    candidates.insert(candidates.begin(), Concat(project, "-", name));
  }
  std::vector<std::string> titles;
  for (const std::string& candidate : candidates) {
    if (candidate.empty()) continue;
    std::set<std::string> taken;
    titles.push_back(FileStem(candidate, taken));
    if (titles.back() != candidate) titles.push_back(candidate);
  }
  return titles;
}

const ServiceProfile* ProfileFor(const Container& container, By by, std::span<const ServiceProfile> profiles) {
  for (const std::string& title : ServiceTitles(container, by)) {
    const auto found = std::ranges::find(profiles, title, &ServiceProfile::title);
    if (found != profiles.end()) return &*found;
  }
  return nullptr;
}

}  // namespace syscarve
