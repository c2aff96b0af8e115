// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/kernel_evidence.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "userspace/base/paths.h"
#include "userspace/base/text.h"
#include "userspace/model/syscall_table.h"
#include "userspace/trace/aggregator.h"
#include "userspace/trace/kernel_snapshot.h"

namespace syscarve {
namespace {

constexpr unsigned kMinorBits = 20;  // Of the kernel's own dev_t (include/linux/kdev_t.h).

static_assert(RECORDER_FILE_READ == 1 << static_cast<int>(FileUse::kRead) &&
              RECORDER_FILE_CONNECTED == 1 << static_cast<int>(FileUse::kConnected));

template <size_t size>
std::string TextFromKernel(const char (&text)[size]) {
  return std::string(text, strnlen(text, size));
}

std::string_view ComponentsOf(const recorder_path& path) {
  return {path.bytes, std::min<size_t>(path.length, sizeof(path.bytes))};
}

std::string AbsoluteFromComponents(std::string_view components) {
  const std::string path = PathFromComponents(components, /*truncated=*/false);
  return path.empty() ? "/" : path;
}

std::string MountOf(const recorder_path& path) {
  const std::string_view components = ComponentsOf(path);
  return AbsoluteFromComponents(components.substr(std::min<size_t>(path.in_mount, components.size())));
}

// What is missing from a subject's evidence, by the other facts about it.
std::set<std::string> MissingOf(const KernelSnapshot& now, SubjectId subject, bool has_peaks) {
  const recorder_losses& losses = now.losses;
  std::set<std::string> missing;
  if (losses.files_full + losses.files_unread != 0 || now.evidence.paths_cut) missing.emplace(kMissingSomeFiles);
  if (losses.endpoints_full + losses.addresses_unread != 0) missing.emplace(kMissingEndpoints);
  if (losses.ids_full != 0) missing.emplace(kMissingIds);
  if (now.subjects[subject].started_at == 0) missing.emplace(kMissingEarlier);
  if (!has_peaks) missing.emplace(kMissingPeaks);
  return missing;
}

// The peaks read from a cgroup, raised by those that the kernel side has seen after the latest reading. Where the
// cgroup has no such controller of its own, the kernel side's are another cgroup's; nothing could be read then, and
// they are dropped.
Peaks JoinedPeaks(Peaks peaks, const KernelSubject& subject) {
  if (peaks.memory_bytes.has_value()) {
    const uint64_t bytes = subject.most_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    peaks.memory_bytes = std::max(*peaks.memory_bytes, bytes);
  }
  if (peaks.tasks.has_value()) {
    peaks.tasks = std::max(*peaks.tasks, subject.most_tasks);
    // The kernel side has counted at every fork.
    if (subject.most_tasks != 0 && subject.started_at != 0) peaks.tasks_sampled = false;
  }
  return peaks;
}

}  // namespace

FileUses FileUsesFromBits(uint32_t bits) {
  FileUses uses;
  for (int i = 0; i < kFileUseCount; ++i) {
    if ((bits >> i & 1) != 0) uses |= static_cast<FileUse>(i);
  }
  return uses;
}

FileKind FileKindFromBits(uint32_t bits, FileKind kind) {
  if ((bits & RECORDER_FILE_SOCKET) != 0) return FileKind::kSocket;
  if ((bits & RECORDER_FILE_DIRECTORY) != 0) return FileKind::kDirectory;
  if ((bits & RECORDER_FILE_LINK) != 0) return FileKind::kLink;
  return kind;
}

FileKind FileKindOfMode(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileKind::kRegular;
    case S_IFDIR:
      return FileKind::kDirectory;
    case S_IFLNK:
      return FileKind::kLink;
    case S_IFCHR:
      return FileKind::kCharacterDevice;
    case S_IFBLK:
      return FileKind::kBlockDevice;
    case S_IFIFO:
      return FileKind::kPipe;
    case S_IFSOCK:
      return FileKind::kSocket;
    default:
      return FileKind::kUnknown;
  }
}

AddressFamily AddressFamilyOf(uint32_t family) {
  switch (family) {
    case AF_INET:
      return AddressFamily::kInet;
    case AF_INET6:
      return AddressFamily::kInet6;
    case AF_UNIX:
      return AddressFamily::kUnixAbstract;
    case AF_NETLINK:
      return AddressFamily::kNetlink;
    case AF_PACKET:
      return AddressFamily::kPacket;
    case AF_VSOCK:
      return AddressFamily::kVsock;
    default:
      return AddressFamily::kOther;
  }
}

void FindMounts(HardeningEvidence& hardening) {
  std::map<std::string, std::string> filesystems;
  for (const auto& [path, file] : hardening.files) {
    if (!file.mount.empty()) filesystems.emplace(file.mount, file.filesystem);
  }
  for (auto& [path, file] : hardening.files) {
    if (!file.mount.empty()) continue;
    for (const auto& [mount, filesystem] : filesystems) {
      if (mount.size() < file.mount.size() || !IsWithin(path.path, mount)) continue;
      file.mount = mount;
      file.filesystem = filesystem;
    }
  }
}

