// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/engine.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/container/http.h"

namespace syscarve {
namespace {

// Starting a container under load, or importing an image, may take long.
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(60);

bool IsSocket(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

absl::StatusOr<std::string> Query(const std::string& socket, HttpRequest request) {
  request.max_answer_bytes = kMaxEngineAnswerBytes;
  SYSCARVE_ASSIGN_OR_RETURN(HttpAnswer answer, Exchange(socket, std::move(request)));
  return std::move(answer.body);
}

// Docker's own grammar of container names, which includes ids. Any other text names no container, and must not be
// spliced into a path.
absl::Status CheckContainerName(std::string_view name) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const auto allowed = [&](char c) { return alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
  if (!name.empty() && alphanumeric(name.front()) && std::ranges::all_of(name, allowed)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Concat("\"", EscapeForTerminal(name), "\" is neither a container's name nor an id"));
}

// Sends `request`, whose path names the container `id`.
absl::Status Send(const std::string& socket, std::string_view id, HttpRequest request,
                  std::chrono::milliseconds patience = kPatience) {
  SYSCARVE_RETURN_IF_ERROR(CheckContainerName(id));
  request.timeout = patience;
  return Query(socket, std::move(request)).status();
}

// Requests `action` for the container: "start", or one with a query.
absl::Status Do(const std::string& socket, std::string_view id, std::string_view action,
                std::chrono::milliseconds patience = kPatience) {
  return Send(socket, id,
              {.method = "POST", .path = Concat("/containers/", id, "/", action), .content_type = "application/json"},
              patience);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ChooseEngineSockets(std::optional<std::string_view> docker_host,
                                                             std::span<const std::string> usual) {
  if (docker_host.has_value() && !docker_host->empty()) {
    constexpr std::string_view kUnix = "unix://";
    if (docker_host->starts_with(kUnix) && docker_host->size() > kUnix.size()) {
      return std::vector<std::string>{std::string(docker_host->substr(kUnix.size()))};
    }
    return WithHint(absl::InvalidArgumentError(Concat("DOCKER_HOST is \"", EscapeForTerminal(*docker_host),
                                                      "\", which is no unix:// address")),
                    "Only containers of this host can be recorded; name the unix socket of the engine that runs them");
  }
  std::vector<std::string> found;
  std::ranges::copy_if(usual, std::back_inserter(found), IsSocket);
  if (!found.empty()) return found;
  std::string tried;
  for (const std::string& path : usual) tried += Concat(tried.empty() ? "" : " nor at ", path);
  return WithHint(absl::FailedPreconditionError(Concat("no container engine listens at ", tried)),
                  "Start dockerd or `podman system service`, or name the unix socket of one that runs");
}

absl::StatusOr<std::vector<std::string>> DefaultEngineSockets() {
  static const std::string kUsual[] = {"/var/run/docker.sock", "/run/podman/podman.sock"};
  const char* host = std::getenv("DOCKER_HOST");
  return ChooseEngineSockets(host != nullptr ? std::optional<std::string_view>(host) : std::nullopt, kUsual);
}

absl::StatusOr<std::string> EngineSocket(const std::optional<std::string>& asked) {
  if (asked.has_value()) return *asked;
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<std::string> sockets, DefaultEngineSockets());
  return sockets.front();
}

absl::StatusOr<Engine> Engine::Connect(const std::string& socket) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string version, Query(socket, {.path = "/version"}));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string info, Query(socket, {.path = "/info"}));
  absl::StatusOr<EngineInfo> parsed = ParseEngineInfo(info, version);
  if (!parsed.ok()) return Annotate(parsed.status(), EscapeForTerminal(socket));
  return Engine(socket, *std::move(parsed));
}

absl::StatusOr<std::vector<std::string>> Engine::List() const {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, Query(socket_, {.path = "/containers/json"}));
  return ParseContainerList(text);
}

absl::StatusOr<ContainerDetails> Engine::Inspect(std::string_view id_or_name) const {
  SYSCARVE_RETURN_IF_ERROR(CheckContainerName(id_or_name));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, Query(socket_, {.path = InspectionPath(info_, id_or_name)}));
  return ParseInspection(text, info_);
}

absl::StatusOr<std::string> Engine::CreateContainer(std::string_view json, std::string_view name) const {
  std::string path = "/containers/create";
  if (!name.empty()) {
    SYSCARVE_RETURN_IF_ERROR(CheckContainerName(name));
    path = Concat(path, "?name=", EncodeForUrl(name));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, Query(socket_, {.method = "POST",
                                                                    .path = std::move(path),
                                                                    .content_type = "application/json",
                                                                    .body = std::string(json),
                                                                    .timeout = kPatience}));
  return ParseCreated(text);
}

