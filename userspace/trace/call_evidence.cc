// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/call_evidence.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/net.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/trace/kernel_evidence.h"

namespace syscarve {
namespace {

constexpr int kMostLinks = 8;
// From linux/openat2.h, which conflicts with fcntl.h on some systems.
constexpr uint64_t kResolveInRoot = 0x10;
constexpr size_t kOpenHowBytes = 24;
// struct sockaddr_storage: a longer address is refused by every call.
constexpr uint64_t kMostAddressBytes = sizeof(sockaddr_storage);
// The device of /dev/fuse (Documentation/admin-guide/devices.txt).
constexpr unsigned kMiscMajor = 10;
constexpr unsigned kFuseMinor = 229;

template <typename Number>
Number NumberAt(std::string_view bytes, size_t place) {
  Number number{};
  if (place + sizeof(number) <= bytes.size()) std::memcpy(&number, bytes.data() + place, sizeof(number));
  return number;
}

int DescriptorIn(uint64_t value) {
  return static_cast<int>(static_cast<uint32_t>(value));
}

// Splits a name into its folder and its last component: "a/b/" into "a" and "b".
std::pair<std::string, std::string> SplitLast(std::string_view name) {
  while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
  const size_t slash = name.rfind('/');
  if (slash == std::string_view::npos) return {".", std::string(name)};
  return {std::string(name.substr(0, std::max<size_t>(slash, 1))), std::string(name.substr(slash + 1))};
}

AddressScope ScopeOfInet(uint32_t host) {
  const auto in = [host](uint32_t network, int bits) { return (host ^ network) >> (32 - bits) == 0; };
  if (host == 0) return AddressScope::kAny;
  if (in(0x7f000000, 8)) return AddressScope::kLoopback;
  if (in(0x0a000000, 8) || in(0xac100000, 12) || in(0xc0a80000, 16) || in(0x64400000, 10))
    return AddressScope::kPrivate;
  if (in(0xa9fe0000, 16)) return AddressScope::kLinkLocal;
  if (in(0xe0000000, 4) || host == 0xffffffff) return AddressScope::kMulticast;
  return AddressScope::kPublic;
}

AddressScope ScopeOfInet6(const in6_addr& address) {
  if (IN6_IS_ADDR_UNSPECIFIED(&address)) return AddressScope::kAny;
  if (IN6_IS_ADDR_LOOPBACK(&address)) return AddressScope::kLoopback;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    uint32_t last = 0;
    std::memcpy(&last, address.s6_addr + 12, sizeof(last));
    return ScopeOfInet(ntohl(last));
  }
  if ((address.s6_addr[0] & 0xfe) == 0xfc) return AddressScope::kPrivate;
  if (IN6_IS_ADDR_LINKLOCAL(&address)) return AddressScope::kLinkLocal;
  if (IN6_IS_ADDR_MULTICAST(&address)) return AddressScope::kMulticast;
  return AddressScope::kPublic;
}

// Whether it is a folder in which files can be created.
bool IsFolder(const FoundFile& found) {
  return found.presence == Presence::kThere && S_ISDIR(found.file.mode) && !found.file.removed;
}

FileUses UsesOfOpen(uint64_t flags) {
  FileUses uses;
  const uint64_t access = flags & O_ACCMODE;
  if ((flags & O_PATH) != 0) return FileUse::kRead;
  if (access == O_RDONLY || access == O_RDWR || access == O_ACCMODE) uses |= FileUse::kRead;
  if (access == O_WRONLY || access == O_RDWR) uses |= FileUse::kWritten;
  if (access == O_RDONLY && (flags & O_TRUNC) != 0) uses |= FileUse::kChanged;
  return uses;
}

// Whether open with these flags fails for this existing file, regardless of permissions.
bool CannotOpen(const TaskFile& file, uint64_t flags) {
  if ((flags & O_PATH) != 0) return (flags & O_DIRECTORY) != 0 && !S_ISDIR(file.mode);
  if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return true;
  if (S_ISLNK(file.mode) || S_ISSOCK(file.mode)) return true;
  if ((flags & O_DIRECTORY) != 0) return !S_ISDIR(file.mode);
  return S_ISDIR(file.mode) && ((flags & O_CREAT) != 0 || (flags & O_ACCMODE) != O_RDONLY);
}

UsedFile Described(const TaskFile& file) {
  UsedFile used = {.kind = FileKindOfMode(file.mode), .mount = "", .filesystem = "", .uses = {}};
  if (S_ISCHR(file.mode) || S_ISBLK(file.mode)) {
    used.device_major = file.major;
    used.device_minor = file.minor;
  }
  return used;
}

}  // namespace

