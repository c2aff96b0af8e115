// SPDX-License-Identifier: Apache-2.0
// How a container is confined besides its seccomp profile: what stands behind `docker run`. Plain data and its JSON, as
// `harden` writes it and `verify` applies it (docs/harden.md).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"

namespace syscarve {

// A directory that is written to, below a root that is read only.
struct WritableDirectory {
  bool volume = false;      // Keeps what the image has there; otherwise an empty tmpfs.
  std::string size;         // Of a tmpfs: "64m".
  bool executable = false;  // Of a tmpfs: programs or libraries are executed from there.
  // Of a tmpfs over a directory of the image: who writes there, "33:33", where that is one user and not root. runc
  // gives such a tmpfs the mode of the image's directory, whatever is asked for, but not its owner
  // (libcontainer/rootfs_linux.go of 1.1).
  std::string owner;
  // Likewise, where several users write: it needs the owner of the image's directory.
  bool owner_of_image = false;
  auto operator<=>(const WritableDirectory&) const = default;
};

// What is empty or nullopt is left as it is. All texts may be an adversary's bytes.
struct ContainerLine {
  bool no_new_privileges = false;
  std::optional<std::string> user;  // "101:101"
  bool read_only_root = false;
  std::map<std::string, WritableDirectory> writable;  // By path; only with read_only_root.
  std::optional<std::vector<std::string>> cap_add;    // After dropping all.
  std::optional<uint64_t> memory_bytes;               // With swap: no more than that in all.
  std::optional<uint64_t> cpu_milli;                  // Of a processor: 1500 is one and a half.
  std::optional<uint64_t> pids;
  std::optional<uint64_t> open_files;       // Of a process, at its start.
  std::optional<uint64_t> open_files_hard;  // As far as it may raise that; as open_files where it is not said.
  bool no_network = false;
  bool private_ipc = false;
  std::set<std::string> devices;               // That it has to be given.
  std::map<std::string, std::string> sysctls;  // Of its own namespaces.
  std::optional<std::string> apparmor;         // The name of a loaded profile.
  std::optional<std::string> selinux_type;     // "container_t"
  auto operator<=>(const ContainerLine&) const = default;
};

// The limits of descriptors as engines and systemd take them: "1024:16384", "" where there is none.
std::string OpenFilesLimits(const ContainerLine& line);

struct NumericUser {
  uint32_t user = 0;
  uint32_t group = 0;
};
// Of "33:33"; nullopt for anything else, such as names.
std::optional<NumericUser> ParseNumericUser(std::string_view text);

// Whether Docker needs a volume for it: such a volume has what the image has there, and its owner; a tmpfs of Docker's
// has not.
inline bool NeedsDockerVolume(const WritableDirectory& directory) {
  return directory.volume || directory.owner_of_image;
}

// The options of a tmpfs as mount(8) and Docker take them: "rw,nosuid,nodev,noexec,size=64m,mode=1777,uid=33,gid=33".
std::string TmpfsOptions(const WritableDirectory& directory);
// Podman knows no owner, as its tmpfs has that of the image's directory.
std::string PodmanTmpfsOptions(const WritableDirectory& directory);

JsonValue ContainerLineToJson(const ContainerLine& line);
// Fails where ContainerLineToJson would not write such a thing.
ContainerLine ReadContainerLine(const JsonReader& reader);

}  // namespace syscarve
