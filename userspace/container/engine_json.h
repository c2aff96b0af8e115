// SPDX-License-Identifier: Apache-2.0
// What a container engine's answers mean. The engine is trusted to be an engine, not to be well: an answer may be cut
// off, be of a version that is not known yet, or carry what a stranger wrote into an image's labels. Everything here is
// a pure function from text; engine.h and engine_watcher.h bring the text.
//
// Sources: Docker Engine API v1.41 to v1.48 (docs.docker.com/reference/api/engine), Podman's compatible API and its own
// libpod API, and the answers of Docker 20.10 and Podman 4.3 that tests/unit/container keeps.
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

// No answer of an engine is read beyond this.
inline constexpr size_t kMaxEngineAnswerBytes = size_t{32} << 20;
// Nor one event: it carries the container's labels, and little else.
inline constexpr size_t kMaxEngineEventBytes = size_t{4} << 20;

struct EngineInfo {
  std::string name;             // "docker" or "podman".
  std::string version;          // "20.10.24+dfsg1".
  std::string default_runtime;  // "runc".
  // What each name stands for that a container may ask for: the program, and its version where the engine has it
  // ("1.1.5").
  std::map<std::string, ContainerRuntime> runtimes;
  // As the engine spells them: "name=seccomp,profile=default", "name=no-new-privileges".
  std::vector<std::string> security_options;
};

// A container at one moment.
struct ContainerDetails {
  Container container;
  std::string state;          // "created", "running", "paused", "restarting", "removing", "exited", "dead" …
  pid_t pid = 0;              // Of its first process, or 0 when it does not run.
  std::string cgroup_parent;  // As configured; "" for the engine's default.
  int exit_status = 0;        // Of the latest end.
  // What its health check executes, with its shell where it asks for one; empty without a health check.
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
  std::map<std::string, std::string> labels;  // Without those that collide with the event's own attributes.
  UnixNanos time = 0;                         // By the engine's clock; 0 when the event has none.
  int exit_code = 0;                          // Of kDie.
  int signal = 0;                             // Of kKill.
};

// The version without what a distribution or a build put behind it, for comparing: "1.1.5+ds1" and "1.1.5~ds1-1" are
// "1.1.5", "1.2.0-rc.1" stays. Also takes the first line of what a runtime prints of itself: "runc version 1.1.5+ds1"
// is "1.1.5".
std::string PlainRuntimeVersion(std::string_view version);

// The path and query that asks `engine` for a container. Podman's own API has the runtime, which its compatible one
// hides.
std::string InspectionPath(const EngineInfo& engine, std::string_view id_or_name);

// From the answers to /info and /version.
absl::StatusOr<EngineInfo> ParseEngineInfo(std::string_view info, std::string_view version);

// The ids in the answer to /containers/json.
absl::StatusOr<std::vector<std::string>> ParseContainerList(std::string_view text);

// From the answer to /containers/ID/json, or to Podman's own /libpod/containers/ID/json, of the engine that `engine`
// describes: its defaults hold where the container sets nothing. A field that the answer lacks is absent; a label or a
// capability of no real size or spelling is left out.
absl::StatusOr<ContainerDetails> ParseInspection(std::string_view text, const EngineInfo& engine);

// The path and query of a subscription to the events of an engine's containers. The answer begins before the engine has
// subscribed its client, so that events in between are requested by time; the filter leaves out those of networks and
// volumes.
std::string EventsPath(UnixNanos since);

// One object of /events. nullopt for an event that is not of a container or of no kind above.
absl::StatusOr<std::optional<EngineEvent>> ParseEngineEvent(std::string_view text);

// The id in the answer to /containers/create.
absl::StatusOr<std::string> ParseCreated(std::string_view text);

// The id in the answer to a new exec session.
absl::StatusOr<std::string> ParseNewExec(std::string_view text);
// The exit status in the description of an exec session; nullopt while it runs.
absl::StatusOr<std::optional<int>> ParseExec(std::string_view text);

// The image id in the answer to /images/create, a sequence of objects of which one may report a failure.
absl::StatusOr<std::string> ParseImported(std::string_view text);

// The engine's error message, from an answer with the status of an error: one escaped line, or "".
std::string ParseEngineError(std::string_view text);

}  // namespace syscarve
