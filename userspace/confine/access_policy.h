// SPDX-License-Identifier: Apache-2.0
// Derives from the hardening evidence of one service what a security module is to allow it: files by patterns, sockets,
// and other permissions. Independent of formats; emit/ writes it for AppArmor and SELinux.
//
// SYSCARVE_ASSIGN_OR_RETURN(const AccessPolicy policy, MakeAccessPolicy(recordings, {}));
//
// Everything observed is allowed: each path, in each way in which it was used, matches a pattern with that use. What is
// allowed in addition is determined by rules (shipped/path_rules.h), and by the comments in this header.
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

// Other actions of the programs that used a path, which determine the permissions that its use requires. Known only by
// program.
struct ProgramHabits {
  bool locks = false;    // Locked files: flock, or fcntl with a lock.
  bool links = false;    // Made hard links.
  bool renames = false;  // Renamed files: a removed name may have been that of a changed file.
  auto operator<=>(const ProgramHabits&) const = default;
};

struct PathAccess {
  std::map<std::string, FileUses> uses;             // By the program's path, "" if unknown; untrusted.
  std::set<FileKind> kinds;                         // Of the observed files.
  std::set<std::pair<uint32_t, uint32_t>> devices;  // Major and minor number.
  // Mount points and types of the file systems; either can be "".
  std::set<std::pair<std::string, std::string>> mounts;
  std::set<std::string> rules;  // Ids of the rules that made the pattern; empty: it is an observed path.
  uint64_t paths = 0;           // Number of observed paths; 0: none, and the pattern is always allowed.
  FileUses all_uses() const;
  bool operator==(const PathAccess&) const = default;
};

// Arguments of socket(2), without flags.
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
  bool any_socket = false;                              // Sockets of unknown kind were created.
  std::map<Endpoint, std::set<std::string>> endpoints;  // The programs' paths.
  bool traces = false;                                  // A process traced another (ptrace).
  bool pivots_root = false;
  bool in_container = false;          // Every subject is a container.
  std::vector<FixedPath> guarded;     // Guarded paths that were not used.
  std::vector<std::string> warnings;  // Sentences: what the evidence lacks, and guarded paths that were used.

  // Whether some program may use `path` in this way.
  bool Allows(std::string_view path, FileUse use) const;
};

// The sockets that the policy allows to be created: those observed, or implied by an endpoint; for IPv4 also IPv6 and
// vice versa, because the network determines which is used, and NETLINK_ROUTE, with which getaddrinfo reads the host's
// addresses; and AF_UNIX streams, for system logs and name services. The same as closure for seccomp.
std::set<SocketKind> SocketsOf(const AccessPolicy& policy);

// A summary of the policy, in lines for people.
std::string AccessSummary(const AccessPolicy& policy);

struct AccessOptions {
  bool generalise = true;  // Apply the rules; otherwise allow only the observed paths.
};

// Evaluates all subjects and runs together. kInvalidArgument if no subject has hardening evidence with files.
absl::StatusOr<AccessPolicy> MakeAccessPolicy(std::span<const Recording> recordings, const AccessOptions& options);

// The same with the given rules.
absl::StatusOr<AccessPolicy> MakeAccessPolicy(std::span<const Recording> recordings, const PathRules& rules);

}  // namespace syscarve
