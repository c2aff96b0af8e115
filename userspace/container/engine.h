// SPDX-License-Identifier: Apache-2.0
// A container engine that speaks Docker's API on a unix socket: Docker, and Podman as run by `podman system service`.
// Plain requests and responses, one at a time; engine_watcher.h follows the engine's events meanwhile.
//
// SYSCARVE_ASSIGN_OR_RETURN(const std::string socket, EngineSocket(std::nullopt));
// SYSCARVE_ASSIGN_OR_RETURN(const Engine engine, Engine::Connect(socket));
// SYSCARVE_ASSIGN_OR_RETURN(const ContainerDetails web, engine.Inspect("web"));
//
// Every request ends with a response, or with an error after at most a minute: kUnavailable if the engine is absent or
// the connection broke, kPermissionDenied if the socket may not be opened, kNotFound if the engine has no such
// container or image, kDeadlineExceeded if it hangs, kFailedPrecondition and kInvalidArgument for its refusals, with
// the engine's own message.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/container/engine_json.h"

namespace syscarve {

// The sockets of the engines to use: only DOCKER_HOST's if it is set; otherwise those of Docker's and Podman's usual
// ones that exist, at least one. kInvalidArgument if DOCKER_HOST is no unix:// address, since a remote engine's
// containers do not run on this kernel; kFailedPrecondition if there is none.
absl::StatusOr<std::vector<std::string>> DefaultEngineSockets();
// The same, for the given value of DOCKER_HOST and the given usual sockets.
absl::StatusOr<std::vector<std::string>> ChooseEngineSockets(std::optional<std::string_view> docker_host,
                                                             std::span<const std::string> usual);
// For a single engine: the requested socket, or else the first of the default ones.
absl::StatusOr<std::string> EngineSocket(const std::optional<std::string>& asked);

class Engine {
 public:
  // Connects and reads the engine's description.
  static absl::StatusOr<Engine> Connect(const std::string& socket);

  // At the time of connecting.
  const EngineInfo& Info() const { return info_; }
  const std::string& socket() const { return socket_; }

  // The ids of the running and paused containers.
  absl::StatusOr<std::vector<std::string>> List() const;
  // By id, an unambiguous prefix of one, or name.
  absl::StatusOr<ContainerDetails> Inspect(std::string_view id_or_name) const;

  // Creates a container from the JSON of the API's ContainerCreate, {"Image": …, "Cmd": […], "HostConfig": {…}}, with a
  // name if `name` is not empty. Returns its id.
  absl::StatusOr<std::string> CreateContainer(std::string_view json, std::string_view name = {}) const;
  absl::Status Start(std::string_view id) const;
  // Sends SIGKILL. kFailedPrecondition if the container does not run.
  absl::Status Kill(std::string_view id) const;
  // Sends this signal, by its name, to the container's first process.
  absl::Status Signal(std::string_view id, std::string_view signal) const;
  // Sends the container's stop signal, and SIGKILL if it has not ended in its configured time; returns when it has
  // ended. `patience` limits the whole.
  absl::Status Stop(std::string_view id, std::chrono::seconds patience) const;
  // Stops it in the same way, if it runs, and starts it again with its data.
  absl::Status Restart(std::string_view id, std::chrono::seconds patience) const;
  // Executes a command in the running container and returns its exit status; 126, 127 or an error if it cannot be
  // executed. kDeadlineExceeded if it does not end within a minute.
  absl::StatusOr<int> Exec(std::string_view id, std::span<const std::string> command) const;
  // Removes the container with its anonymous volumes, running or not.
  absl::Status Remove(std::string_view id) const;

  // Imports a tar archive of a root as an image of one layer and names it `reference`, "name:tag". Returns its id.
  absl::StatusOr<std::string> ImportImage(std::string tar, std::string_view reference) const;
  absl::Status RemoveImage(std::string_view reference_or_id) const;

 private:
  Engine(std::string socket, EngineInfo info) : socket_(std::move(socket)), info_(std::move(info)) {}

  std::string socket_;
  EngineInfo info_;
};

}  // namespace syscarve
