// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/compose_override.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/quote.h"
#include "userspace/emit/harden_words.h"
#include "userspace/model/capability.h"
#include "userspace/policy/capabilities.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {
namespace {

constexpr std::string_view kAll = "ALL";

// The default capabilities of Docker's containers: moby oci/caps/defaults.go. Podman's default is a subset.
constexpr std::string_view kEngineDefault[] = {
    "CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
    "CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",   "CAP_SETFCAP",
    "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};

// A list of capabilities in a Compose file.
struct CapabilityList {
  bool all = false;
  std::set<int> capabilities;

  explicit CapabilityList(std::span<const std::string> names) {
    for (const std::string& name : names) {
      std::string upper(name);
      std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      if (upper == kAll || upper == "CAP_ALL") all = true;
      if (const std::optional<int> capability = CapabilityFromName(name)) capabilities.insert(*capability);
    }
  }
};

// The capabilities of a service by its Compose file, without the override: moby oci/caps/utils.go, TweakCapabilities.
std::set<int> CapabilitiesOf(const ComposeService& service) {
  const CapabilityList add(service.cap_add);
  const CapabilityList drop(service.cap_drop);
  std::set<int> result;
  if (service.privileged || add.all) {
    for (int capability = 0; capability < kCapabilityCount; ++capability) {
      if (service.privileged || !drop.capabilities.contains(capability)) result.insert(capability);
    }
    return result;
  }
  result = add.capabilities;
  if (drop.all) return result;
  for (const std::string_view name : kEngineDefault) {
    const int capability = CapabilityFromName(name).value();
    if (!drop.capabilities.contains(capability)) result.insert(capability);
  }
  return result;
}

// The values of the security option `key` in the file, split as engines do: "key=value" or "key:value".
std::vector<std::string> OptionsOf(const ComposeService& service, std::string_view key) {
  std::vector<std::string> values;
  for (const std::string& option : service.security_opt) {
    size_t cut = option.find('=');
    if (cut == std::string::npos) cut = option.find(':');
    if (option.substr(0, cut) == key) values.push_back(cut == std::string::npos ? "" : option.substr(cut + 1));
  }
  return values;
}

bool SamePath(const std::string& a, const std::string& b) {
  return std::filesystem::path(a).lexically_normal() == std::filesystem::path(b).lexically_normal();
}

// Compose replaces $NAME and ${NAME} in every value; "$$" is a dollar.
std::string WithoutVariables(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '$') out += '$';
    out += c;
  }
  return out;
}

// "  key:\n    - value\n" …
std::string ListLines(std::string_view key, std::span<const std::string> values, const std::string& indent) {
  if (values.empty()) return "";
  std::string text = Concat(indent, key, ":\n");
  for (const std::string& value : values) text += Concat(indent, "  - ", value, "\n");
  return text;
}

// A scalar that Compose reads as `text`; nullopt if YAML cannot express it.
std::optional<std::string> Scalar(std::string_view text) {
  return QuoteForYaml(WithoutVariables(text));
}

// The keys of a line other than security options and capabilities.
std::optional<std::string> LineKeys(const Hardening& hardening, const std::string& indent) {
  const ContainerLine& line = hardening.line;
  std::string text;
  const auto key = [&](std::string_view name, std::string_view value) {
    text += Concat(indent, name, ": ", value, "\n");
  };
  if (line.user.has_value()) {
    const std::optional<std::string> user = Scalar(*line.user);
    if (!user.has_value()) return std::nullopt;
    key("user", *user);
  }
  if (line.read_only_root) {
    key("read_only", "true");
    std::vector<std::string> tmpfs;
    std::vector<std::string> volumes;
    for (const auto& [path, directory] : line.writable) {
      const auto name = hardening.volumes.find(path);
      if (path.find(':') != std::string_view::npos || (directory.volume && name == hardening.volumes.end()))
        return std::nullopt;
      const bool is_volume = NeedsDockerVolume(directory);
      std::string words = is_volume ? path : Concat(path, ":", TmpfsOptions(directory));
      if (directory.volume) words = Concat(name->second, ":", path);
      const auto entry = Scalar(words);
      if (!entry.has_value()) return std::nullopt;
      (is_volume ? volumes : tmpfs).push_back(*entry);
    }
    text += ListLines("tmpfs", tmpfs, indent) + ListLines("volumes", volumes, indent);
  }
  if (line.memory_bytes.has_value()) {
    key("mem_limit", Concat("\"", *line.memory_bytes, "b\""));
    key("memswap_limit", Concat("\"", *line.memory_bytes, "b\""));
  }
  if (line.cpu_milli.has_value()) key("cpus", MilliText(*line.cpu_milli));
  if (line.pids.has_value()) key("pids_limit", Concat(*line.pids));
  if (line.open_files.has_value()) {
    text += Concat(indent, "ulimits:\n", indent, "  nofile:\n", indent, "    soft: ", *line.open_files, "\n", indent,
                   "    hard: ", line.open_files_hard.value_or(*line.open_files), "\n");
  }
  if (line.no_network) key("network_mode", "none");
  if (line.private_ipc) key("ipc", "private");
  if (!line.sysctls.empty()) text += indent + "sysctls:\n";
  for (const auto& [name, value] : line.sysctls) {
    const std::optional<std::string> quoted_name = Scalar(name);
    const std::optional<std::string> quoted_value = Scalar(value);
    if (!quoted_name.has_value() || !quoted_value.has_value()) return std::nullopt;
    text += Concat(indent, "  ", *quoted_name, ": ", *quoted_value, "\n");
  }
  return text;
}

