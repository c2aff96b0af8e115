// SPDX-License-Identifier: Apache-2.0
// What a subject used of its host besides system calls: files, addresses, user ids, memory. This evidence decides every
// setting that confines a container besides seccomp: a read-only root, a user, limits, and the rules of AppArmor and
// SELinux. Plain data, as in recording.h; hardening_json.h is its file format.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/seen_arguments.h"

namespace syscarve {

// How a file was used. Failed uses are not recorded, unless kMissingResults is set.
enum class FileUse {
  kRead,      // Opened for reading, or only opened as a directory.
  kWritten,   // Opened for writing.
  kCreated,   // Created by open, mkdir, link, symlink, mknod or bind, or as the new name of a rename.
  kRemoved,   // Removed by unlink or rmdir, or as the old name of a rename.
  kChanged,   // Its mode, owner, times, length or extended attributes were changed by its path.
  kExecuted,  // By execve, or as the interpreter of an executed file.
  kMapped,    // Mapped as executable: a library.
  kMounted,   // A mount or an unmount at this path.
  kConnected  // A connection to the socket at this path.
};
inline constexpr int kFileUseCount = 9;

// A set of FileUse.
class FileUses {
 public:
  constexpr FileUses() = default;
  constexpr FileUses(FileUse use) : bits_(1U << static_cast<int>(use)) {}
  constexpr bool has(FileUse use) const { return (bits_ & FileUses(use).bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr FileUses& operator|=(FileUses other) {
    bits_ |= other.bits_;
    return *this;
  }
  friend constexpr FileUses operator|(FileUses one, FileUses other) { return one |= other; }
  auto operator<=>(const FileUses&) const = default;

 private:
  uint32_t bits_ = 0;
};

constexpr FileUses operator|(FileUse one, FileUse other) {
  return FileUses(one) | other;
}

enum class FileKind { kUnknown, kRegular, kDirectory, kLink, kCharacterDevice, kBlockDevice, kPipe, kSocket };

// A path inside the subject's mount namespace; untrusted. Absolute, without ".", ".." and double slashes. Symbolic
// links are resolved for files that were opened, and not for paths that were only named (unlink, mkdir, rename …):
// these are as the program wrote them.
struct UsedPath {
  std::string path;
  // Stands for files of the directory `path` that are not listed one by one because they are many, such as files with
  // random names.
  bool others = false;
  auto operator<=>(const UsedPath&) const = default;
};

struct UsedFile {
  FileKind kind = FileKind::kUnknown;
  uint32_t device_major = 0;  // For a device.
  uint32_t device_minor = 0;
  // The mount point of the file's file system, "/" for the root; "" if unknown, for paths that were only named.
  std::string mount;
  std::string filesystem;  // The type in /proc/mounts ("overlay", "tmpfs", "proc"), or "".
  std::map<ProgramId, FileUses> uses;
  auto operator<=>(const UsedFile&) const = default;
};

// The ids of a process. Saved and file system ids are not recorded.
struct ProcessIds {
  uint32_t user = 0;
  uint32_t effective_user = 0;
  uint32_t group = 0;
  uint32_t effective_group = 0;
  auto operator<=>(const ProcessIds&) const = default;
};

// The privileges that executing a program gives.
struct ProgramPrivileges {
  bool set_user = false;   // The file has the set-user-ID bit.
  bool set_group = false;  // The file has the set-group-ID bit, and its group may execute it.
  // The program started with more privileges than its caller had, because of these bits or of file capabilities:
  // AT_SECURE is set in its auxiliary vector (getauxval(3)), and the caller's ids and capabilities did not include its
  // own.
  bool gained = false;
  ProgramPrivileges& operator|=(const ProgramPrivileges& other) {
    set_user |= other.set_user;
    set_group |= other.set_group;
    gained |= other.gained;
    return *this;
  }
  auto operator<=>(const ProgramPrivileges&) const = default;
};

enum class EndpointUse {
  kBound,      // bind(2): a server's own address.
  kConnected,  // connect(2), sendto(2), sendmsg(2), sendmmsg(2): the address of a peer.
};

enum class AddressFamily { kInet, kInet6, kUnixAbstract, kNetlink, kPacket, kVsock, kOther };

// The part of the network that an address belongs to, by RFC 6890 and its successors.
enum class AddressScope {
  kNone,       // The family has no scopes.
  kAny,        // 0.0.0.0, ::
  kLoopback,   // 127.0.0.0/8, ::1
  kPrivate,    // 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7
  kLinkLocal,  // 169.254.0.0/16, fe80::/10
  kMulticast,
  kPublic,
};

struct Endpoint {
  EndpointUse use = EndpointUse::kBound;
  AddressFamily family = AddressFamily::kInet;
  AddressScope scope = AddressScope::kNone;
  int socket_type = 0;  // SOCK_STREAM, SOCK_DGRAM …; 0: unknown.
  int port = 0;  // kInet and kInet6: in host byte order; kNetlink: the protocol. 0: chosen by the kernel, or none.
  auto operator<=>(const Endpoint&) const = default;
};

// The most that the subject used at once, from the kernel's own counter if it has one.
struct Peaks {
  // memory.peak, memory.max_usage_in_bytes, or the largest sample. Includes page cache.
  std::optional<uint64_t> memory_bytes;
  std::optional<uint64_t> anonymous_bytes;  // The largest sample of memory.stat's anon or rss.
  std::optional<uint64_t> tasks;            // pids.peak, or the largest sample.
  std::optional<uint64_t> cpu_milli;   // In thousandths of a CPU, over one sampling interval: 1500 is one and a half.
  std::optional<uint64_t> processors;  // CPUs of the host: cpu_milli is at most 1000 times that.
  std::optional<uint64_t> open_files;  // In one process: the highest observed descriptor, plus one.
  bool memory_sampled = false;         // memory_bytes lacks peaks between two samples.
  bool tasks_sampled = false;
  auto operator<=>(const Peaks&) const = default;
};

// Words of HardeningEvidence::missing; docs/recording-format.md describes what each implies.
inline constexpr std::string_view kMissingFiles = "files";  // Use of files was not recorded.
// Some files were not recorded: there were too many, or paths were too long.
inline constexpr std::string_view kMissingSomeFiles = "some_files";
inline constexpr std::string_view kMissingIoUring = "io_uring";  // Files and addresses used through io_uring.
inline constexpr std::string_view kMissingEarlier = "earlier";   // All use before the recording began.
inline constexpr std::string_view kMissingIds = "ids";
inline constexpr std::string_view kMissingEndpoints = "endpoints";
// The addresses passed to sendmsg(2), sendmmsg(2) and socketcall(2), which early recorders did not record.
inline constexpr std::string_view kMissingMessages = "messages";
inline constexpr std::string_view kMissingPeaks = "peaks";
// Whether calls succeeded: failed uses are recorded like successful ones, so there is too much evidence, never too
// little.
inline constexpr std::string_view kMissingResults = "results";
inline constexpr std::string_view kMissingRecordings =
    "recordings";  // One of the merged recordings has no hardening evidence.

struct HardeningEvidence {
  std::set<std::string> missing;  // Parts of the evidence that were not, or not completely, recorded.
  std::map<UsedPath, UsedFile> files;
  std::map<ProgramId, std::set<ProcessIds>>
      identities;  // The ids of its processes after an exec, after a change of ids, and at their end.
  std::map<ProgramId, ProgramPrivileges> privileges;  // Only programs that have any.
  std::map<Endpoint, std::set<ProgramId>> endpoints;
  Peaks peaks;
  auto operator<=>(const HardeningEvidence&) const = default;
};

// Merges `more` into `kept`. Commutative.
void JoinFile(const UsedFile& more, UsedFile& kept);

// Merges `more` into `kept`: uses are united, and so are the missing parts. `more` has the program ids of `kept`.
void JoinHardening(const HardeningEvidence& more, HardeningEvidence& kept);

// The programs that `hardening` refers to.
std::set<ProgramId> ProgramsOf(const HardeningEvidence& hardening);

// Replaces each program id by its entry in `places`; programs without an entry are dropped.
HardeningEvidence Renumbered(const HardeningEvidence& hardening, const std::vector<ProgramId>& places);

// The names in the file format.
std::string_view FileUseName(FileUse use);
std::string_view FileKindName(FileKind kind);
std::string_view EndpointUseName(EndpointUse use);
std::string_view AddressFamilyName(AddressFamily family);
std::string_view AddressScopeName(AddressScope scope);
std::optional<FileUse> FileUseFromName(std::string_view name);
std::optional<FileKind> FileKindFromName(std::string_view name);
std::optional<EndpointUse> EndpointUseFromName(std::string_view name);
std::optional<AddressFamily> AddressFamilyFromName(std::string_view name);
std::optional<AddressScope> AddressScopeFromName(std::string_view name);

}  // namespace syscarve
