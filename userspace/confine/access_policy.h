// SPDX-License-Identifier: Apache-2.0
// From the hardening evidence of one service to what a security module is to let it do: files by patterns, sockets,
// what else needs leave. Of a format it says nothing; emit/ writes it for AppArmor and SELinux.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const AccessPolicy policy, MakeAccessPolicy(recordings, {}));
//
// All that was observed is allowed: each path in each way in which it was used matches a pattern that has that use.
// What is allowed beside it is by rules (shipped/path_rules.h), and by what this header says.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/confine/path_pattern.h"
#include "userspace/model/hardening.h"
#include "userspace/model/recording.h"
#include "userspace/shipped/path_rules.h"

namespace syscarve {

// What programs that used a path did beside it, which decides what that use takes. It is known by the program alone.
struct ProgramHabits {
  bool locks = false;    // Locked files: flock, or fcntl with a lock.
  bool links = false;    // Made hard links.
  bool renames = false;  // A name that was removed may have been one that was changed.
  auto operator<=>(const ProgramHabits&) const = default;
};

struct PathAccess {
  std::map<std::string, FileUses> uses;  // By the program's path, "" where it is not known: an adversary's bytes.
  std::set<FileKind> kinds;              // Of the files that were seen.
  std::set<std::pair<uint32_t, uint32_t>> devices;  // Major and minor number.
  // Where the file systems are mounted, with their types; a mount point or a type can be "".
  std::set<std::pair<std::string, std::string>> mounts;
  std::set<std::string> rules;  // Ids of the rules that made the pattern; none: it is what was seen.
  uint64_t paths = 0;           // How many it stands for; 0: none was seen, and it is allowed always.
  FileUses all_uses() const;
  bool operator==(const PathAccess&) const = default;
};

// As socket(2) has them, without flags.
struct SocketKind {
  int family = 0;
  int type = 0;
  int protocol = 0;  // Of AF_NETLINK; else 0.
  auto operator<=>(const SocketKind&) const = default;
};

struct AccessPolicy {
  std::map<PathPattern, PathAccess> paths;
  std::map<std::string, ProgramHabits> habits;  // By the program's path.
  std::set<SocketKind> sockets;
  bool any_socket = false;  // Sockets were made of which it is not known what kind they are.
  std::map<Endpoint, std::set<std::string>> endpoints;  // The programs' paths.
  bool traces = false;                                  // A process traced another (ptrace).
  bool pivots_root = false;
  bool in_container = false;          // Every subject is one.
  std::vector<FixedPath> guarded;     // That nothing observed speaks against.
  std::vector<std::string> warnings;  // Sentences: what the evidence lacks, and guarded paths that were used.

  // Whether some program may use `path` so.
  bool Allows(std::string_view path, FileUse use) const;
};

// What sockets the policy lets be made: those that were seen or must have been, for an endpoint is of one; with one of
// IPv4 or IPv6 the other, because the network decides which is used, and NETLINK_ROUTE, which getaddrinfo asks for the
// host's addresses; and streams of AF_UNIX, for system logs and name services. The same as closure has it for seccomp.
std::set<SocketKind> SocketsOf(const AccessPolicy& policy);

// What is in the policy, in lines for people.
std::string AccessSummary(const AccessPolicy& policy);

struct AccessOptions {
  bool generalise = true;  // By the rules; otherwise what was seen, and no path besides.
};

// Of all subjects and runs together. kInvalidArgument when no subject has hardening evidence with files.
absl::StatusOr<AccessPolicy> MakeAccessPolicy(std::span<const Recording> recordings, const AccessOptions& options);

// The same by rules of one's own.
absl::StatusOr<AccessPolicy> MakeAccessPolicy(std::span<const Recording> recordings, const PathRules& rules);

}  // namespace syscarve
