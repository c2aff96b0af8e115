// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/create_request.h"

#include <algorithm>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

constexpr JsonLimits kCreateLimits = {.bytes = kMaxCreateBytes, .values = 200'000, .depth = 64};
// Engines use the last of two members of the same name; here that is refused for members that are evaluated.
constexpr JsonLeniency kLeniency = {.byte_order_mark = false, .repeated_keys = true};

constexpr std::string_view kCreatePath = "/containers/create";
constexpr std::string_view kLibpodCreatePath = "/libpod/containers/create";

std::string_view PathOf(std::string_view target) {
  return target.substr(0, target.find('?'));
}

// Removes the API's version: "/v1.41/containers/create" becomes "/containers/create".
std::string_view WithoutVersion(std::string_view path) {
  constexpr std::string_view kVersion = "0123456789.";
  if (!path.starts_with("/v")) return path;
  const size_t end = path.find_first_not_of(kVersion, 2);
  return end == std::string_view::npos || end == 2 || path[end] != '/' ? path : path.substr(end);
}

// Decodes a part of a query as a server does.
std::string DecodeQueryPart(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    constexpr int kHexadecimal = 16;
    const auto byte = text[i] == '%' && i + 2 < text.size()
                          ? ParseNumber<unsigned char>(text.substr(i + 1, 2), kHexadecimal)
                          : std::nullopt;
    if (byte.has_value()) {
      decoded += static_cast<char>(*byte);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::string QueryValue(std::string_view target, std::string_view key) {
  const size_t question = target.find('?');
  std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    const size_t equals = part.find('=');
    if (DecodeQueryPart(part.substr(0, equals)) == key) {
      return equals == std::string_view::npos ? std::string() : DecodeQueryPart(part.substr(equals + 1));
    }
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return "";
}

absl::StatusOr<const JsonValue*> MemberOf(const JsonValue::Object& object, std::string_view key) {
  const JsonValue* found = nullptr;
  for (const JsonMember& member : object) {
    if (!EqualsIgnoringCase(member.key, key)) continue;
    if (found != nullptr) return absl::InvalidArgumentError(Concat("the request has ", key, " twice"));
    found = &member.value;
  }
  return found;
}

bool IsNull(const JsonValue* value) {
  return value == nullptr || std::holds_alternative<std::nullptr_t>(value->data);
}

// The member as `Kind`; nullptr if it is missing or null.
template <typename Kind>
absl::StatusOr<const Kind*> TypedMember(const JsonValue::Object& object, std::string_view key) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue* const member, MemberOf(object, key));
  if (IsNull(member)) return nullptr;
  const Kind* const typed = std::get_if<Kind>(&member->data);
  if (typed == nullptr) return absl::InvalidArgumentError(Concat("the request's ", key, " is of another type"));
  return typed;
}

// The texts of an array; empty if it is missing or null.
absl::StatusOr<std::vector<std::string>> TextsOf(const JsonValue::Object& object, std::string_view key) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue::Array* const array, TypedMember<JsonValue::Array>(object, key));
  std::vector<std::string> texts;
  for (const JsonValue& element : array == nullptr ? JsonValue::Array() : *array) {
    if (const auto* const text = std::get_if<std::string>(&element.data)) texts.push_back(*text);
  }
  return texts;
}

absl::StatusOr<JsonValue> ParseBody(std::string_view body) {
  absl::StatusOr<JsonValue> root = ParseStrictJson(body, kCreateLimits, kLeniency);
  if (!root.ok()) return Annotate(root.status(), "the request to create a container");
  if (!std::holds_alternative<JsonValue::Object>(root->data)) {
    return absl::InvalidArgumentError("the request to create a container is no JSON object");
  }
  return root;
}

// An edit of a text: the range from `begin` to `end` is replaced by `text`.
struct Edit {
  uint32_t begin;
  uint32_t end;
  std::string text;
};

