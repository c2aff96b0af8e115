// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/capability.h"

#include <algorithm>
#include <iterator>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

constexpr std::string_view kPrefix = "CAP_";

// linux/capability.h, without the prefix: the index is the capability's number.
constexpr std::string_view kNames[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};
static_assert(std::size(kNames) == kCapabilityCount);

}  // namespace

std::string CapabilityName(int capability) {
  if (capability < 0 || capability >= kCapabilityCount) return Concat(kPrefix, capability);
  return Concat(kPrefix, kNames[capability]);
}

std::optional<int> CapabilityFromName(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  std::string_view bare = upper;
  if (bare.starts_with(kPrefix)) bare.remove_prefix(kPrefix.size());
  const auto* found = std::ranges::find(kNames, bare);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<int>(found - std::begin(kNames));
}

}  // namespace syscarve
