// SPDX-License-Identifier: Apache-2.0
// The requests of clients of Docker's API: the settings in a request that creates a container, the same request with
// other confinement, and which requests end a container. Pure functions of text.
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

// A profile is a few dozen KiB; users' mounts and settings are less.
inline constexpr size_t kMaxCreateBytes = size_t{16} << 20;

enum class CreateTarget {
  kOther,   // Creates no container.
  kDocker,  // POST /containers/create, with or without a version in front.
  kLibpod,  // The same in Podman's own API, with a different body.
};
CreateTarget CreateTargetOf(std::string_view method, std::string_view target);

// The container, an id or a name of letters, digits, '_', '.' and '-', in a request that may end it: stop, kill with
// any signal, restart, or remove. nullopt for any other request.
std::optional<std::string> EndedContainer(std::string_view method, std::string_view target);

struct CreateRequest {
  // Name, image and labels, untrusted; and cap_add and cap_drop, as spelled in the request.
  Container container;
  bool privileged = false;
  std::optional<std::string> seccomp;  // The engine's text after "seccomp=": JSON, a path, "unconfined" …
};

// kInvalidArgument if the body is no JSON object, or has a member twice that is evaluated; keys are compared without
// regard to case, as by engines.
absl::StatusOr<CreateRequest> ReadCreateRequest(std::string_view target, std::string_view body);

struct Confinement {
  // The engine's text after "seccomp=": the JSON, or a path; nullopt keeps the request's.
  std::optional<std::string> profile;
  std::optional<std::vector<std::string>> cap_add;  // After dropping all; nullopt keeps the request's capabilities.
  // The rest of the line, except capabilities and devices. A directory that the request mounts something over stays a
  // mount.
  std::optional<ContainerLine> line;
  std::string label;  // Set to "1" on the container: marks it as created by syscarve.
};

// The body with `confinement` in place of the corresponding settings, and with its label; every other byte stays. Fails
// as ReadCreateRequest does.
absl::StatusOr<std::string> Confine(std::string_view body, const Confinement& confinement);

}  // namespace syscarve