std::string Apply(std::vector<Edit> edits, std::string_view text) {
  std::ranges::sort(edits, {}, &Edit::begin);
  std::string result;
  size_t at = 0;
  for (const Edit& edit : edits) {
    result += text.substr(at, edit.begin - at);
    result += edit.text;
    at = edit.end;
  }
  result += text.substr(at);
  return result;
}

// Sets members of an object, replacing existing ones of the same name. `value` may be null or missing.
class ObjectEditor {
 public:
  // For an object that does not exist yet.
  ObjectEditor() = default;
  explicit ObjectEditor(const JsonValue* value) : value_(IsNull(value) ? nullptr : value) {}

  absl::Status Set(std::string_view key, std::string value) {
    const JsonValue* old = nullptr;
    if (value_ != nullptr) {
      SYSCARVE_ASSIGN_OR_RETURN(old, MemberOf(std::get<JsonValue::Object>(value_->data), key));
    }
    if (old != nullptr) {
      edits_.push_back({old->place.begin, old->place.end, std::move(value)});
    } else {
      added_ += Concat(added_.empty() ? "" : ",", "\"", key, "\":", value);
    }
    return absl::OkStatus();
  }

  // For an object that is in the text.
  void AppendEdits(std::vector<Edit>& edits) const {
    edits.insert(edits.end(), edits_.begin(), edits_.end());
    if (added_.empty()) return;
    const bool alone = std::get<JsonValue::Object>(value_->data).empty();
    const uint32_t at = value_->place.begin + 1;
    edits.push_back({at, at, Concat(added_, alone ? "" : ",")});
  }
  bool in_text() const { return value_ != nullptr; }
  bool changed() const { return !edits_.empty() || !added_.empty(); }
  std::string Written() const { return Concat("{", added_, "}"); }

 private:
  const JsonValue* value_ = nullptr;
  std::vector<Edit> edits_;
  std::string added_;
};

bool IsSeccomp(std::string_view option) {
  // The colon is the older form.
  return option.starts_with("seccomp=") || option.starts_with("seccomp:");
}

// Whether the option is for `key`, in any of its forms.
bool IsOption(const JsonValue& option, std::string_view key) {
  const auto* const text = std::get_if<std::string>(&option.data);
  if (text == nullptr || !text->starts_with(key)) return false;
  return text->size() == key.size() || (*text)[key.size()] == '=' || (*text)[key.size()] == ':';
}

absl::StatusOr<std::string> SecurityOptions(const JsonValue* host_config, const Confinement& confinement) {
  JsonValue::Array options;
  if (host_config != nullptr) {
    SYSCARVE_ASSIGN_OR_RETURN(
        const JsonValue::Array* const old,
        TypedMember<JsonValue::Array>(std::get<JsonValue::Object>(host_config->data), "SecurityOpt"));
    if (old != nullptr) options = *old;
  }
  const auto replace = [&options](std::string_view key, std::string value) {
    std::erase_if(options, [key](const JsonValue& option) { return IsOption(option, key); });
    options.emplace_back(std::move(value));
  };
  if (confinement.profile.has_value()) replace("seccomp", Concat("seccomp=", *confinement.profile));
  const ContainerLine line = confinement.line.value_or(ContainerLine());
  if (line.no_new_privileges) replace("no-new-privileges", "no-new-privileges:true");
  if (line.apparmor.has_value()) replace("apparmor", Concat("apparmor=", *line.apparmor));
  if (line.selinux_type.has_value()) options.emplace_back(Concat("label=type:", *line.selinux_type));
  return PrintCompactJson(options);
}

bool ChangesSecurityOptions(const Confinement& confinement) {
  const std::optional<ContainerLine>& line = confinement.line;
  return confinement.profile.has_value() ||
         (line.has_value() &&
          (line->no_new_privileges || line->apparmor.has_value() || line->selinux_type.has_value()));
}

std::string Names(const std::vector<std::string>& names) {
  JsonValue::Array array;
  for (const std::string& name : names) array.emplace_back(name);
  return PrintCompactJson(array);
}

