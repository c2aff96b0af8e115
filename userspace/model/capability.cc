// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/capability.h"

#include <algorithm>
#include <iterator>

#include "userspace/base/concat.h"
#include "userspace/base/saturating.h"

namespace syscarve {
namespace {

constexpr std::string_view kPrefix = "CAP_";

// linux/capability.h, without the prefix: the index is the capability's number.
constexpr std::string_view kCapabilityNames[] = {
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
static_assert(std::size(kCapabilityNames) == kCapabilityCount);

}  // namespace

uint64_t CapabilityBits(const std::set<int>& capabilities) {
  uint64_t bits = 0;
  for (const int capability : capabilities) bits |= uint64_t{1} << capability;
  return bits;
}

std::string CapabilityName(int capability) {
  if (capability < 0 || capability >= kCapabilityCount) return Concat(kPrefix, capability);
  return Concat(kPrefix, kCapabilityNames[capability]);
}

void AddChecks(const CapabilityChecks& more, CapabilityChecks& sum) {
  AddSaturating(more.granted, sum.granted);
  AddSaturating(more.denied, sum.denied);
  for (const auto& [result, count] : more.results) {
    ResultCount& of_result = sum.results[result];
    AddSaturating(count.count, of_result.count);
    AddSaturating(count.ended, of_result.ended);
  }
}

CapabilityChecks ChecksBeyond(const CapabilityChecks& whole, const CapabilityChecks& part) {
  const auto beyond = [](uint64_t of_whole, uint64_t of_part) { return of_whole - std::min(of_whole, of_part); };
  CapabilityChecks rest = {
      .granted = beyond(whole.granted, part.granted), .denied = beyond(whole.denied, part.denied), .results = {}};
  for (const auto& [result, count] : whole.results) {
    const auto found = part.results.find(result);
    const ResultCount of_part = found == part.results.end() ? ResultCount{} : found->second;
    const uint64_t most = std::min(beyond(count.count, of_part.count), result.granted ? rest.granted : rest.denied);
    if (most == 0) continue;
    rest.results[result] = {.count = most, .ended = std::min(most, beyond(count.ended, of_part.ended))};
  }
  return rest;
}

std::optional<int> CapabilityFromName(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  std::string_view bare = upper;
  if (bare.starts_with(kPrefix)) bare.remove_prefix(kPrefix.size());
  const auto* found = std::ranges::find(kCapabilityNames, bare);
  if (found == std::end(kCapabilityNames)) return std::nullopt;
  return static_cast<int>(found - std::begin(kCapabilityNames));
}

}  // namespace syscarve