std::optional<Endpoint> EndpointOfAddress(std::string_view bytes, EndpointUse use, int socket_type) {
  const auto family = NumberAt<uint16_t>(bytes, 0);
  Endpoint endpoint = {.use = use, .family = AddressFamilyOf(family), .socket_type = socket_type};
  switch (family) {
    case AF_UNSPEC:
      return std::nullopt;
    case AF_UNIX:
      if (bytes.size() > sizeof(family) && bytes[sizeof(family)] != '\0') return std::nullopt;
      break;
    case AF_INET:
      endpoint.port = ntohs(NumberAt<uint16_t>(bytes, offsetof(sockaddr_in, sin_port)));
      endpoint.scope = ScopeOfInet(ntohl(NumberAt<uint32_t>(bytes, offsetof(sockaddr_in, sin_addr))));
      break;
    case AF_INET6:
      endpoint.port = ntohs(NumberAt<uint16_t>(bytes, offsetof(sockaddr_in6, sin6_port)));
      endpoint.scope = ScopeOfInet6(NumberAt<in6_addr>(bytes, offsetof(sockaddr_in6, sin6_addr)));
      break;
    default:
      break;
  }
  return endpoint;
}

EvidenceOfCall CallEvidenceReader::Of(const EvidenceCall& call, Abi abi, Registers registers) {
  result_ = {};
  const recorder_evidence_path& first = call.evidence.paths[0];
  const bool narrow = abi != NativeAbi();
  switch (call.evidence.kind) {
    case RECORDER_EVIDENCE_OPEN:
      Open(call, registers);
      break;
    case RECORDER_EVIDENCE_PATHS:
      Paths(call, registers);
      break;
    case RECORDER_EVIDENCE_DESCRIPTOR:
      Descriptor(DescriptorIn(registers[first.path]), FileUsesFromBits(first.uses));
      break;
    case RECORDER_EVIDENCE_MAP:
      Map(registers, /*by_address=*/call.name == "mmap" && (abi == Abi::kI386 || abi == Abi::kArm));
      break;
    case RECORDER_EVIDENCE_ADDRESS:
      Address(DescriptorIn(registers[0]), registers[first.path], registers[first.path + 1u], first.uses != 0);
      break;
    case RECORDER_EVIDENCE_MESSAGES:
      Messages(DescriptorIn(registers[0]), registers[1], call.evidence.count != 0 ? registers[2] : 1, narrow);
      break;
    case RECORDER_EVIDENCE_SOCKETCALL:
      Socketcall(registers[0], registers[1]);
      break;
    default:
      break;
  }
  return std::move(result_);
}

EvidenceOfCall CallEvidenceReader::OfExecution(int directory, uint64_t path) {
  result_ = {};
  std::optional<std::string> name = NameAt(path);
  // A program executed by descriptor is recorded when it runs.
  if (!name.has_value() || name->empty()) return std::move(result_);
  const Named named{directory, *std::move(name)};
  const FoundFile found = Find(named, /*follow=*/true);
  if (found.presence != Presence::kNotThere) AddNamed(named, found, RECORDER_FILE_EXECUTED);
  return std::move(result_);
}

EvidenceOfCall CallEvidenceReader::OfExecutable() {
  result_ = {};
  const FoundFile executable = files_.Executable();
  if (executable.presence != Presence::kThere || executable.file.path.empty()) {
    ++result_.files_unread;
    return std::move(result_);
  }
  AddFile(executable.file, FileUse::kExecuted);
  result_.executable = executable.file.mode;
  // The program's loader was mapped by the kernel, without a call.
  for (const std::string& path : files_.ExecutableMappings()) {
    if (path == executable.file.path) continue;
    result_.files.push_back({.path = {.path = path}, .file = {.kind = FileKind::kRegular}, .uses = FileUse::kMapped});
  }
  return std::move(result_);
}

