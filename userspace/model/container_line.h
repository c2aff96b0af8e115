// SPDX-License-Identifier: Apache-2.0
// The settings that confine a container besides its seccomp profile: the options of `docker run`. Plain data and its
// JSON, as `harden` writes it and `verify` applies it (docs/harden.md).
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

// A writable directory below a read-only root.
struct WritableDirectory {
  bool volume = false;      // Keeps the image's content of the directory; otherwise an empty tmpfs.
  std::string size;         // For a tmpfs: "64m".
  bool executable = false;  // For a tmpfs: programs or libraries are executed from it.
  // For a tmpfs over a directory of the image: the user and group that write to it, "33:33", if that is one user other
  // than root. runc gives such a tmpfs the mode of the image's directory, whatever mode is requested, but not its owner
  // (libcontainer/rootfs_linux.go of 1.1).
  std::string owner;
  // Likewise for several writing users: the tmpfs needs the owner of the image's directory.
  bool owner_of_image = false;
  auto operator<=>(const WritableDirectory&) const = default;
};

// Settings that are empty or nullopt stay unchanged. All texts are untrusted.
struct ContainerLine {
  bool no_new_privileges = false;
  std::optional<std::string> user;  // "101:101"
  bool read_only_root = false;
  std::map<std::string, WritableDirectory> writable;  // By path; only with read_only_root.
  std::optional<std::vector<std::string>> cap_add;    // Added after all are dropped.
  std::optional<uint64_t> memory_bytes;               // Limits memory and swap together.
  std::optional<uint64_t> cpu_milli;                  // In thousandths of a processor: 1500 is one and a half.
  std::optional<uint64_t> pids;
  std::optional<uint64_t> open_files;       // Soft limit per process.
  std::optional<uint64_t> open_files_hard;  // Hard limit; nullopt: equal to open_files.
  bool no_network = false;
  bool private_ipc = false;
  std::set<std::string> devices;               // Devices that the container has to be given.
  std::map<std::string, std::string> sysctls;  // In the container's own namespaces.
  std::optional<std::string> apparmor;         // The name of a loaded profile.
  std::optional<std::string> selinux_type;     // "container_t"
  auto operator<=>(const ContainerLine&) const = default;
};

// The limits of open files in the syntax of engines and systemd, "1024:16384"; "" if there are none.
std::string OpenFilesLimits(const ContainerLine& line);

struct NumericUser {
  uint32_t user = 0;
  uint32_t group = 0;
};
// Parses "33:33"; nullopt for anything else, such as names.
std::optional<NumericUser> ParseNumericUser(std::string_view text);

// Whether the directory has to be a volume in Docker: a volume starts with the image's content and owner, which a
// Docker tmpfs does not.
inline bool NeedsDockerVolume(const WritableDirectory& directory) {
  return directory.volume || directory.owner_of_image;
}

// The options of a tmpfs in the syntax of mount(8) and Docker:
// "rw,nosuid,nodev,noexec,size=64m,mode=1777,uid=33,gid=33".
std::string TmpfsOptions(const WritableDirectory& directory);
// Likewise for Podman, without an owner: Podman's tmpfs takes the owner of the image's directory.
std::string PodmanTmpfsOptions(const WritableDirectory& directory);

JsonValue ContainerLineToJson(const ContainerLine& line);
// The inverse of ContainerLineToJson. Anything that ContainerLineToJson does not write is an error of `reader`.
ContainerLine ReadContainerLine(const JsonReader& reader);

}  // namespace syscarve
