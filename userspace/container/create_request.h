// SPDX-License-Identifier: Apache-2.0
// What a client of Docker's API asks an engine for when it creates a container, and the same request with a seccomp
// profile and capabilities of ours; and which requests end a container. Pure functions of text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/container_line.h"
#include "userspace/model/recording.h"

namespace syscarve {

// A profile is a few dozen KiB; what users mount and set is less.
inline constexpr size_t kMaxCreateBytes = size_t{16} << 20;

enum class CreateTarget {
  kOther,   // Creates no container.
  kDocker,  // POST /containers/create, with a version in front or not.
  kLibpod,  // The same of Podman's own API, whose body is another one.
};
CreateTarget CreateTargetOf(std::string_view method, std::string_view target);

// The container, an id or a name of letters, digits, '_', '.' and '-', that a request may end: stop, kill with any
// signal, restart, or remove. nullopt for any other request.
std::optional<std::string> EndedContainer(std::string_view method, std::string_view target);

struct CreateRequest {
  // Its name, image and labels: what it is called by. An adversary's bytes. And cap_add and cap_drop, as they are
  // spelt.
  Container container;
  bool privileged = false;
  std::optional<std::string> seccomp;  // As the engine takes it behind "seccomp=": JSON, a path, "unconfined" …
};

// kInvalidArgument for a body that is no JSON object, or one with two of a member that is looked at; engines take keys
// without regard to case.
absl::StatusOr<CreateRequest> ReadCreateRequest(std::string_view target, std::string_view body);

struct Confinement {
  // As the engine takes it behind "seccomp=": the JSON, or a path; nullopt leaves it as it is.
  std::optional<std::string> profile;
  std::optional<std::vector<std::string>> cap_add;  // After dropping all; nullopt leaves capabilities as they are.
  // The rest of the line, but for its capabilities and devices. A directory that the request mounts something over
  // stays so.
  std::optional<ContainerLine> line;
  std::string label;  // Set to "1" on the container: it is one of ours.
};

// The body with `confinement` in place of its own settings of that, and with its label; every other byte stays. Fails
// as ReadCreateRequest does.
absl::StatusOr<std::string> Confine(std::string_view body, const Confinement& confinement);

}  // namespace syscarve