std::optional<std::string> CallEvidenceReader::NameAt(uint64_t address) {
  if (address == 0) return std::nullopt;
  const std::optional<TaskString> text = memory_.StringAt(address);
  if (!text.has_value()) ++result_.files_unread;
  // The kernel refuses a name without an end within PATH_MAX.
  if (!text.has_value() || !text->whole) return std::nullopt;
  return text->bytes;
}

FoundFile CallEvidenceReader::Find(const Named& named, bool follow) const {
  return look_up_files_ ? files_.Find(named.directory, named.name, follow) : FoundFile();
}

std::optional<std::string> CallEvidenceReader::Lexical(const Named& named) const {
  const std::optional<std::string> base = named.name.starts_with('/') ? files_.Root() : files_.Base(named.directory);
  if (!base.has_value()) return std::nullopt;
  return LexicalPath(Concat(*base, "/", named.name));
}

// Whether a file can be created under this name: not if its folder does not exist.
bool CallEvidenceReader::HasFolder(const Named& named) const {
  const auto [folder, last] = SplitLast(named.name);
  const FoundFile found = Find({named.directory, folder}, /*follow=*/true);
  return found.presence == Presence::kNotKnown || IsFolder(found);
}

void CallEvidenceReader::AddFile(const TaskFile& file, FileUses uses) {
  if (file.path.empty()) return;
  result_.files.push_back({.path = {.path = file.path}, .file = Described(file), .uses = uses, .mount = file.mount});
}

void CallEvidenceReader::AddNamed(const Named& named, const FoundFile& found, uint32_t bits) {
  std::optional<std::string> path = Lexical(named);
  if (!path.has_value()) {
    ++result_.files_unread;
    return;
  }
  UsedFile file;
  if (found.presence == Presence::kThere) file = Described(found.file);
  file.kind = FileKindFromBits(bits, file.kind);
  result_.files.push_back(
      {.path = {.path = *std::move(path)}, .file = std::move(file), .uses = FileUsesFromBits(bits)});
}

void CallEvidenceReader::Open(const EvidenceCall& call, Registers registers) {
  if (call.name == "open_by_handle_at") {
    result_.unseen = true;
    return;
  }
  const bool here = call.name == "open" || call.name == "creat";
  const size_t place = here ? 0 : 1;
  Named named{here ? AT_FDCWD : DescriptorIn(registers[0]), ""};
  uint64_t flags = registers[place + 1] & 0xffffffff;
  if (call.name == "creat") flags = O_CREAT | O_WRONLY | O_TRUNC;
  bool in_root = false;
  if (call.name == "openat2") {
    const std::optional<std::string> how = memory_.BytesAt(registers[2], kOpenHowBytes);
    if (!how.has_value()) {
      ++result_.files_unread;
      return;
    }
    flags = NumberAt<uint64_t>(*how, 0);
    in_root = (NumberAt<uint64_t>(*how, 16) & kResolveInRoot) != 0;
  }
  std::optional<std::string> name = NameAt(registers[place]);
  if (!name.has_value() || name->empty()) return;
  named.name = *std::move(name);
  // With RESOLVE_IN_ROOT the directory is the root of this one call.
  if (in_root) named.name = Concat(".", LexicalPath(named.name));
  OpenNamed(named, flags, kMostLinks);
}

void CallEvidenceReader::OpenNamed(const Named& named, uint64_t flags, int links_left) {
  const bool creates = (flags & O_CREAT) != 0 && (flags & O_PATH) == 0;
  const bool follow = (flags & O_NOFOLLOW) == 0 && !(creates && (flags & O_EXCL) != 0);
  const bool nameless = (flags & O_TMPFILE) == O_TMPFILE && (flags & O_PATH) == 0;
  const FoundFile found = Find(named, follow);
  FileUses uses = UsesOfOpen(flags);
  switch (found.presence) {
    case Presence::kThere:
      if (nameless) {
        // It never has a name, but uses this folder's file system.
        if (!S_ISDIR(found.file.mode)) return;
        result_.files.push_back({.path = {.path = found.file.path, .others = true},
                                 .file = {},
                                 .uses = uses | FileUse::kCreated,
                                 .mount = found.file.mount});
        return;
      }
      if (CannotOpen(found.file, flags)) return;
      AddFile(found.file, uses);
      result_.serves_files |=
          S_ISCHR(found.file.mode) && found.file.major == kMiscMajor && found.file.minor == kFuseMinor;
      result_.serves_memory |= found.file.path == "/dev/userfaultfd";
      return;
    case Presence::kNotThere: {
      if (!creates || nameless || named.name.ends_with('/')) return;
      const FoundFile link = follow ? Find(named, /*follow=*/false) : FoundFile{.presence = Presence::kNotThere};
      if (link.presence != Presence::kThere || !S_ISLNK(link.file.mode) || link.file.target.empty()) {
        return Make(named, uses | FileUse::kCreated);
      }
      // A dangling link: its target is created.
      if (links_left == 0) return;
      const bool absolute = link.file.target.starts_with('/');
      return OpenNamed(
          {named.directory, absolute ? link.file.target : Concat(SplitLast(named.name).first, "/", link.file.target)},
          flags, links_left - 1);
    }
    case Presence::kNotKnown:
      if (creates) uses |= FileUse::kCreated;
      std::optional<std::string> path = Lexical(named);
      if (!path.has_value()) {
        ++result_.files_unread;
        return;
      }
      result_.serves_files |= *path == "/dev/fuse";
      result_.serves_memory |= *path == "/dev/userfaultfd";
      result_.files.push_back({.path = {.path = *std::move(path), .others = nameless}, .file = {}, .uses = uses});
      return;
  }
}

