// SPDX-License-Identifier: Apache-2.0
// Recordings of services with evidence, for tests of `harden`.
#pragma once

#include <string>
#include <utility>

#include "tests/unit/policy/recordings.h"
#include "userspace/model/recording.h"

namespace syscarve {

inline Container ToldContainer() {
  Container container;
  container.id = std::string(64, 'c');
  container.name = "shop-web-1";
  container.image = "nginx:1.25";
  container.labels = {{"com.docker.compose.project", "shop"}, {"com.docker.compose.service", "web"}};
  container.privileged = false;
  container.no_new_privs = false;
  container.read_only_root = false;
  container.seccomp = "default";
  container.health_check = true;
  container.shares.emplace();
  container.publishes.emplace();
  return container;
}

// A container of one service, whose program is /usr/sbin/nginx, with evidence that is whole and shows nothing yet.
class ServiceBuilder {
 public:
  ServiceBuilder() {
    Recording& recording = builder_.recording();
    recording.programs[0].path = "/usr/sbin/nginx";
    Subject& subject = recording.subjects[0];
    subject.kind = SubjectKind::kContainer;
    subject.name = "web";
    subject.container = ToldContainer();
    subject.start = ContainerStart{.filtered = true, .no_new_privs = false};
    subject.hardening.emplace();
    builder_.Calls({"read", "write", "openat"});
  }

  Container& container() { return *builder_.recording().subjects[0].container; }
  Subject& subject() { return builder_.recording().subjects[0]; }
  HardeningEvidence& evidence() { return *subject().hardening; }
  RecordingBuilder& builder() { return builder_; }

  ServiceBuilder& File(std::string path, FileUses uses, FileKind kind = FileKind::kRegular, std::string mount = "/",
                       std::string filesystem = "overlay") {
    UsedFile& file = evidence().files[{.path = std::move(path)}];
    file.kind = kind;
    file.mount = std::move(mount);
    file.filesystem = std::move(filesystem);
    file.uses[0] |= uses;
    return *this;
  }
  ServiceBuilder& Ids(uint32_t user, uint32_t group) {
    evidence().identities[0].insert({user, user, group, group});
    return *this;
  }
  ServiceBuilder& Bound(AddressScope scope, int port) {
    evidence().endpoints[{.use = EndpointUse::kBound, .scope = scope, .socket_type = 1, .port = port}] = {0};
    return *this;
  }
  ServiceBuilder& Socket(uint64_t family, uint64_t type) {
    builder_.Call("socket");
    auto& arguments = builder_.trace().calls[FindSyscall(Abi::kX86_64, "socket").value()].arguments;
    if (!arguments.has_value()) arguments = SeenArguments{.indexes = {0, 1, 2}};
    arguments->values[{family, type, 0}] = {0};
    return *this;
  }
  Recording Build() const { return builder_.Build(); }

 private:
  RecordingBuilder builder_;
};

// What an nginx container does: the master as root, workers as 101, files in /var/cache/nginx and /run.
inline Recording NginxRecording() {
  ServiceBuilder service;
  service.File("/var/cache/nginx/client_temp", FileUse::kCreated, FileKind::kDirectory)
      .File("/run/nginx.pid", FileUse::kCreated | FileUse::kWritten | FileUse::kRemoved)
      .File("/etc/nginx/nginx.conf", FileUse::kRead)
      .File("/etc/nginx/conf.d/default.conf", FileUse::kRead | FileUse::kWritten)
      .File("/dev/null", FileUse::kWritten, FileKind::kCharacterDevice, "/dev", "tmpfs")
      .Ids(0, 0)
      .Ids(101, 101)
      .Bound(AddressScope::kAny, 80)
      .Socket(2, 1);
  service.evidence().peaks = {.memory_bytes = 30 << 20,
                              .anonymous_bytes = 9 << 20,
                              .tasks = 5,
                              .cpu_milli = 700,
                              .open_files = 40,
                              .memory_sampled = false,
                              .tasks_sampled = false};
  service.builder().Capability("CAP_CHOWN", "openat", 1, 0).Capability("CAP_NET_BIND_SERVICE", "bind", 1, 0);
  service.builder().Call("bind");
  return service.Build();
}

}  // namespace syscarve
