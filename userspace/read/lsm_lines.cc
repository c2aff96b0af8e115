// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/lsm_lines.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/model/capability.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/socket_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/audit_fields.h"

namespace syscarve {
namespace {

// AppArmor's words for requests that it logs and allows (complain, audit), and that it refuses; other lines are about
// loading policies.
constexpr std::string_view kApparmorMarks[] = {"apparmor=\"ALLOWED\"", "apparmor=\"DENIED\"", "apparmor=\"AUDIT\""};
constexpr std::string_view kVectorMarks[] = {"avc:  denied  {", "avc:  granted  {", "avc: denied {", "avc: granted {"};
// The types of the kernel's records (linux/audit.h): AVC, and AUDIT_APPARMOR_* of Ubuntu. Other records with these
// words, such as USER_AVC, are from programs that enforce a policy of their own.
constexpr std::string_view kTypes[] = {"type=1400 ",
                                       "type=AVC ",
                                       "type=1501 ",
                                       "type=1502 ",
                                       "type=1503 ",
                                       "type=APPARMOR_AUDIT ",
                                       "type=APPARMOR_ALLOWED ",
                                       "type=APPARMOR_DENIED "};
// The name of the place of a capability check in a verdict.
constexpr std::string_view kWitness = "a security module";
// AppArmor's word for a capability that the kernel checks only opportunistically (CAP_OPT_NOAUDIT).
constexpr std::string_view kOptional = "optional: no audit";
constexpr std::string_view kUnplacedFile = "unplaced_file";
constexpr size_t kMaxFiles = 100'000;

// Without ".", ".." and double slashes, as in evidence; nullopt if it is not a path.
std::optional<std::string> Normalised(std::string_view path) {
  if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) return std::nullopt;
  std::string result;
  for (const std::string_view name : SplitNonEmpty(path, '/')) {
    if (name == ".") continue;
    if (name == "..") return std::nullopt;
    result += '/';
    result += name;
  }
  if (result.empty()) result = "/";
  if (EncodePercent(result).size() > kMaxRecordingTextBytes) return std::nullopt;
  return result;
}

bool IsChange(std::string_view operation) {
  constexpr std::string_view kChanges[] = {"chmod", "chown", "truncate", "setattr", "setxattr", "removexattr"};
  return std::ranges::find(kChanges, operation) != std::end(kChanges);
}

struct SocketClass {
  std::string_view name;
  int family;
  int type;
  int protocol;
};
constexpr SocketClass kSocketClasses[] = {
    {"tcp_socket", AF_INET, SOCK_STREAM, 0},
    {"udp_socket", AF_INET, SOCK_DGRAM, 0},
    {"rawip_socket", AF_INET, SOCK_RAW, 0},
    {"unix_stream_socket", AF_UNIX, SOCK_STREAM, 0},
    {"unix_dgram_socket", AF_UNIX, SOCK_DGRAM, 0},
    {"packet_socket", AF_PACKET, SOCK_RAW, 0},
    {"vsock_socket", AF_VSOCK, SOCK_STREAM, 0},
    {"alg_socket", AF_ALG, SOCK_SEQPACKET, 0},
    {"netlink_route_socket", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE},
    {"netlink_kobject_uevent_socket", AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT},
    {"netlink_audit_socket", AF_NETLINK, SOCK_RAW, NETLINK_AUDIT},
    {"netlink_generic_socket", AF_NETLINK, SOCK_RAW, NETLINK_GENERIC},
    {"netlink_netfilter_socket", AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER},
    {"netlink_xfrm_socket", AF_NETLINK, SOCK_RAW, NETLINK_XFRM},
    {"netlink_tcpdiag_socket", AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG},
};

struct FileClass {
  std::string_view name;
  FileKind kind;
};
// Devices have no kind here, because the line does not identify the device.
constexpr FileClass kFileClasses[] = {
    {"file", FileKind::kRegular},     {"dir", FileKind::kDirectory},
    {"lnk_file", FileKind::kLink},    {"sock_file", FileKind::kSocket},
    {"fifo_file", FileKind::kPipe},   {"chr_file", FileKind::kUnknown},
    {"blk_file", FileKind::kUnknown}, {"unix_stream_socket", FileKind::kSocket},
};

// The uses of a file among an access vector's permissions.
FileUses UsesOf(std::string_view file_class, const std::vector<std::string_view>& permissions) {
  const auto has = [&](std::string_view permission) { return std::ranges::count(permissions, permission) > 0; };
  FileUses uses;
  const auto add = [&](FileUse use, std::initializer_list<std::string_view> names) {
    if (std::ranges::any_of(names, has)) uses |= use;
  };
  if (file_class == "unix_stream_socket") {
    add(FileUse::kConnected, {"connectto"});
    return uses;
  }
  add(FileUse::kRead, {"read"});
  // A write to a directory is an added or removed name, which has its own line.
  if (file_class != "dir") add(FileUse::kWritten, {"write", "append"});
  // The purpose of an open (read, write) has its own line, which has only the file's name.
  if (file_class != "dir" && has("open") && uses.empty() && !has("execute")) uses |= FileUse::kRead;
  add(FileUse::kCreated, {"create", "link"});
  add(FileUse::kRemoved, {"unlink", "rmdir", "rename"});
  add(FileUse::kChanged, {"setattr"});
  add(FileUse::kMounted, {"mounton"});
  if (file_class == "sock_file" && has("write")) uses |= FileUse::kConnected;
  if (has("execute_no_trans") || has("entrypoint")) {
    uses |= FileUse::kExecuted;
  } else if (has("execute") || has("map")) {
    uses |= has("execute") ? FileUse::kMapped : FileUse::kRead;
  }
  return uses;
}

}  // namespace