// The object `key` of `root`, or nullptr if there is none.
absl::StatusOr<const JsonValue*> ObjectMember(const JsonValue::Object& root, std::string_view key) {
  SYSCARVE_RETURN_IF_ERROR(TypedMember<JsonValue::Object>(root, key).status());
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue* const member, MemberOf(root, key));
  return IsNull(member) ? nullptr : member;
}

// The members of the object `key` of `value`, which may be null or missing; empty if the object is.
absl::StatusOr<JsonValue::Object> MembersOf(const JsonValue* value, std::string_view key) {
  if (IsNull(value)) return JsonValue::Object();
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue::Object* const object,
                            TypedMember<JsonValue::Object>(std::get<JsonValue::Object>(value->data), key));
  return object == nullptr ? JsonValue::Object() : *object;
}

void SetMember(JsonValue::Object& object, const std::string& key, JsonValue value) {
  std::erase_if(object, [&key](const JsonMember& member) { return member.key == key; });
  object.push_back({key, std::move(value)});
}

// The destinations of a request's mounts.
absl::StatusOr<std::set<std::string>> MountedPaths(const JsonValue* host_config) {
  std::set<std::string> paths;
  if (IsNull(host_config)) return paths;
  const auto& host = std::get<JsonValue::Object>(host_config->data);
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue::Object tmpfs, MembersOf(host_config, "Tmpfs"));
  for (const JsonMember& member : tmpfs) paths.insert(member.key);
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<std::string> binds, TextsOf(host, "Binds"));
  for (const std::string& bind : binds) {
    const size_t source_end = bind.find(':');
    if (source_end == std::string_view::npos) continue;
    paths.insert(bind.substr(source_end + 1, bind.find(':', source_end + 1) - source_end - 1));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue::Array* const mounts, TypedMember<JsonValue::Array>(host, "Mounts"));
  for (const JsonValue& mount : mounts == nullptr ? JsonValue::Array() : *mounts) {
    const auto* const members = std::get_if<JsonValue::Object>(&mount.data);
    if (members == nullptr) continue;
    SYSCARVE_ASSIGN_OR_RETURN(const std::string* const target, TypedMember<std::string>(*members, "Target"));
    if (target != nullptr) paths.insert(*target);
  }
  return paths;
}

absl::Status SetWritable(const JsonValue& root_value, const JsonValue* host_config, const ContainerLine& line,
                         ObjectEditor& root, ObjectEditor& host) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::set<std::string> mounted, MountedPaths(host_config));
  SYSCARVE_ASSIGN_OR_RETURN(JsonValue::Object tmpfs, MembersOf(host_config, "Tmpfs"));
  SYSCARVE_ASSIGN_OR_RETURN(JsonValue::Object volumes, MembersOf(&root_value, "Volumes"));
  bool has_volumes = false;
  for (const auto& [path, directory] : line.writable) {
    if (mounted.contains(path)) continue;
    if (NeedsDockerVolume(directory)) {
      SetMember(volumes, path, JsonValue::Object());
      has_volumes = true;
    } else {
      SetMember(tmpfs, path, TmpfsOptions(directory));
    }
  }
  SYSCARVE_RETURN_IF_ERROR(host.Set("ReadonlyRootfs", "true"));
  if (!tmpfs.empty()) SYSCARVE_RETURN_IF_ERROR(host.Set("Tmpfs", PrintCompactJson(tmpfs)));
  return has_volumes ? root.Set("Volumes", PrintCompactJson(volumes)) : absl::OkStatus();
}