// Adds a regular file created by open, with links in its folder's path resolved.
void CallEvidenceReader::Make(const Named& named, FileUses uses) {
  const auto [folder, last] = SplitLast(named.name);
  const FoundFile found = Find({named.directory, folder}, /*follow=*/true);
  if (found.presence != Presence::kNotKnown && !IsFolder(found)) return;
  std::optional<std::string> path =
      found.presence == Presence::kThere ? LexicalPath(Concat(found.file.path, "/", last)) : Lexical(named);
  if (!path.has_value()) {
    ++result_.files_unread;
    return;
  }
  result_.files.push_back({.path = {.path = *std::move(path)},
                           .file = {.kind = FileKind::kRegular},
                           .uses = uses,
                           .mount = found.file.mount});
}

void CallEvidenceReader::Paths(const EvidenceCall& call, Registers registers) {
  for (size_t i = 0; i < call.evidence.count; ++i) {
    const recorder_evidence_path& place = call.evidence.paths[i];
    std::optional<std::string> name = NameAt(registers[place.path]);
    // An empty name refers to the descriptor itself, whose file was recorded when it was opened.
    if (!name.has_value() || name->empty()) continue;
    const Named named{
        place.directory == RECORDER_WORKING_DIRECTORY ? AT_FDCWD : DescriptorIn(registers[place.directory]),
        *std::move(name)};
    const FoundFile found = Find(named, /*follow=*/false);
    const bool renamed = call.evidence.count > 1;
    const bool makes = (place.uses & RECORDER_FILE_CREATED) != 0;
    if (makes ? !renamed && found.presence == Presence::kThere : found.presence == Presence::kNotThere) return;
    if (makes && found.presence == Presence::kNotThere && !HasFolder(named)) {
      // Then the source was not renamed either.
      if (renamed) result_.files.clear();
      return;
    }
    AddNamed(named, found, place.uses);
  }
}

void CallEvidenceReader::Descriptor(int descriptor, FileUses uses) {
  const FoundFile found = look_up_files_ ? files_.OfDescriptor(descriptor) : FoundFile();
  if (found.presence == Presence::kThere) AddFile(found.file, uses);
  if (found.presence == Presence::kNotKnown) {
    // Only its link, which requires no access to a file system.
    std::optional<std::string> path = files_.Base(descriptor);
    if (path.has_value()) {
      result_.files.push_back({.path = {.path = *std::move(path)}, .file = {}, .uses = uses});
    } else {
      ++result_.files_unread;
    }
  }
}

void CallEvidenceReader::Map(Registers registers, bool by_address) {
  uint64_t protection = registers[2];
  uint64_t flags = registers[3];
  uint64_t descriptor = registers[4];
  if (by_address) {
    // The original mmap of i386 and arm has all its arguments in memory.
    const std::optional<std::string> given = memory_.BytesAt(registers[0], 6 * sizeof(uint32_t));
    if (!given.has_value()) {
      ++result_.files_unread;
      return;
    }
    protection = NumberAt<uint32_t>(*given, 8);
    flags = NumberAt<uint32_t>(*given, 12);
    descriptor = NumberAt<uint32_t>(*given, 16);
  }
  if ((protection & PROT_EXEC) == 0 || (flags & MAP_ANONYMOUS) != 0) return;
  Descriptor(DescriptorIn(descriptor), FileUse::kMapped);
}