size_t PlaceOfLsmRecord(std::string_view line) {
  size_t place = std::string_view::npos;
  for (const std::string_view mark : kApparmorMarks) place = std::min(place, line.find(mark));
  for (const std::string_view mark : kVectorMarks) place = std::min(place, line.find(mark));
  if (place == std::string_view::npos) return place;
  const size_t type = line.substr(0, place).find("type=");
  if (type == std::string_view::npos) return place;
  const bool fits =
      std::ranges::any_of(kTypes, [&](std::string_view each) { return line.substr(type).starts_with(each); });
  return fits ? place : std::string_view::npos;
}

void LsmLines::Take(std::string_view line, std::string_view exe, RecordingBuilder& builder, ArgumentsOfLog& arguments) {
  ++records_;
  line.remove_prefix(PlaceOfLsmRecord(line));
  const std::string own_exe = AuditText(AuditField(line, "exe"));
  const Places places = {.builder = builder,
                         .arguments = arguments,
                         .program = builder.Program(own_exe.empty() ? exe : std::string_view(own_exe))};
  if (line.starts_with("apparmor=")) {
    TakeApparmor(line, places);
  } else {
    TakeAccessVector(line, places);
  }
}

void LsmLines::TakeApparmor(std::string_view line, const Places& places) {
  const std::string profile = AuditText(AuditField(line, "profile"));
  if (subject_.empty()) subject_ = profile.substr(profile.rfind('/') + 1);
  const std::string operation = AuditText(AuditField(line, "operation"));
  if (operation == "capable") {
    if (AuditText(AuditField(line, "info")) == kOptional) return;
    if (const auto capability = ParseNumber<int>(AuditField(line, "capability"));
        capability.has_value() && *capability >= 0 && *capability < kCapabilityCount) {
      AddCapability(*capability, places);
    } else {
      places.builder.Lost(kUnreadableLine, true, "Lines of the log could not be read.");
    }
    return;
  }
  if (operation == "ptrace") return AddCall("ptrace", places);
  if (operation == "signal") return;
  if (const std::string family = AuditText(AuditField(line, "family")); !family.empty()) {
    const std::optional<int> value = SocketFamilyFromWord(family);
    const std::optional<int> type = SocketTypeFromWord(AuditText(AuditField(line, "sock_type")));
    if (value.has_value() && type.has_value()) {
      const auto protocol = ParseNumber<int>(AuditField(line, "protocol"));
      AddSocket(*value, *type, *value == AF_NETLINK ? protocol.value_or(0) : 0, places);
    } else {
      places.builder.Lost(kUnreadableLine, true, "Lines of the log could not be read.");
    }
    return;
  }
  TakeApparmorFile(line, operation, AuditText(AuditField(line, "name")), places);
}

void LsmLines::TakeApparmorFile(std::string_view line, std::string_view operation, const std::string& name,
                                const Places& places) {
  if (operation == "mount" || operation == "umount") {
    return AddFile(name, FileKind::kDirectory, FileUse::kMounted, places);
  }
  if (operation == "pivotroot") return AddCall("pivot_root", places);
  // The requested permissions, or if absent, the denied ones.
  std::string mask = AuditText(AuditField(line, "requested_mask"));
  if (mask.empty()) mask = AuditText(AuditField(line, "denied_mask"));
  FileUses uses;
  for (const char letter : mask) {
    switch (letter) {
      case 'r':
        uses |= FileUse::kRead;
        break;
      case 'w':
      case 'a':
        // A rename logs it for both names, and for one that is created or removed with it.
        if (IsChange(operation)) {
          uses |= FileUse::kChanged;
        } else if (operation == "connect") {
          uses |= FileUse::kConnected;
        } else if (operation != "rename_src" && operation != "rename_dest") {
          uses |= FileUse::kWritten;
        }
        break;
      case 'c':
        uses |= FileUse::kCreated;
        break;
      case 'd':
        uses |= FileUse::kRemoved;
        break;
      case 'x':
        uses |= FileUse::kExecuted;
        break;
      case 'm':
        uses |= FileUse::kMapped;
        break;
      case 'l':
        uses |= FileUse::kCreated;
        AddCall("linkat", places);
        break;
      case 'k':
        uses |= FileUse::kRead;
        AddCall("flock", places);
        break;
      default:
        break;
    }
  }
  if (uses.empty()) return places.builder.Lost(kUnreadableLine, true, "Lines of the log could not be read.");
  const bool is_directory = name.size() > 1 && name.ends_with('/');
  AddFile(name, is_directory || name == "/" ? FileKind::kDirectory : FileKind::kRegular, uses, places);
}