absl::StatusOr<std::string> DescriptorLimits(const JsonValue* host_config, const ContainerLine& line) {
  JsonValue::Array limits;
  if (!IsNull(host_config)) {
    SYSCARVE_ASSIGN_OR_RETURN(const JsonValue::Array* const old,
                              TypedMember<JsonValue::Array>(std::get<JsonValue::Object>(host_config->data), "Ulimits"));
    if (old != nullptr) limits = *old;
  }
  std::erase_if(limits, [](const JsonValue& limit) {
    const auto* const members = std::get_if<JsonValue::Object>(&limit.data);
    return members != nullptr && std::ranges::any_of(*members, [](const JsonMember& member) {
             const auto* const name = std::get_if<std::string>(&member.value.data);
             return EqualsIgnoringCase(member.key, "Name") && name != nullptr && *name == "nofile";
           });
  });
  limits.emplace_back(JsonValue::Object{
      {"Name", "nofile"}, {"Soft", *line.open_files}, {"Hard", line.open_files_hard.value_or(*line.open_files)}});
  return PrintCompactJson(limits);
}

absl::Status SetLine(const JsonValue& root_value, const JsonValue* host_config, const ContainerLine& line,
                     ObjectEditor& root, ObjectEditor& host) {
  constexpr uint64_t kNanosPerMilli = 1'000'000;
  if (line.user.has_value()) SYSCARVE_RETURN_IF_ERROR(root.Set("User", QuoteForJson(*line.user)));
  if (line.read_only_root) SYSCARVE_RETURN_IF_ERROR(SetWritable(root_value, host_config, line, root, host));
  if (line.memory_bytes.has_value()) {
    SYSCARVE_RETURN_IF_ERROR(host.Set("Memory", Concat(*line.memory_bytes)));
    SYSCARVE_RETURN_IF_ERROR(host.Set("MemorySwap", Concat(*line.memory_bytes)));
  }
  if (line.cpu_milli.has_value()) {
    SYSCARVE_RETURN_IF_ERROR(host.Set("NanoCpus", Concat(*line.cpu_milli * kNanosPerMilli)));
    // Other forms of the same limit, which engines refuse in combination with it.
    SYSCARVE_RETURN_IF_ERROR(host.Set("CpuQuota", "0"));
    SYSCARVE_RETURN_IF_ERROR(host.Set("CpuPeriod", "0"));
  }
  if (line.pids.has_value()) SYSCARVE_RETURN_IF_ERROR(host.Set("PidsLimit", Concat(*line.pids)));
  if (line.open_files.has_value()) {
    SYSCARVE_ASSIGN_OR_RETURN(std::string limits, DescriptorLimits(host_config, line));
    SYSCARVE_RETURN_IF_ERROR(host.Set("Ulimits", std::move(limits)));
  }
  if (line.no_network) {
    SYSCARVE_RETURN_IF_ERROR(host.Set("NetworkMode", R"("none")"));
    SYSCARVE_RETURN_IF_ERROR(root.Set("NetworkingConfig", "{}"));
  }
  if (line.private_ipc) SYSCARVE_RETURN_IF_ERROR(host.Set("IpcMode", R"("private")"));
  if (!line.sysctls.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(JsonValue::Object sysctls, MembersOf(host_config, "Sysctls"));
    for (const auto& [name, value] : line.sysctls) SetMember(sysctls, name, value);
    SYSCARVE_RETURN_IF_ERROR(host.Set("Sysctls", PrintCompactJson(sysctls)));
  }
  return absl::OkStatus();
}

}  // namespace

CreateTarget CreateTargetOf(std::string_view method, std::string_view target) {
  if (method != "POST") return CreateTarget::kOther;
  const std::string_view path = WithoutVersion(PathOf(target));
  if (path == kCreatePath) return CreateTarget::kDocker;
  return path == kLibpodCreatePath ? CreateTarget::kLibpod : CreateTarget::kOther;
}

