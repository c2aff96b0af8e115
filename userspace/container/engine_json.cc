// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/engine_json.h"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <limits>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/text.h"
#include "userspace/container/cgroup_name.h"
#include "userspace/container/http.h"
#include "userspace/model/capability.h"
#include "userspace/model/signal.h"

namespace syscarve {
namespace {

constexpr JsonLimits kEngineLimits = {.bytes = kMaxEngineAnswerBytes, .values = size_t{1} << 21, .depth = 32};
constexpr JsonLimits kEventLimits = {.bytes = kMaxEngineEventBytes, .values = size_t{1} << 16, .depth = 8};
constexpr size_t kAnyLength = SIZE_MAX;
constexpr size_t kMaxListedContainers = size_t{1} << 16;
constexpr size_t kMaxEntries = size_t{1} << 14;

// Limits on the data of a container, so that every recording of it can be read again.
constexpr size_t kMaxText = 4096;
constexpr size_t kMaxLabels = 1024;
constexpr uint64_t kMaxStopSeconds = 3600;
constexpr uint64_t kMaxStatus = 255;

// Calls `read` with the member, unless it is missing or null, which is how Go writes an empty slice, map or pointer.
template <typename Read>
void IfPresent(const JsonReader& object, std::string_view key, Read read) {
  const JsonReader member = object.Optional(key);
  if (member.exists() && !member.IsNull()) read(member);
}

std::string TextOf(const JsonReader& object, std::string_view key) {
  std::string text;
  IfPresent(object, key, [&](const JsonReader& member) { text = member.Text(kAnyLength); });
  return text;
}

// The same with the limit on kept texts: "" for a longer one.
std::string KeptTextOf(const JsonReader& object, std::string_view key) {
  std::string text = TextOf(object, key);
  return text.size() > kMaxText ? std::string() : text;
}

std::optional<bool> BoolOf(const JsonReader& object, std::string_view key) {
  std::optional<bool> flag;
  IfPresent(object, key, [&](const JsonReader& member) { flag = member.Bool(); });
  return flag;
}

std::vector<std::string> TextsOf(const JsonReader& object, std::string_view key) {
  std::vector<std::string> texts;
  IfPresent(object, key, [&](const JsonReader& member) {
    member.ForEach(kMaxEntries, [&](const JsonReader& element) { texts.push_back(element.Text(kAnyLength)); });
  });
  return texts;
}

std::map<std::string, std::string> LabelsOf(const JsonReader& object, std::string_view key) {
  std::map<std::string, std::string> labels;
  IfPresent(object, key, [&](const JsonReader& member) {
    member.ForEachMember(kMaxEntries, [&](std::string_view name, const JsonReader& value) {
      std::string text = value.Text(kAnyLength);
      if (name.size() > kMaxText || text.size() > kMaxText || labels.size() == kMaxLabels) return;
      labels.emplace(name, std::move(text));
    });
  });
  return labels;
}

std::string WithoutSlash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

std::string IdOf(const JsonReader& field) {
  std::string id = field.Text(kAnyLength);
  if (field.ok() && !IsContainerId(id)) field.Fail("is no container id, which is 64 hex digits");
  return id;
}

// Calls `read` with the root of `text`; `what` is the name of the text in an error.
template <typename Read>
absl::Status ReadAnswer(std::string_view text, const JsonLimits& limits, std::string_view what, Read read) {
  const absl::StatusOr<JsonValue> document = ParseStrictJson(text, limits);
  if (!document.ok()) return Annotate(document.status(), what);
  std::string error;
  const JsonReader root(*document, &error);
  read(root);
  if (!error.empty()) return absl::InvalidArgumentError(Concat(what, ": ", error));
  return absl::OkStatus();
}

// A number in an object of the root. Negative, which engines write for unknown or unlimited, counts as missing.
std::optional<uint64_t> NumberOf(std::string_view text, std::string_view object, std::string_view key,
                                 uint64_t largest) {
  std::optional<uint64_t> number;
  const absl::Status read = ReadAnswer(text, kEngineLimits, "", [&](const JsonReader& root) {
    IfPresent(root, object, [&](const JsonReader& member) {
      IfPresent(member, key, [&](const JsonReader& value) { number = value.Uint(0, largest); });
    });
  });
  return read.ok() ? number : std::nullopt;
}

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "name=value" or, an older form, "name:value".
std::optional<std::string_view> SecurityOptionValue(std::string_view option, std::string_view name) {
  if (!ConsumePrefix(option, name) || option.empty()) return std::nullopt;
  if (option.front() != '=' && option.front() != ':') return std::nullopt;
  return option.substr(1);
}

// "default", "unconfined" or "custom" for an engine's or a user's name of a profile.
std::string_view SeccompWord(std::string_view profile) {
  if (profile == "unconfined") return "unconfined";
  if (profile.empty() || profile == "default" || profile == "builtin") return "default";
  return "custom";
}

// The seccomp profile of a container for which none was requested.
std::string_view DefaultSeccomp(const EngineInfo& engine) {
  for (std::string_view option : engine.security_options) {
    if (option == "seccomp") return "default";
    if (!ConsumePrefix(option, "name=seccomp")) continue;
    if (option.empty()) return "default";
    if (ConsumePrefix(option, ",profile=")) return SeccompWord(option);
  }
  return "unconfined";
}

std::string_view SeccompOf(const std::vector<std::string>& options, bool privileged, const EngineInfo& engine) {
  std::optional<std::string_view> word;
  for (const std::string& option : options) {
    if (const auto profile = SecurityOptionValue(option, "seccomp")) word = SeccompWord(*profile);
  }
  if (word.has_value()) return *word;
  return privileged ? "unconfined" : DefaultSeccomp(engine);
}

bool NoNewPrivilegesOf(const std::vector<std::string>& options, const EngineInfo& engine) {
  constexpr std::string_view kOption = "no-new-privileges";
  // Go's strconv.ParseBool, which the engines use.
  constexpr std::string_view kTrue[] = {"1", "t", "T", "TRUE", "true", "True"};
  std::optional<bool> asked;
  for (const std::string& option : options) {
    if (option == kOption) asked = true;
    if (const auto value = SecurityOptionValue(option, kOption))
      asked = std::ranges::find(kTrue, *value) != std::end(kTrue);
  }
  if (asked.has_value()) return *asked;
  return std::ranges::find(engine.security_options, "name=no-new-privileges") != engine.security_options.end();
}

// "CAP_NET_ADMIN", or "ALL"; "" for a name that no engine accepts.
std::string CapabilityWord(std::string_view name) {
  constexpr size_t kMaxName = 64;
  std::string word;
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z';
    if (!lower && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_') return {};
    word += lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  if (word.empty() || word.size() > kMaxName) return {};
  return word == "ALL" || word.starts_with("CAP_") ? word : Concat("CAP_", word);
}

std::vector<std::string> CapabilitiesOf(const JsonReader& object, std::string_view key) {
  std::set<std::string> words;
  for (const std::string& name : TextsOf(object, key)) {
    if (std::string word = CapabilityWord(name); !word.empty()) words.insert(std::move(word));
  }
  return {words.begin(), words.end()};
}

// The namespaces that a container of this HostConfig shares.
std::set<std::string> SharedNamespaces(const JsonReader& host) {
  constexpr std::pair<std::string_view, std::string_view> kModes[] = {
      {"NetworkMode", "network"}, {"PidMode", "pid"},     {"IpcMode", "ipc"},
      {"UTSMode", "uts"},         {"UsernsMode", "user"}, {"CgroupnsMode", "cgroup"}};
  std::set<std::string> shared;
  for (const auto& [key, word] : kModes) {
    if (TextOf(host, key) == "host") shared.insert(std::string(word));
  }
  return shared;
}

// Whether a file or folder of the host gives access to an engine.
bool IsEngineSocket(std::string_view path) {
  constexpr std::string_view kSockets[] = {"/docker.sock", "/podman.sock", "/containerd.sock", "/crio.sock"};
  return std::ranges::any_of(kSockets, [path](std::string_view name) { return path.ends_with(name); });
}

bool MountsEngineSocket(const JsonReader& root) {
  bool found = false;
  IfPresent(root, "Mounts", [&found](const JsonReader& mounts) {
    mounts.ForEach(kMaxEntries,
                   [&found](const JsonReader& mount) { found = found || IsEngineSocket(TextOf(mount, "Source")); });
  });
  return found;
}

std::set<std::string> PublishedPorts(const JsonReader& host) {
  constexpr size_t kMaxPorts = 1024;
  std::set<std::string> ports;
  IfPresent(host, "PortBindings", [&ports](const JsonReader& bindings) {
    bindings.ForEachMember(kMaxEntries, [&ports](std::string_view, const JsonReader& places) {
      if (places.IsNull()) return;
      places.ForEach(kMaxEntries, [&ports](const JsonReader& place) {
        const std::string address = KeptTextOf(place, "HostIp");
        if (ports.size() == kMaxPorts) return;
        ports.insert(Concat(address.empty() ? "0.0.0.0" : address, ":", KeptTextOf(place, "HostPort")));
      });
    });
  });
  return ports;
}

// "nofile" in Docker, "RLIMIT_NOFILE" in Podman. Negative is no limit.
std::optional<uint64_t> OpenFilesLimit(std::string_view text, std::string_view which) {
  std::optional<uint64_t> limit;
  const absl::Status read = ReadAnswer(text, kEngineLimits, "", [&](const JsonReader& root) {
    IfPresent(root, "HostConfig", [&](const JsonReader& host) {
      IfPresent(host, "Ulimits", [&](const JsonReader& limits) {
        limits.ForEach(kMaxEntries, [&](const JsonReader& entry) {
          const std::string name = TextOf(entry, "Name");
          if (name != "nofile" && name != "RLIMIT_NOFILE") return;
          IfPresent(entry, which, [&](const JsonReader& value) { limit = value.Uint(); });
        });
      });
    });
  });
  return read.ok() ? limit : std::nullopt;
}

// Engines write 0, or a negative number, for no limit.
ContainerLimits LimitsOf(std::string_view text) {
  constexpr uint64_t kNanoPerMilli = 1'000'000;
  constexpr uint64_t kDefaultPeriod = 100'000;  // Microseconds, of the kernel's CFS bandwidth control.
  constexpr uint64_t kLargest = std::numeric_limits<int64_t>::max();
  const auto limit = [text](std::string_view key) {
    const std::optional<uint64_t> number = NumberOf(text, "HostConfig", key, kLargest);
    return number == uint64_t{0} ? std::nullopt : number;
  };
  ContainerLimits limits = {.memory_bytes = limit("Memory"),
                            .cpu_milli = limit("NanoCpus"),
                            .pids = limit("PidsLimit"),
                            .open_files = OpenFilesLimit(text, "Soft"),
                            .open_files_hard = OpenFilesLimit(text, "Hard")};
  if (limits.cpu_milli.has_value()) {
    limits.cpu_milli = std::max<uint64_t>(*limits.cpu_milli / kNanoPerMilli, 1);
  } else if (const std::optional<uint64_t> quota = limit("CpuQuota"); quota.has_value() && *quota <= kLargest / 1000) {
    limits.cpu_milli = std::max<uint64_t>(*quota * 1000 / limit("CpuPeriod").value_or(kDefaultPeriod), 1);
  }
  return limits;
}

std::string_view BaseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// "runc" of "io.containerd.runc.v2", the names containerd has for its shims; other names as they are.
std::string_view ShimsRuntime(std::string_view name) {
  std::string_view rest = name;
  if (!ConsumePrefix(rest, "io.containerd.")) return name;
  const size_t dot = rest.find('.');
  return dot == 0 || dot == std::string_view::npos ? name : rest.substr(0, dot);
}

// The version in the output of a runtime's `features` command, which newer engines include; "" if absent.
std::string VersionFromFeatures(const std::string& text) {
  std::string version;
  const absl::Status read = ReadAnswer(text, kEventLimits, "features", [&](const JsonReader& root) {
    IfPresent(root, "annotations", [&](const JsonReader& annotations) {
      for (const std::string_view key : {"org.opencontainers.runc.version", "run.oci.crun.version"}) {
        if (version.empty()) version = KeptTextOf(annotations, key);
      }
    });
  });
  return read.ok() ? PlainRuntimeVersion(version) : std::string();
}

ContainerRuntime RuntimeOf(const std::string& asked, const EngineInfo& engine) {
  // Podman's compatible API reports "oci" for every runtime.
  const std::string& name = asked.empty() || asked == "oci" ? engine.default_runtime : asked;
  const auto known = engine.runtimes.find(name);
  if (known != engine.runtimes.end()) return known->second;
  return {.name = std::string(ShimsRuntime(BaseName(name))), .version = ""};
}

void ReadVersion(const JsonReader& root, EngineInfo& info, std::map<std::string, std::string>& versions) {
  info.name = "docker";
  info.version = KeptTextOf(root, "Version");
  IfPresent(root, "Components", [&](const JsonReader& components) {
    components.ForEach(kMaxEntries, [&](const JsonReader& component) {
      const std::string name = KeptTextOf(component, "Name");
      if (name == "Podman Engine") info.name = "podman";
      std::string_view runtime = name;
      // Podman's spelling.
      if (ConsumePrefix(runtime, "OCI Runtime (")) ConsumeSuffix(runtime, ")");
      versions.emplace(runtime, PlainRuntimeVersion(KeptTextOf(component, "Version")));
    });
  });
}

void ReadInfo(const JsonReader& root, EngineInfo& info, const std::map<std::string, std::string>& versions) {
  info.default_runtime = KeptTextOf(root, "DefaultRuntime");
  info.security_options = TextsOf(root, "SecurityOptions");
  // A component is named after the default runtime, by the name under which it is configured. A runtime with the same
  // path is the same program; one with another path is another program, even with the same file name.
  std::map<std::string, std::string> paths;
  IfPresent(root, "Runtimes", [&](const JsonReader& runtimes) {
    runtimes.ForEachMember(kMaxEntries, [&](std::string_view name, const JsonReader& runtime) {
      if (name.size() > kMaxText) return;
      const std::string path = KeptTextOf(runtime, "path");
      ContainerRuntime& entry = info.runtimes[std::string(name)];
      entry.name = path.empty() ? ShimsRuntime(name) : BaseName(path);
      IfPresent(runtime, "status", [&](const JsonReader& status) {
        entry.version = VersionFromFeatures(TextOf(status, "org.opencontainers.runtime-spec.features"));
      });
      paths.emplace(name, path);
    });
  });
  for (auto& [name, runtime] : info.runtimes) {
    if (!runtime.version.empty()) continue;
    for (const auto& [component, version] : versions) {
      const auto path = paths.find(component);
      if (component == name || (path != paths.end() && !path->second.empty() && path->second == paths[name])) {
        runtime.version = version;
      }
    }
  }
}

// Podman reports a number. Only valid signals are kept.
std::string StopSignalOf(const JsonReader& config) {
  std::string text;
  IfPresent(config, "StopSignal", [&](const JsonReader& member) {
    text = member.IsText() ? member.Text(kAnyLength) : Concat(member.Uint());
  });
  const std::optional<int> signal = SignalFromText(text);
  return signal.has_value() ? SignalName(*signal) : std::string();
}

// In the form that engines execute: docker/docker's daemon/health.go.
std::vector<std::string> HealthCommandOf(const JsonReader& config) {
  std::vector<std::string> test;
  IfPresent(config, "Healthcheck", [&](const JsonReader& check) { test = TextsOf(check, "Test"); });
  if (test.size() < 2 || test.front() == "NONE") return {};
  if (test.front() != "CMD-SHELL") return {test.begin() + 1, test.end()};
  std::vector<std::string> command = TextsOf(config, "Shell");
  if (command.empty()) command = {"/bin/sh", "-c"};
  command.push_back(test[1]);
  return command;
}

std::string ImageId(const std::string& id) {
  return IsContainerId(id) ? Concat("sha256:", id) : id;
}

std::optional<EngineEventKind> EventKind(std::string_view action) {
  constexpr std::pair<std::string_view, EngineEventKind> kKinds[] = {
      {"create", EngineEventKind::kCreate},
      {"start", EngineEventKind::kStart},
      {"kill", EngineEventKind::kKill},
      {"die", EngineEventKind::kDie},
      {"died", EngineEventKind::kDie},
      {"destroy", EngineEventKind::kDestroy},
      // Podman's name for it.
      {"remove", EngineEventKind::kDestroy},
      {"rename", EngineEventKind::kRename},
  };
  const auto* found = std::ranges::find(kKinds, action, &std::pair<std::string_view, EngineEventKind>::first);
  if (found == std::end(kKinds)) return std::nullopt;
  return found->second;
}

}  // namespace

std::string PlainRuntimeVersion(std::string_view version) {
  version = version.substr(0, version.find_first_of("\r\n"));
  const size_t word = version.find("version ");
  if (word != std::string_view::npos) version.remove_prefix(word + std::string_view("version ").size());
  return std::string(version.substr(0, version.find_first_of("+~ ,")));
}

std::string InspectionPath(const EngineInfo& engine, std::string_view id_or_name) {
  // Since Podman 4.
  const size_t dot = engine.version.find('.');
  const int major = ParseNumber<int>(std::string_view(engine.version).substr(0, dot)).value_or(0);
  constexpr int kFirst = 4;
  const bool own = engine.name == "podman" && major >= kFirst;
  return Concat(own ? "/v4.0.0/libpod/containers/" : "/containers/", id_or_name, "/json");
}

absl::StatusOr<EngineInfo> ParseEngineInfo(std::string_view info, std::string_view version) {
  EngineInfo result;
  std::map<std::string, std::string> versions;
  SYSCARVE_RETURN_IF_ERROR(ReadAnswer(version, kEngineLimits, "the engine's version",
                                      [&](const JsonReader& root) { ReadVersion(root, result, versions); }));
  SYSCARVE_RETURN_IF_ERROR(ReadAnswer(info, kEngineLimits, "the engine's description of itself",
                                      [&](const JsonReader& root) { ReadInfo(root, result, versions); }));
  return result;
}

absl::StatusOr<std::vector<std::string>> ParseContainerList(std::string_view text) {
  std::vector<std::string> ids;
  SYSCARVE_RETURN_IF_ERROR(
      ReadAnswer(text, kEngineLimits, "the engine's list of containers", [&](const JsonReader& root) {
        root.ForEach(kMaxListedContainers,
                     [&](const JsonReader& element) { ids.push_back(IdOf(element.Required("Id"))); });
      }));
  return ids;
}

absl::StatusOr<ContainerDetails> ParseInspection(std::string_view text, const EngineInfo& engine) {
  ContainerDetails details;
  Container& container = details.container;
  SYSCARVE_RETURN_IF_ERROR(
      ReadAnswer(text, kEngineLimits, "the engine's description of a container", [&](const JsonReader& root) {
        container.id = IdOf(root.Required("Id"));
        container.name = WithoutSlash(KeptTextOf(root, "Name"));
        container.image_digest = ImageId(KeptTextOf(root, "Image"));
        std::string runtime = KeptTextOf(root, "OCIRuntime");
        IfPresent(root, "State", [&](const JsonReader& state) {
          details.state = KeptTextOf(state, "Status");
          IfPresent(state, "Pid",
                    [&](const JsonReader& pid) { details.pid = static_cast<pid_t>(pid.Uint(0, INT_MAX)); });
          for (const std::string_view key : {"Health", "Healthcheck"}) {
            IfPresent(state, key, [&](const JsonReader& health) { details.health = KeptTextOf(health, "Status"); });
          }
        });
        IfPresent(root, "Config", [&](const JsonReader& config) {
          container.image = KeptTextOf(config, "Image");
          container.user = KeptTextOf(config, "User");
          container.labels = LabelsOf(config, "Labels");
          container.stop_signal = StopSignalOf(config);
          details.health_command = HealthCommandOf(config);
          container.health_check = !details.health_command.empty();
        });
        IfPresent(root, "HostConfig", [&](const JsonReader& host) {
          details.cgroup_parent = KeptTextOf(host, "CgroupParent");
          container.privileged = BoolOf(host, "Privileged");
          container.read_only_root = BoolOf(host, "ReadonlyRootfs");
          container.cap_add = CapabilitiesOf(host, "CapAdd");
          container.cap_drop = CapabilitiesOf(host, "CapDrop");
          const std::vector<std::string> options = TextsOf(host, "SecurityOpt");
          container.no_new_privs = NoNewPrivilegesOf(options, engine);
          container.seccomp = SeccompOf(options, container.privileged.value_or(false), engine);
          container.shares = SharedNamespaces(host);
          if (MountsEngineSocket(root)) container.shares->insert("engine-socket");
          container.publishes = PublishedPorts(host);
          if (runtime.empty()) runtime = KeptTextOf(host, "Runtime");
        });
        container.runtime = RuntimeOf(runtime, engine);
      }));
  details.exit_status = static_cast<int>(NumberOf(text, "State", "ExitCode", kMaxStatus).value_or(0));
  if (container.shares.has_value()) container.limits = LimitsOf(text);
  if (const auto seconds = NumberOf(text, "Config", "StopTimeout", kMaxStopSeconds)) {
    details.stop_time = std::chrono::seconds(*seconds);
  }
  return details;
}

std::string EventsPath(UnixNanos since) {
  constexpr UnixNanos kSecond = 1'000'000'000;
  char fraction[16];
  std::snprintf(fraction, sizeof(fraction), "%09u", static_cast<unsigned>(since % kSecond));
  return Concat("/events?since=", since / kSecond, ".", fraction,
                "&filters=", EncodeForUrl(R"({"type":["container"]})"));
}

absl::StatusOr<std::optional<EngineEvent>> ParseEngineEvent(std::string_view text) {
  std::optional<EngineEvent> result;
  SYSCARVE_RETURN_IF_ERROR(ReadAnswer(text, kEventLimits, "an event of the engine", [&](const JsonReader& root) {
    if (TextOf(root, "Type") != "container") return;
    const std::optional<EngineEventKind> kind = EventKind(TextOf(root, "Action"));
    if (!kind.has_value()) return;
    EngineEvent event = {.kind = *kind};
    const JsonReader actor = root.Required("Actor");
    event.id = IdOf(actor.Required("ID"));
    IfPresent(actor, "Attributes", [&](const JsonReader& attributes) {
      event.name = WithoutSlash(KeptTextOf(attributes, "name"));
      event.image = KeptTextOf(attributes, "image");
      // Podman's name for it.
      const std::string code = KeptTextOf(attributes, "exitCode") + KeptTextOf(attributes, "containerExitCode");
      event.exit_code = ParseNumber<int>(code).value_or(0);
      event.signal = ParseNumber<int>(KeptTextOf(attributes, "signal")).value_or(0);
    });
    event.labels = LabelsOf(actor, "Attributes");
    for (const char* own :
         {"name", "image", "oldName", "exitCode", "execDuration", "execID", "signal", "containerExitCode", "podId"}) {
      event.labels.erase(own);
    }
    IfPresent(root, "timeNano", [&](const JsonReader& time) { event.time = time.Uint(); });
    result = std::move(event);
  }));
  return result;
}

absl::StatusOr<std::string> ParseCreated(std::string_view text) {
  std::string id;
  SYSCARVE_RETURN_IF_ERROR(ReadAnswer(text, kEngineLimits, "the engine's answer to a new container",
                                      [&](const JsonReader& root) { id = IdOf(root.Required("Id")); }));
  return id;
}

absl::StatusOr<std::string> ParseNewExec(std::string_view text) {
  std::string id;
  SYSCARVE_RETURN_IF_ERROR(ReadAnswer(text, kEngineLimits, "the engine's answer to an exec session",
                                      [&](const JsonReader& root) { id = IdOf(root.Required("Id")); }));
  return id;
}

absl::StatusOr<std::optional<int>> ParseExec(std::string_view text) {
  std::optional<int> status;
  SYSCARVE_RETURN_IF_ERROR(
      ReadAnswer(text, kEngineLimits, "the engine's description of an exec session", [&](const JsonReader& root) {
        if (root.Required("Running").Bool()) return;
        IfPresent(root, "ExitCode",
                  [&](const JsonReader& code) { status = static_cast<int>(code.Uint(0, kMaxStatus)); });
      }));
  return status;
}

absl::StatusOr<std::string> ParseImported(std::string_view text) {
  constexpr std::string_view kWhat = "the engine's answer to a new image";
  std::string id;
  std::string problem;
  for (const std::string_view line : SplitNonEmpty(text, '\n')) {
    if (line == "\r") continue;
    SYSCARVE_RETURN_IF_ERROR(ReadAnswer(line, kEventLimits, kWhat, [&](const JsonReader& root) {
      if (std::string error = TextOf(root, "error"); problem.empty()) problem = std::move(error);
      const std::string status = ImageId(TextOf(root, "status"));
      if (status.starts_with("sha256:") && IsContainerId(std::string_view(status).substr(7))) id = status;
    }));
  }
  if (!problem.empty()) return absl::FailedPreconditionError(EscapeForTerminal(problem.substr(0, kMaxText)));
  if (id.empty()) return absl::InvalidArgumentError(Concat(kWhat, " names no image"));
  return id;
}

std::string ParseEngineError(std::string_view text) {
  constexpr size_t kMaxShown = 400;
  std::string message;
  const absl::Status read =
      ReadAnswer(text, kEventLimits, "", [&](const JsonReader& root) { message = TextOf(root, "message"); });
  if (!read.ok()) return {};
  return EscapeForTerminal(std::string_view(message).substr(0, kMaxShown));
}

}  // namespace syscarve
