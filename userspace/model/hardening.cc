// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/hardening.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "userspace/base/enum_names.h"

namespace syscarve {
namespace {

// In the order of the enumerators.
constexpr std::string_view kFileUses[kFileUseCount] = {"read",     "written", "created", "removed",  "changed",
                                                       "executed", "mapped",  "mounted", "connected"};
constexpr std::string_view kFileKinds[] = {"unknown",          "regular",      "directory", "link",
                                           "character_device", "block_device", "pipe",      "socket"};
constexpr std::string_view kEndpointUses[] = {"bound", "connected"};
constexpr std::string_view kAddressFamilies[] = {"inet",   "inet6", "unix_abstract", "netlink",
                                                 "packet", "vsock", "other"};
constexpr std::string_view kAddressScopes[] = {"none",       "any",       "loopback", "private",
                                               "link_local", "multicast", "public"};

void JoinPeaks(const Peaks& more, Peaks& kept) {
  // A sampled value is only a lower bound, and so is the larger of it and an exact one.
  kept.memory_sampled |= more.memory_sampled;
  kept.tasks_sampled |= more.tasks_sampled;
  kept.memory_bytes = std::max(kept.memory_bytes, more.memory_bytes);
  kept.anonymous_bytes = std::max(kept.anonymous_bytes, more.anonymous_bytes);
  kept.tasks = std::max(kept.tasks, more.tasks);
  kept.cpu_milli = std::max(kept.cpu_milli, more.cpu_milli);
  kept.processors = std::max(kept.processors, more.processors);
  kept.open_files = std::max(kept.open_files, more.open_files);
}

}  // namespace

void JoinFile(const UsedFile& more, UsedFile& kept) {
  // If the two disagree, the larger, so that the order of joining does not matter.
  kept.kind = std::max(kept.kind, more.kind);
  kept.device_major = std::max(kept.device_major, more.device_major);
  kept.device_minor = std::max(kept.device_minor, more.device_minor);
  kept.mount = std::max(kept.mount, more.mount);
  kept.filesystem = std::max(kept.filesystem, more.filesystem);
  for (const auto& [program, uses] : more.uses) kept.uses[program] |= uses;
}

void JoinHardening(const HardeningEvidence& more, HardeningEvidence& kept) {
  kept.missing.insert(more.missing.begin(), more.missing.end());
  for (const auto& [path, file] : more.files) JoinFile(file, kept.files[path]);
  for (const auto& [program, ids] : more.identities) kept.identities[program].insert(ids.begin(), ids.end());
  for (const auto& [program, privileges] : more.privileges) kept.privileges[program] |= privileges;
  for (const auto& [endpoint, programs] : more.endpoints) {
    kept.endpoints[endpoint].insert(programs.begin(), programs.end());
  }
  JoinPeaks(more.peaks, kept.peaks);
}

std::set<ProgramId> ProgramsOf(const HardeningEvidence& hardening) {
  std::set<ProgramId> programs;
  for (const auto& [path, file] : hardening.files) {
    for (const auto& [program, uses] : file.uses) programs.insert(program);
  }
  for (const auto& [program, ids] : hardening.identities) programs.insert(program);
  for (const auto& [program, privileges] : hardening.privileges) programs.insert(program);
  for (const auto& [endpoint, of_endpoint] : hardening.endpoints)
    programs.insert(of_endpoint.begin(), of_endpoint.end());
  return programs;
}

HardeningEvidence Renumbered(const HardeningEvidence& hardening, const std::vector<ProgramId>& places) {
  HardeningEvidence result = hardening;
  result.identities.clear();
  result.privileges.clear();
  for (auto& [path, file] : result.files) {
    std::map<ProgramId, FileUses> uses;
    for (const auto& [program, used] : file.uses) {
      if (program < places.size()) uses[places[program]] |= used;
    }
    file.uses = std::move(uses);
  }
  for (const auto& [program, ids] : hardening.identities) {
    if (program < places.size()) result.identities[places[program]].insert(ids.begin(), ids.end());
  }
  for (const auto& [program, privileges] : hardening.privileges) {
    if (program < places.size()) result.privileges[places[program]] |= privileges;
  }
  for (auto& [endpoint, programs] : result.endpoints) {
    std::set<ProgramId> of_result;
    for (const ProgramId program : programs) {
      if (program < places.size()) of_result.insert(places[program]);
    }
    programs = std::move(of_result);
  }
  return result;
}

std::string_view FileUseName(FileUse use) {
  return kFileUses[static_cast<size_t>(use)];
}

std::string_view FileKindName(FileKind kind) {
  return kFileKinds[static_cast<size_t>(kind)];
}

std::string_view EndpointUseName(EndpointUse use) {
  return kEndpointUses[static_cast<size_t>(use)];
}

std::string_view AddressFamilyName(AddressFamily family) {
  return kAddressFamilies[static_cast<size_t>(family)];
}

std::string_view AddressScopeName(AddressScope scope) {
  return kAddressScopes[static_cast<size_t>(scope)];
}

std::optional<FileUse> FileUseFromName(std::string_view name) {
  return EnumFromName<FileUse>(kFileUses, name);
}

std::optional<FileKind> FileKindFromName(std::string_view name) {
  return EnumFromName<FileKind>(kFileKinds, name);
}

std::optional<EndpointUse> EndpointUseFromName(std::string_view name) {
  return EnumFromName<EndpointUse>(kEndpointUses, name);
}

std::optional<AddressFamily> AddressFamilyFromName(std::string_view name) {
  return EnumFromName<AddressFamily>(kAddressFamilies, name);
}

std::optional<AddressScope> AddressScopeFromName(std::string_view name) {
  return EnumFromName<AddressScope>(kAddressScopes, name);
}

}  // namespace syscarve
