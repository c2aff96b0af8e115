// SPDX-License-Identifier: Apache-2.0
// The meaning of a container engine's responses. The engine is trusted to be an engine, not to be healthy: a response
// may be cut off, be of an unsupported version, or contain what a stranger wrote into an image's labels. Everything
// here is a pure function of text; engine.h and engine_watcher.h read the text.
//
// Sources: Docker Engine API v1.41 to v1.48 (docs.docker.com/reference/api/engine), Podman's compatible API and its own
// libpod API, and the responses of Docker 20.10 and Podman 4.3 in tests/unit/container.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// The limit for a response of an engine.
inline constexpr size_t kMaxEngineAnswerBytes = size_t{32} << 20;
// The limit for an event: it contains the container's labels, and little else.
inline constexpr size_t kMaxEngineEventBytes = size_t{4} << 20;

struct EngineInfo {
  std::string name;             // "docker" or "podman".
  std::string version;          // "20.10.24+dfsg1".
  std::string default_runtime;  // "runc".
  // By the name that a container may request: the program, and its version if the engine reports it ("1.1.5").
  std::map<std::string, ContainerRuntime> runtimes;
  // As spelled by the engine: "name=seccomp,profile=default", "name=no-new-privileges".
  std::vector<std::string> security_options;
};

// A container at one moment.
struct ContainerDetails {
  Container container;
  std::string state;          // "created", "running", "paused", "restarting", "removing", "exited", "dead" …
  pid_t pid = 0;              // Of its first process; 0 if it does not run.
  std::string cgroup_parent;  // As configured; "" for the engine's default.
  int exit_status = 0;        // Of the latest end.
  // The command of its health check, including its shell if it uses one; empty without a health check.
  std::vector<std::string> health_command;
  std::string health;                             // "starting", "healthy", "unhealthy"; "" without a health check.
  std::optional<std::chrono::seconds> stop_time;  // From its stop signal to SIGKILL; nullopt: the engine's default.
};

enum class EngineEventKind { kCreate, kStart, kKill, kDie, kDestroy, kRename };

struct EngineEvent {
  EngineEventKind kind = EngineEventKind::kCreate;
  std::string id;  // 64 hex digits.
  std::string name;
  std::string image;
  std::map<std::string, std::string> labels;  // Without those that have the name of one of the event's own attributes.
  UnixNanos time = 0;                         // By the engine's clock; 0 if the event has none.
  int exit_code = 0;                          // Of kDie.
  int signal = 0;                             // Of kKill.
};

// The version without additions by a distribution or a build, for comparing: "1.1.5+ds1" and "1.1.5~ds1-1" are "1.1.5",
// "1.2.0-rc.1" stays. Also accepts the first line of a runtime's --version: "runc version 1.1.5+ds1" is "1.1.5".
std::string PlainRuntimeVersion(std::string_view version);

// The path and query of the request for a container's description. Podman's own API includes the runtime, which its
// compatible one omits.
std::string InspectionPath(const EngineInfo& engine, std::string_view id_or_name);

// From the responses to /info and /version.
absl::StatusOr<EngineInfo> ParseEngineInfo(std::string_view info, std::string_view version);

// The ids in the response to /containers/json.
absl::StatusOr<std::vector<std::string>> ParseContainerList(std::string_view text);

// From the response to /containers/ID/json, or to Podman's own /libpod/containers/ID/json. `engine` is the description
// of that engine: its defaults apply where the container sets nothing. A field that is missing in the response is
// empty; a label or a capability that is oversized or malformed is left out.
absl::StatusOr<ContainerDetails> ParseInspection(std::string_view text, const EngineInfo& engine);

// The path and query of a subscription to the events of an engine's containers. The response begins before the engine
// has subscribed its client, so events in between are requested by time; the filter excludes events of networks and
// volumes.
std::string EventsPath(UnixNanos since);

// One object of /events. nullopt for an event that is not of a container or of none of the kinds above.
absl::StatusOr<std::optional<EngineEvent>> ParseEngineEvent(std::string_view text);

// The id in the response to /containers/create.
absl::StatusOr<std::string> ParseCreated(std::string_view text);

// The id in the response to a new exec session.
absl::StatusOr<std::string> ParseNewExec(std::string_view text);
// The exit status in the description of an exec session; nullopt while it runs.
absl::StatusOr<std::optional<int>> ParseExec(std::string_view text);

// The image id in the response to /images/create, a sequence of objects of which one may report a failure.
absl::StatusOr<std::string> ParseImported(std::string_view text);

// The engine's error message, from a response with an error status: one escaped line, or "".
std::string ParseEngineError(std::string_view text);

}  // namespace syscarve