void LsmLines::TakeAccessVector(std::string_view line, const Places& places) {
  const size_t begin = line.find('{');
  const size_t end = line.find('}', begin);
  const std::string_view file_class = AuditField(line, "tclass");
  if (end == std::string_view::npos || file_class.empty()) {
    return places.builder.Lost(kUnreadableLine, true, "Lines of the log could not be read.");
  }
  const std::vector<std::string_view> permissions = SplitNonEmpty(line.substr(begin + 1, end - begin - 1), ' ');
  line.remove_prefix(end);
  if (subject_.empty()) {
    // user:role:type:level
    const std::vector<std::string_view> context = SplitNonEmpty(AuditField(line, "scontext"), ':');
    if (context.size() >= 3) subject_ = std::string(context[2].substr(0, context[2].find('.')));
  }
  if (file_class.starts_with("cap")) {
    for (const std::string_view permission : permissions) {
      if (const std::optional<int> capability = CapabilityFromName(permission)) AddCapability(*capability, places);
    }
    return;
  }
  const auto* const socket = std::ranges::find(kSocketClasses, file_class, &SocketClass::name);
  if (socket != std::end(kSocketClasses)) {
    const auto has = [&](std::string_view permission) { return std::ranges::count(permissions, permission) > 0; };
    if (has("create")) AddSocket(socket->family, socket->type, socket->protocol, places);
    for (const auto& [permission, key, use] : {std::tuple{"name_bind", "src", EndpointUse::kBound},
                                               std::tuple{"name_connect", "dest", EndpointUse::kConnected}}) {
      const auto port = ParseNumber<uint16_t>(AuditField(line, key));
      if (!has(permission) || !port.has_value()) continue;
      evidence_
          .endpoints[{.use = use,
                      .family = AddressFamily::kInet,
                      .scope = AddressScope::kAny,
                      .socket_type = socket->type,
                      .port = *port}]
          .insert(places.program);
    }
    if (!has("connectto")) return;
  }
  const auto* const file = std::ranges::find(kFileClasses, file_class, &FileClass::name);
  if (file == std::end(kFileClasses)) return;
  const FileUses uses = UsesOf(file_class, permissions);
  if (uses.empty()) return;
  const std::string path = AuditText(AuditField(line, "path"));
  if (path.empty()) {
    return places.builder.Lost(kUnplacedFile, true,
                               "Lines have the name of a file without its directory: its path is not known.");
  }
  AddFile(path, file->kind, uses, places);
}

void LsmLines::AddFile(const std::string& path, FileKind kind, FileUses uses, const Places& places) {
  std::optional<std::string> normalised = Normalised(path);
  const bool full = evidence_.files.size() >= kMaxFiles;
  if (!normalised.has_value() || (full && !evidence_.files.contains({.path = *normalised}))) {
    return places.builder.Lost(kUnplacedFile, true, "Lines have paths that are not absolute, too long, or too many.");
  }
  UsedFile& file = evidence_.files[{.path = *std::move(normalised)}];
  file.kind = std::max(file.kind, kind);
  file.uses[places.program] |= uses;
}

void LsmLines::AddCapability(int capability, const Places& places) {
  // The kernel calls the security module only if the task's credentials have the capability.
  places.builder.Capability(capability, kWitness);
}

void LsmLines::AddCall(std::string_view name, const Places& places) {
  if (const std::optional<SyscallId> id = FindSyscall(native_, name)) {
    places.builder.Call(*id, places.program);
    if (places.arguments.Wanted(*id) != nullptr) places.arguments.Add(*id, {.open = true});
  }
}

void LsmLines::AddSocket(int family, int type, int protocol, const Places& places) {
  const std::optional<SyscallId> id = FindSyscall(native_, "socket");
  if (!id.has_value()) return;
  places.builder.Call(*id, places.program);
  const RecordedCall* const wanted = places.arguments.Wanted(*id);
  if (wanted == nullptr) return;
  const uint64_t values[] = {static_cast<uint64_t>(family), static_cast<uint64_t>(type),
                             static_cast<uint64_t>(protocol)};
  places.arguments.Add(*id, LoggedArguments(places.arguments.table(), *wanted, *id, places.program,
                                            [&](size_t index, std::span<const uint64_t>) -> std::optional<uint64_t> {
                                              if (index >= std::size(values)) return std::nullopt;
                                              return values[index];
                                            }));
}

std::optional<HardeningEvidence> LsmLines::evidence() && {
  if (records_ == 0) return std::nullopt;
  evidence_.missing = {std::string(kMissingIds), std::string(kMissingEndpoints), std::string(kMissingPeaks)};
  return std::move(evidence_);
}

}  // namespace syscarve
