// SPDX-License-Identifier: Apache-2.0
// A socket that behaves like an engine's and forwards everything to it. A command that has it as DOCKER_HOST creates
// its containers with profiles and capabilities that are not in the command's files.
//
//   SYSCARVE_ASSIGN_OR_RETURN(EngineRelay relay, EngineRelay::Start(std::move(options)));
//   command.environment.push_back("DOCKER_HOST=unix://" + relay.path());
//   …  // Run it.
//   SYSCARVE_ASSIGN_OR_RETURN(const RelayReport report, relay.Finish());
//
// Only a request that creates a container is read completely, and rewritten; of all others only the head is. Each
// connection carries one request: the response's head announces the connection's end. So nothing is parsed on it that
// the engine could parse differently, and no request can hide behind another. Connections that a client takes over
// (attach, exec, BuildKit) are forwarded byte by byte, in both directions, with their half-closes. HTTP server
// libraries are not used for that reason: they own the connection, and none passes on the bytes that follow a head.
//
// The relay is a separate process: without any capability, and as the command's user, so that it can request no more of
// the engine than that user. It also reads the engine's events meanwhile.
// more than that user may. It also listens to the engine's events meanwhile.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"
#include "userspace/container/create_request.h"
#include "userspace/container/engine_json.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"

namespace syscarve {

struct RelayOptions {
  std::string engine_socket;
  // Writable only by this user; the socket is created in it. The identity must be able to search it.
  std::string folder;
  std::optional<Identity> identity;  // The socket's owner; nullopt: the current user.
  // The confinement of a container to be created; nullopt: as requested. Called in the relay's process.
  std::function<std::optional<Confinement>(const CreateRequest&)> confine;
  // Hold each request that may end a container (EndedContainer) until the caller releases it: see EngineRelay::ends().
  bool hold_ends = false;
};

// A held request.
struct HeldEnd {
  uint64_t number = 0;
  std::string container;  // An id or a name, as the client wrote it; untrusted.
};

struct RelayReport {
  std::vector<EngineEvent> events;    // Of containers, in the order in which the engine sent them.
  std::vector<std::string> problems;  // Sentences without full stop: what was not forwarded, or not confined.
  bool engine_gone = false;           // The connection to it broke, or could not be made again.
};

class EngineRelay {
 public:
  // Returns once the socket is usable and no later event can be missed. Forks: the caller must have one thread.
  static absl::StatusOr<EngineRelay> Start(const RelayOptions& options);
  EngineRelay(EngineRelay&& other) noexcept;
  EngineRelay& operator=(EngineRelay&&) = delete;
  // Ends the process and removes the socket.
  ~EngineRelay();

  const std::string& path() const { return path_; }

  // With hold_ends: readable when a request is held. Each must be taken with TakeEnd() and released with LetPass(), or
  // its client waits for ever.
  int ends() const { return ends_.get(); }
  // The next held request; nullopt if there is none now.
  std::optional<HeldEnd> TakeEnd();
  void LetPass(const HeldEnd& end);

  // Ends the process, once the engine has no more events.
  absl::StatusOr<RelayReport> Finish();

 private:
  EngineRelay() = default;
  absl::StatusOr<UniqueFd> Listen(const std::optional<Identity>& identity) const;

  pid_t pid_ = 0;
  UniqueFd control_;  // Closed to end the process.
  UniqueFd report_;   // A memory file that the process writes.
  UniqueFd ends_;     // A socket for HeldEnd: receives its number and container, sends the number back.
  std::string path_;
};

}  // namespace syscarve
