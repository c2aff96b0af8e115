// SPDX-License-Identifier: Apache-2.0
// A socket that looks like an engine's and passes everything on to it, so that a command which is given it as
// DOCKER_HOST creates its containers with profiles and capabilities that nobody had to write into its files.
//
//   SYSCARVE_ASSIGN_OR_RETURN(EngineRelay relay, EngineRelay::Start(std::move(options)));
//   command.environment.push_back("DOCKER_HOST=unix://" + relay.path());
//   …  // Run it.
//   SYSCARVE_ASSIGN_OR_RETURN(const RelayReport report, relay.Finish());
//
// Only the request that creates a container is read as a whole, and written anew; of all others only the head is. Each
// connection carries one request: the answer's head announces its end, so that nothing on it has to be
// taken apart that the engine would take apart otherwise, and no request can hide behind another. Connections that a
// client takes over (attach, exec, BuildKit) are passed on byte by byte, in both directions, with their half-closings.
// No HTTP server library is used for that reason: they own the connection, and none hands over what follows a head.
//
// It is a process of its own: without any capability, and as the command's user, so that it may do at the engine no
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
  // Ours alone to write to; the socket is made in it. The identity must be able to pass through it.
  std::string folder;
  std::optional<Identity> identity;  // Whose it is; nullopt: ours.
  // What a container is to be created with; nullopt: as it was asked for. Called in the relay's process.
  std::function<std::optional<Confinement>(const CreateRequest&)> confine;
  // A request that may end a container (EndedContainer) waits until the caller lets it pass: see EngineRelay::ends().
  bool hold_ends = false;
};

// A request that waits.
struct HeldEnd {
  uint64_t number = 0;
  std::string container;  // An id or a name, as the client wrote it: an adversary's bytes.
};

struct RelayReport {
  std::vector<EngineEvent> events;    // Of containers, in the order in which the engine sent them.
  std::vector<std::string> problems;  // Sentences without their full stop: what was not passed on, or not confined.
  bool engine_gone = false;           // It broke off, or could not be reached any more.
};

class EngineRelay {
 public:
  // Returns once the socket can be used and no event can be missed any more. Forks, so the caller must have one thread.
  static absl::StatusOr<EngineRelay> Start(const RelayOptions& options);
  EngineRelay(EngineRelay&& other) noexcept;
  EngineRelay& operator=(EngineRelay&&) = delete;
  // Ends the process and removes the socket.
  ~EngineRelay();

  const std::string& path() const { return path_; }

  // Readable when a request waits; of a relay with hold_ends. Every one must be taken and let pass, or its client waits
  // without end.
  int ends() const { return ends_.get(); }
  // The next one that waits; nullopt if there is none now.
  std::optional<HeldEnd> TakeEnd();
  void LetPass(const HeldEnd& end);

  // Ends it, once the engine has no more events.
  absl::StatusOr<RelayReport> Finish();

 private:
  EngineRelay() = default;
  absl::StatusOr<UniqueFd> Listen(const std::optional<Identity>& identity) const;

  pid_t pid_ = 0;
  UniqueFd control_;  // Closed to end the process.
  UniqueFd report_;   // A memory file that the process writes.
  UniqueFd ends_;     // A socket for HeldEnd: its number and container from the process, and the number to it.
  std::string path_;
};

}  // namespace syscarve