absl::Status Engine::Start(std::string_view id) const {
  return Do(socket_, id, "start");
}

absl::Status Engine::Kill(std::string_view id) const {
  return Do(socket_, id, "kill");
}

absl::Status Engine::Signal(std::string_view id, std::string_view signal) const {
  return Do(socket_, id, Concat("kill?signal=", EncodeForUrl(signal)));
}

absl::Status Engine::Stop(std::string_view id, std::chrono::seconds patience) const {
  return Do(socket_, id, "stop", patience);
}

absl::Status Engine::Restart(std::string_view id, std::chrono::seconds patience) const {
  return Do(socket_, id, "restart", patience);
}

absl::StatusOr<int> Engine::Exec(std::string_view id, std::span<const std::string> command) const {
  SYSCARVE_RETURN_IF_ERROR(CheckContainerName(id));
  JsonValue::Array words;
  for (const std::string& word : command) words.emplace_back(word);
  const JsonValue asked = JsonValue::Object{{"AttachStdout", true}, {"AttachStderr", true}, {"Cmd", std::move(words)}};
  const auto post = [this](std::string path, std::string body) {
    return Query(socket_, {.method = "POST",
                           .path = std::move(path),
                           .content_type = "application/json",
                           .body = std::move(body),
                           .timeout = kPatience});
  };
  SYSCARVE_ASSIGN_OR_RETURN(const std::string made, post(Concat("/containers/", id, "/exec"), PrintCompactJson(asked)));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string exec, ParseNewExec(made));
  // Its output is the response's body, which ends with the command.
  const auto started = post(Concat("/exec/", exec, "/start"), R"({"Detach":false,"Tty":false})");
  const auto described = Query(socket_, {.path = Concat("/exec/", exec, "/json"), .timeout = kPatience});
  if (!described.ok()) return started.ok() ? described.status() : started.status();
  SYSCARVE_ASSIGN_OR_RETURN(const std::optional<int> status, ParseExec(*described));
  if (!started.ok()) return started.status();
  if (!status.has_value()) return absl::DeadlineExceededError("the command has not ended");
  return *status;
}

absl::Status Engine::Remove(std::string_view id) const {
  const HttpRequest request = {.method = "DELETE", .path = Concat("/containers/", id, "?force=1&v=1")};
  const absl::Status removed = Send(socket_, id, request);
  // Podman refuses if the container is just ending by itself; a repeated request succeeds.
  return absl::IsFailedPrecondition(removed) ? Send(socket_, id, request) : removed;
}

absl::StatusOr<std::string> Engine::ImportImage(std::string tar, std::string_view reference) const {
  // The tag is the part after the last colon, unless that colon belongs to a registry's port.
  size_t colon = reference.rfind(':');
  if (colon != std::string_view::npos && reference.find('/', colon) != std::string_view::npos)
    colon = std::string_view::npos;
  const std::string_view tag = colon == std::string_view::npos ? "latest" : reference.substr(colon + 1);
  const std::string what = Concat("import the image ", EscapeForTerminal(reference));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, Query(socket_, {.method = "POST",
                                                                    .path = "/images/create?fromSrc=-",
                                                                    .content_type = "application/x-tar",
                                                                    .body = std::move(tar),
                                                                    .timeout = kPatience}));
  absl::StatusOr<std::string> id = ParseImported(text);
  if (!id.ok()) return Annotate(id.status(), what);
  // Tagged in a second step, because Podman's import ignores the tag.
  const absl::Status named =
      Query(socket_, {.method = "POST",
                      .path = Concat("/images/", *id, "/tag?repo=", EncodeForUrl(reference.substr(0, colon)),
                                     "&tag=", EncodeForUrl(tag)),
                      .content_type = "application/json",
                      .timeout = kPatience})
          .status();
  if (!named.ok()) {
    RemoveImage(*id).IgnoreError();
    return Annotate(named, what);
  }
  return id;
}

absl::Status Engine::RemoveImage(std::string_view reference_or_id) const {
  if (reference_or_id.empty() || reference_or_id.front() == '.' ||
      reference_or_id.find("/.") != std::string_view::npos) {
    return absl::InvalidArgumentError(Concat("\"", EscapeForTerminal(reference_or_id), "\" is no image"));
  }
  return Query(socket_,
               {.method = "DELETE", .path = Concat("/images/", EncodeForUrl(reference_or_id)), .timeout = kPatience})
      .status();
}

}  // namespace syscarve
