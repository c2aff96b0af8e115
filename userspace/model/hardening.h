// SPDX-License-Identifier: Apache-2.0
// What a subject used of its host besides system calls: files, addresses, user ids, memory. It is the evidence on which
// everything that confines a container besides seccomp is decided: a root directory that is read only, a user, limits,
// what AppArmor and SELinux allow. Plain data, as recording.h has it; hardening_json.h is its file format.
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

// What was done with a file. What failed is not told, unless kMissingResults is.
enum class FileUse {
  kRead,      // Opened to read, or only to be looked at as a directory.
  kWritten,   // Opened to write.
  kCreated,   // Made: by open, mkdir, link, symlink, mknod, bind, or as the new name of something renamed.
  kRemoved,   // Taken away: by unlink, rmdir, or as the old name of something renamed.
  kChanged,   // Its mode, owner, times, length or extended attributes were changed by its path.
  kExecuted,  // By execve, or as the interpreter of what was.
  kMapped,    // With the right to execute: a library.
  kMounted,   // Something was mounted there, or unmounted.
  kConnected  // A socket of this path was connected to.
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

// A path as it is inside the subject's mount namespace: bytes from an adversary. Absolute, without "." and ".." and
// double slashes; symbolic links are resolved where the file was opened, and as the program wrote them where it was
// only named (unlink, mkdir, rename …).
struct UsedPath {
  std::string path;
  // Files of the directory `path` that are not told one by one: there are many, such as those with random names.
  bool others = false;
  auto operator<=>(const UsedPath&) const = default;
};

struct UsedFile {
  FileKind kind = FileKind::kUnknown;
  uint32_t device_major = 0;  // Of a device.
  uint32_t device_minor = 0;
  // Where the file system that it is on is mounted, "/" of the root; "" when not known, of what was only named.
  std::string mount;
  std::string filesystem;  // As /proc/mounts calls it ("overlay", "tmpfs", "proc"), or ""
  std::map<ProgramId, FileUses> uses;
  auto operator<=>(const UsedFile&) const = default;
};

// The ids of a process. Saved and file system ids are not told.
struct ProcessIds {
  uint32_t user = 0;
  uint32_t effective_user = 0;
  uint32_t group = 0;
  uint32_t effective_group = 0;
  auto operator<=>(const ProcessIds&) const = default;
};

// What a program's file gives who executes it.
struct ProgramPrivileges {
  bool set_user = false;   // The file has the set-user-ID bit.
  bool set_group = false;  // The file has the set-group-ID bit, and may be executed by its group.
  // It began with more than it was executed with, because of these bits or of file capabilities: AT_SECURE in its
  // auxiliary vector (getauxval(3)), and its caller's ids and capabilities did not cover its own.
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
  kConnected,  // connect(2), sendto(2), sendmsg(2), sendmmsg(2): another's.
};

enum class AddressFamily { kInet, kInet6, kUnixAbstract, kNetlink, kPacket, kVsock, kOther };

// Which part of the network an address is of, by RFC 6890 and its successors.
enum class AddressScope {
  kNone,       // The family has no such thing.
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
  int socket_type = 0;  // SOCK_STREAM, SOCK_DGRAM …; 0: not known.
  int port = 0;  // Of kInet and kInet6, in host order; of kNetlink its protocol. 0: the kernel chose, or there is none.
  auto operator<=>(const Endpoint&) const = default;
};

// The most that the subject used at once. Where the kernel keeps a figure itself, it is that figure.
struct Peaks {
  // memory.peak, memory.max_usage_in_bytes, or the largest of the samples: page cache included.
  std::optional<uint64_t> memory_bytes;
  std::optional<uint64_t> anonymous_bytes;  // Of the samples: memory.stat's anon or rss.
  std::optional<uint64_t> tasks;            // pids.peak, or the largest of the samples.
  std::optional<uint64_t> cpu_milli;        // Of a CPU, over one interval between samples: 1500 is one and a half.
  std::optional<uint64_t> processors;       // That the host has: cpu_milli cannot be above 1000 times that.
  std::optional<uint64_t> open_files;       // Of one process: the highest descriptor that was seen, plus one.
  bool memory_sampled = false;              // Rises between two samples are not in it.
  bool tasks_sampled = false;
  auto operator<=>(const Peaks&) const = default;
};

// Words of HardeningEvidence::missing; docs/recording-format.md says what each implies.
inline constexpr std::string_view kMissingFiles = "files";           // Files were not looked for.
inline constexpr std::string_view kMissingSomeFiles = "some_files";  // There were too many, or paths too long.
inline constexpr std::string_view kMissingIoUring = "io_uring";      // Files and addresses used by io_uring.
inline constexpr std::string_view kMissingEarlier = "earlier";       // What was used before the recording began.
inline constexpr std::string_view kMissingIds = "ids";
inline constexpr std::string_view kMissingEndpoints = "endpoints";
// The addresses given to sendmsg(2), sendmmsg(2) and socketcall(2), which recorders did not look for at first.
inline constexpr std::string_view kMissingMessages = "messages";
inline constexpr std::string_view kMissingPeaks = "peaks";
// Whether calls succeeded: what failed is told as what succeeded is, so there is too much evidence and not too little.
inline constexpr std::string_view kMissingResults = "results";
inline constexpr std::string_view kMissingRecordings =
    "recordings";  // One of the recordings that were merged has no such evidence.

struct HardeningEvidence {
  std::set<std::string> missing;  // Parts of the evidence that were not, or not completely, looked for.
  std::map<UsedPath, UsedFile> files;
  std::map<ProgramId, std::set<ProcessIds>>
      identities;  // That its processes had after an exec, a change of ids, and at their end.
  std::map<ProgramId, ProgramPrivileges> privileges;  // Of programs that have any.
  std::map<Endpoint, std::set<ProgramId>> endpoints;
  Peaks peaks;
  auto operator<=>(const HardeningEvidence&) const = default;
};

// Puts what is known of a file into what is known of it already. The order does not matter.
void JoinFile(const UsedFile& more, UsedFile& kept);

// Puts `more` into `kept`: what is in one of them was used, and what one did not look for is missing. Programs are
// those of `kept` already.
void JoinHardening(const HardeningEvidence& more, HardeningEvidence& kept);

// The programs that it speaks of.
std::set<ProgramId> ProgramsOf(const HardeningEvidence& hardening);

// Gives each program the number that `places` has for it; those that it has none for are left out.
HardeningEvidence Renumbered(const HardeningEvidence& hardening, const std::vector<ProgramId>& places);

// The words of the file format.
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