std::string LexicalPath(std::string_view path) {
  std::vector<std::string_view> components;
  for (const std::string_view component : SplitNonEmpty(path, '/')) {
    if (component == "..") {
      if (!components.empty()) components.pop_back();
    } else if (component != ".") {
      components.push_back(component);
    }
  }
  std::string normal;
  for (const std::string_view component : components) normal.append("/").append(component);
  return normal.empty() ? "/" : normal;
}

std::optional<SeenFile> FileFromKernel(const recorder_used_file_key& key, const recorder_used_file& file) {
  if (file.path.truncated != 0) return std::nullopt;
  SeenFile seen = {.slot = key.slot,
                   .path = {.path = AbsoluteFromComponents(ComponentsOf(file.path)), .others = key.dentry == 0},
                   .file = {.kind = FileKindOfMode(file.mode),
                            .mount = MountOf(file.path),
                            .filesystem = TextFromKernel(file.filesystem),
                            .uses = {}},
                   .uses = FileUsesFromBits(file.uses)};
  if (seen.file.kind == FileKind::kCharacterDevice || seen.file.kind == FileKind::kBlockDevice) {
    seen.file.device_major = file.device >> kMinorBits;
    seen.file.device_minor = file.device & ((1U << kMinorBits) - 1);
  }
  return seen;
}

std::optional<SeenFile> FileFromKernel(const recorder_name_key& key, const recorder_named_file& file) {
  if (file.path.truncated != 0) return std::nullopt;
  const std::string base = AbsoluteFromComponents(ComponentsOf(file.path));
  SeenFile seen = {.slot = key.slot,
                   .path = {.path = LexicalPath(base + "/" + TextFromKernel(key.name)), .others = key.others != 0},
                   .file = {},
                   .uses = FileUsesFromBits(key.uses)};
  if (key.others == 0) seen.file.kind = FileKindFromBits(key.uses, seen.file.kind);
  return seen;
}

std::optional<Endpoint> EndpointFromKernel(const recorder_endpoint_key& key) {
  if (key.scope > RECORDER_SCOPE_PUBLIC) return std::nullopt;
  static_assert(RECORDER_SCOPE_PUBLIC == static_cast<int>(AddressScope::kPublic));
  return Endpoint{.use = key.connected != 0 ? EndpointUse::kConnected : EndpointUse::kBound,
                  .family = AddressFamilyOf(key.family),
                  .scope = static_cast<AddressScope>(key.scope),
                  .socket_type = key.type & 0xf,
                  .port = key.port};
}

void AggregateHardening(const KernelSnapshot& now, const std::vector<std::optional<Peaks>>& peaks,
                        Aggregator& aggregator) {
  if (!now.evidence.kept) return;
  std::vector<HardeningEvidence> all(now.subjects.size());
  std::map<uint32_t, std::pair<SubjectId, ProgramId>> places;
  for (SubjectId id = 0; id < all.size(); ++id) {
    const bool has_peaks = id < peaks.size() && peaks[id].has_value();
    all[id].missing = MissingOf(now, id, has_peaks);
    if (has_peaks) all[id].peaks = JoinedPeaks(*peaks[id], now.subjects[id]);
  }
  for (const KernelSlot& slot : now.slots) {
    if (slot.phase != Phase::kMain || slot.subject >= all.size()) continue;
    HardeningEvidence& evidence = all[slot.subject];
    const ProgramId program = aggregator.AddProgram(slot.program);
    places[slot.number] = {slot.subject, program};
    const ProgramPrivileges privileges = {
        .set_user = slot.set_user, .set_group = slot.set_group, .gained = slot.gained};
    if (privileges != ProgramPrivileges()) evidence.privileges[program] |= privileges;
    if (slot.descriptors != 0)
      evidence.peaks.open_files = std::max(evidence.peaks.open_files.value_or(0), slot.descriptors);
  }
  const auto find = [&](uint32_t slot) -> std::optional<std::pair<HardeningEvidence*, ProgramId>> {
    const auto place = places.find(slot);
    if (place == places.end()) return std::nullopt;
    return std::pair(&all[place->second.first], place->second.second);
  };
  for (const SeenFile& seen : now.evidence.files) {
    const auto place = find(seen.slot);
    if (!place.has_value()) continue;
    UsedFile& file = place->first->files[seen.path];
    JoinFile(seen.file, file);
    file.uses[place->second] |= seen.uses;
  }
  for (const auto& [slot, endpoint] : now.evidence.endpoints) {
    if (const auto place = find(slot)) place->first->endpoints[endpoint].insert(place->second);
  }
  for (const auto& [slot, ids] : now.evidence.ids) {
    if (const auto place = find(slot)) place->first->identities[place->second].insert(ids);
  }
  for (const KernelSnapshot::Calls& calls : now.calls) {
    const auto place = find(calls.slot);
    if (place.has_value() && SyscallName(calls.id) == "io_uring_setup") place->first->missing.emplace(kMissingIoUring);
  }
  for (SubjectId id = 0; id < all.size(); ++id) {
    FindMounts(all[id]);
    aggregator.SetHardening(id, std::move(all[id]));
  }
}

}  // namespace syscarve