std::optional<std::string> EndedContainer(std::string_view method, std::string_view target) {
  constexpr std::string_view kContainers = "/containers/";
  constexpr std::string_view kEnds[] = {"stop", "kill", "restart"};
  std::string_view path = WithoutVersion(PathOf(target));
  if (!path.starts_with(kContainers)) return std::nullopt;
  path.remove_prefix(kContainers.size());
  const size_t slash = path.find('/');
  const std::string container = DecodeQueryPart(path.substr(0, slash));
  // The grammar of names and ids in engines; they refuse anything else.
  const bool valid = std::ranges::all_of(container, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
  if (container.empty() || !valid || container.starts_with('.')) return std::nullopt;
  if (slash == std::string_view::npos) return method == "DELETE" ? std::optional(container) : std::nullopt;
  const bool ends = method == "POST" && std::ranges::find(kEnds, path.substr(slash + 1)) != std::end(kEnds);
  return ends ? std::optional(container) : std::nullopt;
}

absl::StatusOr<CreateRequest> ReadCreateRequest(std::string_view target, std::string_view body) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue value, ParseBody(body));
  const auto& root = std::get<JsonValue::Object>(value.data);
  CreateRequest request;
  request.container.name = QueryValue(target, "name");
  if (request.container.name.starts_with('/')) request.container.name.erase(0, 1);
  SYSCARVE_ASSIGN_OR_RETURN(const std::string* const image, TypedMember<std::string>(root, "Image"));
  if (image != nullptr) request.container.image = *image;
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue::Object* const labels, TypedMember<JsonValue::Object>(root, "Labels"));
  if (labels != nullptr) {
    for (const JsonMember& label : *labels) {
      const auto* const text = std::get_if<std::string>(&label.value.data);
      if (text != nullptr) request.container.labels[label.key] = *text;
    }
  }
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue::Object* const host, TypedMember<JsonValue::Object>(root, "HostConfig"));
  if (host != nullptr) {
    SYSCARVE_ASSIGN_OR_RETURN(const bool* const privileged, TypedMember<bool>(*host, "Privileged"));
    request.privileged = privileged != nullptr && *privileged;
    SYSCARVE_ASSIGN_OR_RETURN(request.container.cap_add, TextsOf(*host, "CapAdd"));
    SYSCARVE_ASSIGN_OR_RETURN(request.container.cap_drop, TextsOf(*host, "CapDrop"));
    SYSCARVE_ASSIGN_OR_RETURN(const std::vector<std::string> options, TextsOf(*host, "SecurityOpt"));
    for (const std::string& option : options) {
      if (IsSeccomp(option)) request.seccomp = option.substr(std::string_view("seccomp=").size());
    }
  }
  return request;
}

absl::StatusOr<std::string> Confine(std::string_view body, const Confinement& confinement) {
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue value, ParseBody(body));
  const auto& members = std::get<JsonValue::Object>(value.data);
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue* const host_config, ObjectMember(members, "HostConfig"));
  SYSCARVE_ASSIGN_OR_RETURN(const JsonValue* const old_labels, ObjectMember(members, "Labels"));

  ObjectEditor host(host_config);
  ObjectEditor root(&value);
  if (ChangesSecurityOptions(confinement)) {
    SYSCARVE_ASSIGN_OR_RETURN(std::string options, SecurityOptions(host_config, confinement));
    SYSCARVE_RETURN_IF_ERROR(host.Set("SecurityOpt", std::move(options)));
  }
  if (confinement.cap_add.has_value()) {
    SYSCARVE_RETURN_IF_ERROR(host.Set("CapDrop", R"(["ALL"])"));
    SYSCARVE_RETURN_IF_ERROR(host.Set("CapAdd", Names(*confinement.cap_add)));
  }
  if (confinement.line.has_value()) {
    SYSCARVE_RETURN_IF_ERROR(SetLine(value, host_config, *confinement.line, root, host));
  }
  ObjectEditor labels(old_labels);
  SYSCARVE_RETURN_IF_ERROR(labels.Set(confinement.label, R"("1")"));

  std::vector<Edit> edits;
  for (const auto& [key, object] : {std::pair("HostConfig", &host), std::pair("Labels", &labels)}) {
    if (object == &host && !host.changed()) continue;
    if (object->in_text()) {
      object->AppendEdits(edits);
    } else {
      SYSCARVE_RETURN_IF_ERROR(root.Set(key, object->Written()));
    }
  }
  root.AppendEdits(edits);
  return Apply(std::move(edits), body);
}

}  // namespace syscarve
