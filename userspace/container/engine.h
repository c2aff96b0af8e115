// SPDX-License-Identifier: Apache-2.0
// A container engine that speaks Docker's API on a unix socket: Docker, and Podman as `podman system service` runs it.
// Plain questions and answers, one at a time; engine_watcher.h follows what the engine does meanwhile.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const std::string socket, EngineSocket(std::nullopt));
//   SYSCARVE_ASSIGN_OR_RETURN(const Engine engine, Engine::Connect(socket));
//   SYSCARVE_ASSIGN_OR_RETURN(const ContainerDetails web, engine.Inspect("web"));
//
// Every question ends: with an answer, or with an error after at most a minute. kUnavailable is an engine that is not
// there or broke off, kPermissionDenied a socket that may not be opened, kNotFound a container or image that the engine
// does not know, kDeadlineExceeded one that hangs, kFailedPrecondition and kInvalidArgument a refusal, with the
// engine's own words.
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

// The sockets of the engines that the user means: DOCKER_HOST's alone when it is set, else those that exist of Docker's
// and Podman's usual ones, at least one. kInvalidArgument when DOCKER_HOST is no unix:// address, as a remote engine's
// containers do not run on this kernel; kFailedPrecondition when there is none.
absl::StatusOr<std::vector<std::string>> DefaultEngineSockets();
// The same, of the given value of DOCKER_HOST and the given usual ones.
absl::StatusOr<std::vector<std::string>> ChooseEngineSockets(std::optional<std::string_view> docker_host,
                                                             std::span<const std::string> usual);
// Where one engine is enough: the socket that was asked for, or else the first of the default ones.
absl::StatusOr<std::string> EngineSocket(const std::optional<std::string>& asked);

class Engine {
 public:
  // Asks the engine who it is.
  static absl::StatusOr<Engine> Connect(const std::string& socket);

  // As it was when connecting.
  const EngineInfo& Info() const { return info_; }
  const std::string& socket() const { return socket_; }

  // The ids of the running and paused containers.
  absl::StatusOr<std::vector<std::string>> List() const;
  // By id, an unambiguous beginning of one, or name.
  absl::StatusOr<ContainerDetails> Inspect(std::string_view id_or_name) const;

  // Creates a container as the API's ContainerCreate takes it, {"Image": …, "Cmd": […], "HostConfig": {…}}, with a name
  // if `name` is not empty. Returns its id.
  absl::StatusOr<std::string> CreateContainer(std::string_view json, std::string_view name = {}) const;
  absl::Status Start(std::string_view id) const;
  // Sends SIGKILL. kFailedPrecondition when the container does not run.
  absl::Status Kill(std::string_view id) const;
  // Sends this signal, by its name, to the container's first process.
  absl::Status Signal(std::string_view id, std::string_view signal) const;
  // Sends the container's stop signal, and SIGKILL when it has not ended in the time that it is configured with;
  // returns when it has. `patience` is what this may take.
  absl::Status Stop(std::string_view id, std::chrono::seconds patience) const;
  // Stops it likewise, if it runs, and starts it anew on its data.
  absl::Status Restart(std::string_view id, std::chrono::seconds patience) const;
  // Executes a command in the running container and returns its exit status; 126 or 127 or an error when it cannot be
  // executed. kDeadlineExceeded when it does not end in a minute.
  absl::StatusOr<int> Exec(std::string_view id, std::span<const std::string> command) const;
  // Removes the container with its anonymous volumes, running or not.
  absl::Status Remove(std::string_view id) const;

  // Makes an image of one layer from a tar archive of its root and calls it `reference`, "name:tag". Returns its id.
  absl::StatusOr<std::string> ImportImage(std::string tar, std::string_view reference) const;
  absl::Status RemoveImage(std::string_view reference_or_id) const;

 private:
  Engine(std::string socket, EngineInfo info) : socket_(std::move(socket)), info_(std::move(info)) {}

  std::string socket_;
  EngineInfo info_;
};

}  // namespace syscarve