// Which optional parts of a Hardening a service gets.
struct Selection {
  bool profile = true;
  bool drop_all = true;
};

std::optional<std::string> Lines(std::string_view service, const Hardening& hardening, Selection selection,
                                 size_t indent) {
  const std::optional<std::string> name = QuoteForYaml(service);
  if (!name.has_value() || service.empty()) return std::nullopt;
  const std::string outer(indent, ' ');
  const std::string inner(indent + 2, ' ');
  std::vector<std::string> security;
  if (selection.profile && !hardening.profile.empty()) {
    if (hardening.profile.find_first_of(":=") != std::string::npos) return std::nullopt;
    const auto option = QuoteForYaml(Concat("seccomp:", WithoutVariables(hardening.profile)));
    if (!option.has_value()) return std::nullopt;
    security.push_back(*option);
  }
  if (hardening.no_new_privileges) security.emplace_back("\"no-new-privileges:true\"");
  for (const auto& [option, value] :
       {std::pair("apparmor:", &hardening.line.apparmor), std::pair("label:type:", &hardening.line.selinux_type)}) {
    if (!value->has_value()) continue;
    const std::optional<std::string> quoted = Scalar(Concat(option, **value));
    if (!quoted.has_value()) return std::nullopt;
    security.push_back(*quoted);
  }
  std::string lines = ListLines("security_opt", security, inner);
  if (hardening.capabilities_known) {
    const std::string all[] = {std::string(kAll)};
    if (selection.drop_all) lines += ListLines("cap_drop", all, inner);
    lines += ListLines("cap_add", hardening.cap_add, inner);
  }
  const std::optional<std::string> rest = LineKeys(hardening, inner);
  if (!rest.has_value()) return std::nullopt;
  lines += *rest;
  return lines.empty() ? Concat(outer, *name, ": {}\n") : Concat(outer, *name, ":\n", lines);
}

// Removes from `wanted` the capabilities that the service does not have by its file, and those that the file adds.
void KeepWithin(const CapabilityData& data, const ComposeService& service, const std::string& where,
                std::vector<std::string>& wanted, std::vector<std::string>& warnings) {
  const std::set<int> has = CapabilitiesOf(service);
  const CapabilityList add(service.cap_add);
  std::vector<std::string> kept;
  std::vector<std::string> beyond;
  std::set<int> needed;
  for (const std::string& name : wanted) {
    const std::optional<int> capability = CapabilityFromName(name);
    const std::vector<int> wider = capability.has_value() ? WiderCapabilities(data, *capability) : std::vector<int>();
    const bool within =
        capability.has_value() &&
        (has.contains(*capability) || std::ranges::any_of(wider, [&has](int other) { return has.contains(other); }));
    if (!within) {
      beyond.push_back(name);
    } else if (!add.capabilities.contains(*capability)) {
      kept.push_back(name);
    }
    if (capability.has_value()) needed.insert(*capability);
  }
  if (!beyond.empty()) {
    warnings.push_back(Concat(where, ": the recording shows a need for ", absl::StrJoin(beyond, ", "),
                              ", which the Compose file does not give it; the override does not either"));
  }
  std::vector<std::string> idle;
  for (const int capability : add.capabilities) {
    if (!needed.contains(capability)) idle.push_back(CapabilityName(capability));
  }
  if (add.all) idle = {std::string(kAll)};
  if (!idle.empty()) {
    warnings.push_back(Concat(where, ": the Compose file's cap_add keeps ", absl::StrJoin(idle, ", "),
                              ", which the recording shows no need for, and an override cannot take it away"));
  }
  wanted = std::move(kept);
}