// Cached: a thousand messages of one call use the same socket.
int CallEvidenceReader::TypeOf(int socket) {
  if (!socket_type_.has_value()) socket_type_ = files_.SocketType(socket);
  return *socket_type_;
}

void CallEvidenceReader::Address(int socket, uint64_t address, uint64_t length, bool connects) {
  const auto bytes_given = static_cast<uint32_t>(length);
  if (address == 0 || bytes_given < sizeof(sa_family_t) || bytes_given > kMostAddressBytes) return;
  const std::optional<std::string> bytes = memory_.BytesAt(address, bytes_given);
  if (!bytes.has_value()) {
    ++result_.addresses_unread;
    return;
  }
  constexpr size_t kPathBegin = offsetof(sockaddr_un, sun_path);
  const bool has_path =
      NumberAt<uint16_t>(*bytes, 0) == AF_UNIX && bytes->size() > kPathBegin && (*bytes)[kPathBegin] != '\0';
  if (!has_path) {
    const EndpointUse use = connects ? EndpointUse::kConnected : EndpointUse::kBound;
    const std::optional<Endpoint> endpoint = EndpointOfAddress(*bytes, use, TypeOf(socket));
    if (endpoint.has_value()) result_.endpoints.push_back(*endpoint);
    return;
  }
  if (bytes_given > sizeof(sockaddr_un)) return;
  const std::string_view path = std::string_view(*bytes).substr(kPathBegin);
  const Named named{AT_FDCWD, std::string(path.substr(0, path.find('\0')))};
  const FoundFile found = Find(named, /*follow=*/connects);
  if (connects ? found.presence == Presence::kNotThere : found.presence == Presence::kThere) return;
  if (!connects && found.presence == Presence::kNotThere && !HasFolder(named)) return;
  AddNamed(named, found, connects ? RECORDER_FILE_CONNECTED : RECORDER_FILE_CREATED | RECORDER_FILE_SOCKET);
}

void CallEvidenceReader::Message(int socket, uint64_t address, bool narrow) {
  const std::optional<std::string> head = memory_.BytesAt(address, narrow ? 8 : 12);
  if (!head.has_value()) {
    ++result_.addresses_unread;
    return;
  }
  if (narrow) {
    Address(socket, NumberAt<uint32_t>(*head, 0), NumberAt<uint32_t>(*head, 4), /*connects=*/true);
  } else {
    Address(socket, NumberAt<uint64_t>(*head, 0), NumberAt<uint32_t>(*head, 8), /*connects=*/true);
  }
}

void CallEvidenceReader::Messages(int socket, uint64_t address, uint64_t count, bool narrow) {
  // A struct mmsghdr begins with its struct msghdr.
  const uint64_t bytes = narrow ? 32 : 64;
  for (uint64_t i = 0; i < std::min<uint64_t>(count, RECORDER_MESSAGES); ++i) {
    const uint64_t unread = result_.addresses_unread;
    Message(socket, address + i * bytes, narrow);
    if (result_.addresses_unread != unread) break;
  }
}

void CallEvidenceReader::Socketcall(uint64_t which, uint64_t address) {
  const bool messages = which == SYS_SENDMSG || which == SYS_SENDMMSG;
  if (which != SYS_BIND && which != SYS_CONNECT && which != SYS_SENDTO && !messages) return;
  const size_t count = which == SYS_SENDTO ? 6 : which == SYS_SENDMMSG ? 4 : 3;
  const std::optional<std::string> given = memory_.BytesAt(address, count * sizeof(uint32_t));
  if (!given.has_value()) {
    ++result_.addresses_unread;
    return;
  }
  const auto argument = [&](size_t i) { return NumberAt<uint32_t>(*given, i * sizeof(uint32_t)); };
  const int socket = DescriptorIn(argument(0));
  if (messages) return Messages(socket, argument(1), which == SYS_SENDMSG ? 1 : argument(2), /*narrow=*/true);
  const size_t place = which == SYS_SENDTO ? 4 : 1;
  Address(socket, argument(place), argument(place + 1), which != SYS_BIND);
}

}  // namespace syscarve