std::string ServiceLines(const CapabilityData& data, const ComposeService& service, const RecordedService& recorded,
                         std::vector<std::string>& warnings) {
  const std::string where = Concat("service \"", service.name, "\"");
  Hardening hardening = recorded.hardening;
  // Options of the file are not repeated: some versions of Compose refuse a list with duplicates.
  Selection selection;
  for (const std::string& value : OptionsOf(service, "seccomp")) {
    if (SamePath(value, hardening.profile)) {
      selection.profile = false;  // The file already has it.
    } else if (value == "unconfined") {
      warnings.push_back(Concat(where,
                                ": the Compose file sets seccomp=unconfined, which the override's profile replaces; ",
                                "take it out of the file"));
    } else {
      selection.profile = false;
      warnings.push_back(Concat(where, ": the Compose file names a seccomp profile already (", value,
                                "), so the override does not name ", hardening.profile,
                                "; to use it, change the Compose file"));
    }
  }
  for (const std::string& value : OptionsOf(service, "no-new-privileges")) {
    if (value.empty() || value == "true") hardening.no_new_privileges = false;
  }
  if (hardening.capabilities_known) KeepWithin(data, service, where, hardening.cap_add, warnings);
  selection.drop_all = !CapabilityList(service.cap_drop).all;
  if (service.privileged) {
    warnings.push_back(Concat(where, ": it is privileged in the Compose file, so dropping capabilities has no effect"));
  }
  if (service.extends) {
    warnings.push_back(Concat(where, ": it extends another service, and what it takes from there was not looked at"));
  }
  const std::optional<std::string> lines = Lines(service.name, hardening, selection, 2);
  if (lines.has_value()) return *lines;
  warnings.push_back(Concat(where, ": its name, or the path ", hardening.profile,
                            ", cannot be written in a Compose file, so the override leaves it out"));
  return "";
}

}  // namespace

std::optional<std::string> ComposeServiceLines(std::string_view service, const Hardening& hardening, size_t indent) {
  return Lines(service, hardening, {}, indent);
}

std::string ComposeVolumes(std::span<const Hardening> services) {
  std::set<std::string> names;
  for (const Hardening& service : services) {
    for (const auto& [path, name] : service.volumes) names.insert(name);
  }
  std::string text = names.empty() ? "" : "volumes:\n";
  for (const std::string& name : names) text += Concat("  ", QuoteForYaml(name).value_or("volume"), ": {}\n");
  return text;
}

absl::StatusOr<ComposeOverride> EmitComposeOverride(const ComposeFile& file,
                                                    std::span<const RecordedService> recorded) {
  SYSCARVE_ASSIGN_OR_RETURN(const CapabilityData* const data, ShippedCapabilityData());
  std::map<std::string, std::vector<const RecordedService*>> by_name;
  for (const RecordedService& service : recorded) by_name[service.name].push_back(&service);

  ComposeOverride result;
  std::string services;
  std::vector<Hardening> written;
  std::set<std::string> used;
  for (const ComposeService& service : file.services) {
    const auto found = by_name.find(service.name);
    if (found == by_name.end()) {
      result.warnings.push_back(
          Concat("service \"", service.name, "\" of the Compose file was not recorded: it is not in the override"));
      continue;
    }
    used.insert(service.name);
    if (found->second.size() > 1) {
      std::vector<std::string> titles;
      for (const RecordedService* one : found->second) titles.push_back(one->title);
      result.warnings.push_back(Concat("service \"", service.name, "\" has several profiles (",
                                       absl::StrJoin(titles, ", "),
                                       "), and a service can have one: it is not in the override"));
      continue;
    }
    const std::string lines = ServiceLines(*data, service, *found->second.front(), result.warnings);
    if (!lines.empty()) written.push_back(found->second.front()->hardening);
    services += lines;
  }
  for (const RecordedService& service : recorded) {
    if (used.contains(service.name)) continue;
    result.warnings.push_back(Concat(service.title, ": the Compose file has no service \"", service.name, "\""));
  }
  if (file.includes) {
    result.warnings.push_back("the Compose file takes in others, and the services of those were not looked at");
  }
  if (services.empty()) {
    return WithHint(absl::NotFoundError("no recording belongs to a service of the Compose file, so there is nothing to "
                                        "override"),
                    "Record with --by service, which names recordings as Compose names services.");
  }
  result.text = Concat(kComposeOverrideMarker,
                       " from recordings of these services. Name it after the file that it was made for:\n"
                       "#   docker compose -f docker-compose.yml -f docker-compose.override.yml up\n"
                       "# Profiles are named from that file's folder. docker-compose 1 looks from where it is started: "
                       "start it there.\n");
  const bool limits = std::ranges::any_of(written, [](const Hardening& service) {
    return service.line.memory_bytes.has_value() || service.line.cpu_milli.has_value() || service.line.pids.has_value();
  });
  if (limits && file.version.has_value() && file.version->starts_with('3')) {
    result.warnings.push_back(
        "docker-compose 1 takes no mem_limit, cpus and pids_limit in files of version 3; `docker compose` does");
  }
  if (file.version.has_value()) result.text += Concat("version: \"", *file.version, "\"\n");
  result.text += "services:\n" + services + ComposeVolumes(written);
  return result;
}

}  // namespace syscarve
