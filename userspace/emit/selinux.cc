// SPDX-License-Identifier: Apache-2.0
// SELinux decides by types; a path matters only if it determines its file's type. So the module allows, per class of
// files, the recorded uses on the one type that a container's files have. Volumes, and the kernel's files in /proc and
// /sys, have types of their own. docs/lsm.md states what that keeps out and what it does not.
//
// Classes and permissions are the kernel's (security/selinux/include/classmap.h); external types are those of the
// reference policy and of container-selinux, each in an optional block, which is ignored if the type does not exist.
#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"
#include "userspace/model/capability.h"

namespace syscarve {
namespace {

constexpr size_t kMaxName = 64;

using Words = std::set<std::string_view>;
// By class.
using Permissions = std::map<std::string_view, Words>;

void Allow(std::string_view file_class, std::initializer_list<std::string_view> permissions, Permissions& allowed) {
  allowed[file_class].insert(permissions.begin(), permissions.end());
}

// The possible classes of a file of these kinds.
std::vector<std::string_view> ClassesOf(const std::set<FileKind>& kinds) {
  std::set<std::string_view> classes;
  for (const FileKind kind : kinds) {
    switch (kind) {
      case FileKind::kUnknown:
        classes.insert({"file", "dir"});
        break;
      case FileKind::kRegular:
        classes.insert("file");
        break;
      case FileKind::kDirectory:
        classes.insert("dir");
        break;
      case FileKind::kLink:
        classes.insert("lnk_file");
        break;
      case FileKind::kCharacterDevice:
        classes.insert("chr_file");
        break;
      case FileKind::kBlockDevice:
        classes.insert("blk_file");
        break;
      case FileKind::kPipe:
        classes.insert("fifo_file");
        break;
      case FileKind::kSocket:
        classes.insert("sock_file");
        break;
    }
  }
  return {classes.begin(), classes.end()};
}

// Adds the permissions that one use of a file of a class requires, on the file and on its directory.
void AddUse(std::string_view file_class, FileUse use, const ProgramHabits& habits, Permissions& allowed) {
  const bool is_directory = file_class == "dir";
  switch (use) {
    case FileUse::kRead:
      if (is_directory) {
        Allow("dir", {"read", "open", "getattr", "search", "ioctl", "lock"}, allowed);
      } else if (file_class == "lnk_file") {
        Allow(file_class, {"read", "getattr"}, allowed);
      } else {
        Allow(file_class, {"read", "open", "getattr", "ioctl", "lock", "map"}, allowed);
      }
      break;
    case FileUse::kWritten:
      Allow(file_class, {"write", "append", "open", "getattr", "ioctl", "lock"}, allowed);
      if (!is_directory) Allow(file_class, {"map"}, allowed);
      break;
    case FileUse::kCreated:
      Allow(file_class, {"create", "getattr", "setattr"}, allowed);
      if (habits.links && !is_directory) Allow(file_class, {"link"}, allowed);
      if (habits.renames) Allow(file_class, {"rename"}, allowed);
      if (habits.renames && is_directory) Allow("dir", {"reparent"}, allowed);
      Allow("dir", {"search", "write", "add_name"}, allowed);
      break;
    case FileUse::kRemoved:
      Allow(file_class, {"getattr", is_directory ? std::string_view("rmdir") : "unlink"}, allowed);
      if (habits.renames) Allow(file_class, {"rename"}, allowed);
      if (habits.renames && is_directory) Allow("dir", {"reparent"}, allowed);
      Allow("dir", {"search", "write", "remove_name"}, allowed);
      break;
    case FileUse::kChanged:
      Allow(file_class, {"getattr", "setattr"}, allowed);
      if (!is_directory) Allow(file_class, {"write"}, allowed);
      break;
    case FileUse::kExecuted:
      if (is_directory) break;
      Allow(file_class, {"read", "open", "getattr", "map", "execute", "execute_no_trans", "entrypoint"}, allowed);
      break;
    case FileUse::kMapped:
      if (is_directory) break;
      Allow(file_class, {"read", "open", "getattr", "map", "execute"}, allowed);
      break;
    case FileUse::kMounted:
      Allow(file_class, {"getattr", "mounton"}, allowed);
      break;
    case FileUse::kConnected:
      Allow("sock_file", {"write", "getattr"}, allowed);
      break;
  }
}

// Removes permissions that a class cannot need: only "file" is executed or enters a domain, and sockets and pipes are
// not mapped.
void DropImpossible(Permissions& allowed) {
  for (auto& [file_class, words] : allowed) {
    if (file_class == "file") continue;
    for (const std::string_view word : {"execute_no_trans", "entrypoint"}) words.erase(word);
    if (file_class == "sock_file" || file_class == "fifo_file") words.erase("map");
  }
}

struct FolderType {
  std::string_view folder;
  std::string_view type;
};
// The types of the kernel's files by the reference policy (genfscon); the first match applies.
constexpr FolderType kKernelFiles[] = {
    {"/proc/sys/kernel", "sysctl_kernel_t"},
    {"/proc/sys/vm/overcommit_memory", "sysctl_vm_overcommit_t"},
    {"/proc/sys/vm", "sysctl_vm_t"},
    {"/proc/sys/net", "sysctl_net_t"},
    {"/proc/sys/fs", "sysctl_fs_t"},
    {"/proc/sys", "sysctl_t"},
    {"/proc/net", "proc_net_t"},
    {"/proc/mdstat", "proc_mdstat_t"},
    {"/proc/kcore", "proc_kcore_t"},
    {"/proc/kmsg", "proc_kmsg_t"},
    {"/proc", "proc_t"},
    {"/sys/fs/cgroup", "cgroup_t"},
    {"/sys", "sysfs_t"},
    {"/dev/pts", "devpts_t"},
};

// By the file system's type.
constexpr FolderType kUsualMounts[] = {{"/proc", "proc"},
                                       {"/sys", "sysfs"},
                                       {"/sys/fs/cgroup", "cgroup2"},
                                       {"/sys/fs/cgroup", "cgroup"},
                                       {"/dev/pts", "devpts"}};

bool IsIn(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// Types of the files, consoles and shared memory of engines' containers.
constexpr std::string_view kEnginesFiles[] = {"container_file_t", "container_ro_file_t", "svirt_lxc_file_t",
                                              "container_share_t", "container_var_lib_t"};
// Types of the programs that start containers, in the various policies.
constexpr std::string_view kRuntimes[] = {
    "container_runtime_t", "container_engine_t",   "dockerd_t", "docker_t", "podman_t", "crio_t", "kubelet_t",
    "unconfined_t",        "unconfined_service_t", "initrc_t",  "init_t",   "kernel_t"};
// The mounts that engines add, with the type of the container's files.
constexpr std::string_view kEnginesMounts[] = {"/etc/hosts",   "/etc/hostname", "/etc/resolv.conf",
                                               "/dev",         "/dev/shm",      "/dev/mqueue",
                                               "/dev/console", "/run/secrets",  "/run/.containerenv"};
constexpr std::string_view kNoVolumes[] = {"",       "overlay", "proc",  "sysfs",    "tmpfs",      "devpts",  "mqueue",
                                           "cgroup", "cgroup2", "ramfs", "devtmpfs", "securityfs", "debugfs", "bpf"};

struct SocketClass {
  int family;
  int type;      // 0: any.
  int protocol;  // -1: any.
  std::string_view name;
};
constexpr SocketClass kSocketClasses[] = {
    {AF_INET, SOCK_STREAM, -1, "tcp_socket"},
    {AF_INET6, SOCK_STREAM, -1, "tcp_socket"},
    {AF_INET, SOCK_DGRAM, -1, "udp_socket"},
    {AF_INET6, SOCK_DGRAM, -1, "udp_socket"},
    {AF_INET, 0, -1, "rawip_socket"},
    {AF_INET6, 0, -1, "rawip_socket"},
    {AF_UNIX, SOCK_STREAM, -1, "unix_stream_socket"},
    {AF_UNIX, SOCK_SEQPACKET, -1, "unix_stream_socket"},
    {AF_UNIX, 0, -1, "unix_dgram_socket"},
    {AF_PACKET, 0, -1, "packet_socket"},
    {AF_KEY, 0, -1, "key_socket"},
    {AF_VSOCK, 0, -1, "vsock_socket"},
    {AF_ALG, 0, -1, "alg_socket"},
    {AF_CAN, 0, -1, "can_socket"},
    {AF_BLUETOOTH, 0, -1, "bluetooth_socket"},
    {AF_XDP, 0, -1, "xdp_socket"},
    {AF_NETLINK, 0, NETLINK_ROUTE, "netlink_route_socket"},
    {AF_NETLINK, 0, NETLINK_SOCK_DIAG, "netlink_tcpdiag_socket"},
    {AF_NETLINK, 0, NETLINK_NFLOG, "netlink_nflog_socket"},
    {AF_NETLINK, 0, NETLINK_XFRM, "netlink_xfrm_socket"},
    {AF_NETLINK, 0, NETLINK_SELINUX, "netlink_selinux_socket"},
    {AF_NETLINK, 0, NETLINK_AUDIT, "netlink_audit_socket"},
    {AF_NETLINK, 0, NETLINK_CONNECTOR, "netlink_connector_socket"},
    {AF_NETLINK, 0, NETLINK_NETFILTER, "netlink_netfilter_socket"},
    {AF_NETLINK, 0, NETLINK_GENERIC, "netlink_generic_socket"},
    {AF_NETLINK, 0, NETLINK_KOBJECT_UEVENT, "netlink_kobject_uevent_socket"},
    {AF_NETLINK, 0, NETLINK_CRYPTO, "netlink_crypto_socket"},
    {AF_NETLINK, 0, -1, "netlink_socket"},
};

std::string_view SocketClassOf(const SocketKind& kind) {
  const auto* const found = std::ranges::find_if(kSocketClasses, [&kind](const SocketClass& each) {
    return each.family == kind.family && (each.type == 0 || each.type == kind.type) &&
           (each.protocol == -1 || each.protocol == kind.protocol);
  });
  return found == std::end(kSocketClasses) ? std::string_view("socket") : found->name;
}

std::string Lowered(std::string_view text) {
  std::string result;
  for (const char c : text) result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// Letters, digits and "_", a letter first.
std::string Identifier(std::string_view text, std::string_view otherwise) {
  std::string result;
  for (const char c : text.substr(0, kMaxName)) {
    if (IsPatternWord(c)) {
      result += c;
    } else if (!result.empty() && !result.ends_with('_')) {
      result += '_';
    }
  }
  while (result.ends_with('_')) result.pop_back();
  const bool begins_well = !result.empty() && !IsPatternDigit(result.front()) && result.front() != '_';
  return begins_well ? result : Concat(otherwise, result);
}

class SelinuxModule {
 public:
  SelinuxModule(const AccessPolicy& policy, const EmitOptions& options, Losses& losses)
      : policy_(policy), block_(SelinuxBlock(options.name)), options_(options), losses_(losses) {}

  std::string text() {
    AddFiles();
    std::string text = Concat(
        "; Made by syscarve. Load it with `semodule -i FILE`, then start the container with\n"
        "; `--security-opt label=type:",
        block_,
        ".process`. A name of a type that does not exist\n; on a host leaves out the block that it stands in.\n");
    for (const auto& [name, mount] : volumes_) {
      text += Concat("; Of the volume at ", EscapeForTerminal(mount), ": `chcon -R -t ", block_, ".", name, " DIR`.\n");
    }
    text += Concat("(block ", block_, "\n");
    AddBase(text);
    text += body_;
    AddSockets(text);
    AddCapabilities(text);
    return text + ")\n";
  }

 private:
  static std::string Line(std::string_view target, std::string_view object_class, const Words& permissions) {
    std::vector<std::string> words(permissions.begin(), permissions.end());
    return Concat("(allow process ", target, " (", object_class, " (", absl::StrJoin(words, " "), ")))\n");
  }
  static std::string Optional(std::string_view name, const std::string& statements) {
    std::string text = Concat("  (optional ", name, "\n");
    std::string_view left = statements;
    while (!left.empty()) {
      const size_t end = left.find('\n');
      text += Concat("    ", left.substr(0, end), "\n");
      left.remove_prefix(end + 1);
    }
    return text + "  )\n";
  }

  void AddBase(std::string& text) const {
    text +=
        "  ; The types: of the processes, of the container's files, and of the volumes.\n"
        "  (type process)\n  (type file)\n  (typeattribute files)\n  (typeattributeset files (file))\n"
        "  (roletype system_r process)\n  (roletype object_r file)\n"
        "  (typeattributeset domain (process))\n  (typeattributeset file_type (file))\n";
    for (const auto& [name, mount] : volumes_) {
      text += Concat("  (type ", name, ")\n  (roletype object_r ", name, ")\n  (typeattributeset file_type (", name,
                     "))\n");
    }
    for (const std::string_view type : kEnginesFiles) {
      text += Optional(Concat("files_", type), Concat("(typeattributeset files (", type, "))\n"));
    }
    text += Optional("categories", "(typeattributeset mcs_constrained_type (process))\n");
    text += Optional("unconfined", "(roletype unconfined_r process)\n");
    text += "  ; The programs that start a container.\n";
    for (const std::string_view type : kRuntimes) {
      text += Optional(
          Concat("started_by_", type),
          Concat("(allow ", type,
                 " process (process (transition dyntransition sigchld sigkill sigstop signull signal noatsecure siginh "
                 "rlimitinh getattr getsched setsched getpgid setpgid getsession share ptrace)))\n(allow ",
                 type, " files (file (read open getattr map execute)))\n(allow ", type,
                 " process (dir (read open getattr search)))\n(allow ", type,
                 " process (file (read write open getattr)))\n(allow ", type,
                 " process (lnk_file (read getattr)))\n(allow process ", type, " (process (sigchld)))\n(allow process ",
                 type, " (fd (use)))\n(allow process ", type,
                 " (fifo_file (read write append getattr ioctl)))\n(allow process ", type,
                 " (unix_stream_socket (read write getattr getopt ioctl)))\n"));
    }
    text +=
        "  ; What every program does with itself.\n"
        "  (allow process self (process (fork sigchld sigkill sigstop signull signal getsched setsched getsession getpgid "
        "setpgid getcap setcap getattr setrlimit getrlimit execmem";
    if (policy_.traces) text += " ptrace";
    text +=
        ")))\n  (allow process self (fd (use)))\n"
        "  (allow process self (fifo_file (read write append getattr ioctl open lock)))\n"
        "  (allow process self (dir (read open getattr search)))\n"
        "  (allow process self (file (read write append open getattr ioctl lock)))\n"
        "  (allow process self (lnk_file (read getattr)))\n"
        "  (allow process self (sem (create destroy getattr setattr read write associate unix_read unix_write)))\n"
        "  (allow process self (shm (create destroy getattr setattr read write associate unix_read unix_write lock)))\n"
        "  (allow process self (msgq (create destroy getattr setattr read write associate unix_read unix_write enqueue)))\n"
        "  (allow process self (msg (send receive)))\n";
    for (const std::string_view type :
         {"devpts_t", "user_devpts_t", "container_devpts_t", "console_device_t", "null_device_t", "tty_device_t"}) {
      text +=
          Optional(Concat("stream_", type), Line(type, "chr_file", {"read", "write", "append", "getattr", "ioctl"}));
    }
    for (const std::string_view type : {"fs_t", "tmpfs_t", "proc_t", "sysfs_t", "cgroup_t", "devpts_t"}) {
      text += Optional(Concat("filesystem_", type), Line(type, "filesystem", {"getattr"}));
    }
    text += "  ; Files.\n";
  }

  // The type of the path's file: "files", one of volumes_, one of the kernel's, or "self".
  std::string TypeOf(const PathPattern& pattern, const PathAccess& access) {
    const std::string path = UsualPath(pattern.text(), access);
    constexpr std::string_view kProcesses = "/proc/";
    const std::string_view process = std::string_view(path).substr(std::min(kProcesses.size(), path.size()));
    if (path.starts_with(kProcesses) &&
        (process.starts_with("<pid>") || IsPatternDigit(process.empty() ? ' ' : process[0]))) {
      return "self";
    }
    for (const FolderType& each : kKernelFiles) {
      if (IsIn(path, each.folder)) return std::string(each.type);
    }
    for (const auto& [mount, filesystem] : access.mounts) {
      if (mount.empty() || mount == "/" || std::ranges::count(kEnginesMounts, mount) > 0 ||
          std::ranges::count(kNoVolumes, filesystem) > 0) {
        continue;
      }
      return VolumeOf(mount);
    }
    return "files";
  }

  // The path of the kernel's file if its file system were mounted at the usual place, which differs below another root.
  static std::string UsualPath(std::string path, const PathAccess& access) {
    for (const auto& [mount, filesystem] : access.mounts) {
      const auto* const usual = std::ranges::find(kUsualMounts, filesystem, &FolderType::type);
      if (usual == std::end(kUsualMounts) || mount.empty() || mount == "/" || !IsIn(path, mount)) continue;
      return Concat(usual->folder, std::string_view(path).substr(mount.size()));
    }
    return path;
  }

  // Allows searching the parent directories of `path` that have types of the kernel's files.
  static void AllowWay(std::string_view path, std::map<std::string, Permissions>& by_type) {
    for (size_t slash = path.find('/', 1); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
      const std::string_view folder = path.substr(0, slash);
      const auto* const found =
          std::ranges::find_if(kKernelFiles, [&folder](const FolderType& each) { return IsIn(folder, each.folder); });
      if (found != std::end(kKernelFiles)) Allow("dir", {"search", "getattr"}, by_type[std::string(found->type)]);
    }
  }

  std::string VolumeOf(const std::string& mount) {
    for (const auto& [name, known] : volumes_) {
      if (known == mount) return name;
    }
    const std::string name = Concat("volume_", Identifier(mount, ""));
    std::string free = name;
    for (int i = 2; volumes_.contains(free); ++i) free = Concat(name, "_", i);
    volumes_.emplace(free, mount);
    return free;
  }

  void AddFiles() {
    std::map<std::string, Permissions> by_type;
    // Every file is reached through directories and links.
    Allow("dir", {"search", "getattr"}, by_type["files"]);
    Allow("lnk_file", {"read", "getattr"}, by_type["files"]);
    for (const auto& [pattern, access] : policy_.paths) {
      if (access.paths == 0) continue;  // Streams are in the base.
      const std::string type = TypeOf(pattern, access);
      Permissions& allowed = by_type[type];
      Allow("dir", {"search", "getattr"}, allowed);
      const std::string path = UsualPath(pattern.text(), access);
      AllowWay(path, by_type);
      // One of the files there has a type of its own.
      if (IsIn(path, "/sys/devices/system/cpu") && access.all_uses().has(FileUse::kRead)) {
        Allow("file", {"read", "open", "getattr", "ioctl", "lock"}, by_type["cpu_online_t"]);
      }
      for (const auto& [program, uses] : access.uses) {
        const auto found = policy_.habits.find(program);
        const ProgramHabits habits = found == policy_.habits.end() ? ProgramHabits() : found->second;
        for (const std::string_view file_class : ClassesOf(access.kinds)) {
          for (int i = 0; i < kFileUseCount; ++i) {
            const auto use = static_cast<FileUse>(i);
            if (uses.has(use)) AddUse(file_class, use, habits, allowed);
          }
        }
      }
    }
    for (auto& [type, permissions] : by_type) {
      DropImpossible(permissions);
      std::string lines;
      for (const auto& [file_class, words] : permissions) lines += Line(type, file_class, words);
      if (type == "files" || type == "self" || volumes_.contains(type)) {
        std::string_view left = lines;
        while (!left.empty()) {
          const size_t end = left.find('\n');
          body_ += Concat("  ", left.substr(0, end), "\n");
          left.remove_prefix(end + 1);
        }
      } else {
        body_ += Optional(Concat("kernel_", type), lines);
      }
    }
  }

  void AddSockets(std::string& text) const {
    text += "  ; Sockets.\n";
    std::set<std::string_view> classes;
    if (policy_.any_socket) {
      for (const SocketClass& each : kSocketClasses) classes.insert(each.name);
      losses_.Note("the recording lacks the kind of some sockets: all kinds are allowed");
    }
    for (const SocketKind& kind : SocketsOf(policy_)) classes.insert(SocketClassOf(kind));
    for (const std::string_view each : classes) {
      Words permissions = {"create", "ioctl", "read",    "write",  "getattr", "setattr", "lock",
                           "append", "bind",  "connect", "getopt", "setopt",  "shutdown"};
      if (each == "tcp_socket" || each == "unix_stream_socket" || each == "vsock_socket" || each == "alg_socket") {
        permissions.insert({"listen", "accept"});
      }
      if (each == "unix_stream_socket") permissions.insert("connectto");
      if (each == "unix_dgram_socket") permissions.insert("sendto");
      if (each.starts_with("netlink_") && (each == "netlink_route_socket" || each == "netlink_tcpdiag_socket" ||
                                           each == "netlink_xfrm_socket" || each == "netlink_audit_socket")) {
        permissions.insert("nlmsg_read");
      }
      std::string line = Line("self", each, permissions);
      text += "  " + line;
    }
    for (const std::string_view each : {"tcp_socket", "udp_socket"}) {
      if (!classes.contains(each)) continue;
      bool binds = policy_.endpoints.empty();
      bool connects = policy_.endpoints.empty();
      for (const auto& [endpoint, programs] : policy_.endpoints) {
        const bool is_this =
            endpoint.socket_type == 0 || (endpoint.socket_type == SOCK_STREAM) == (each == "tcp_socket");
        if (!is_this || (endpoint.family != AddressFamily::kInet && endpoint.family != AddressFamily::kInet6)) continue;
        binds |= endpoint.use == EndpointUse::kBound;
        connects |= endpoint.use == EndpointUse::kConnected;
      }
      if (binds) {
        text += Optional(Concat("bind_", each),
                         Line("port_type", each, {"name_bind"}) + Line("node_type", each, {"node_bind"}));
      }
      if (connects && each == "tcp_socket") {
        text += Optional(Concat("connect_", each), Line("port_type", each, {"name_connect"}));
      }
    }
    if (classes.contains("tcp_socket") || classes.contains("udp_socket") || classes.contains("rawip_socket")) {
      text += Optional("network", Line("netif_type", "netif", {"ingress", "egress"}) +
                                      Line("node_type", "node", {"recvfrom", "sendto"}));
      text += Optional("unlabeled_peers",
                       Line("unlabeled_t", "peer", {"recv"}) + Line("unlabeled_t", "packet", {"send", "recv"}));
    }
  }

  void AddCapabilities(std::string& text) const {
    text += "  ; Capabilities.\n";
    std::map<std::string_view, std::set<std::string>> by_class;
    if (!options_.capabilities.has_value()) {
      losses_.Note("capabilities were not recorded: all that the container is given are allowed");
    }
    constexpr int kFirstOfSecondClass = 32;  // CAP_TO_INDEX of linux/capability.h.
    for (int capability = 0; capability < kCapabilityCount; ++capability) {
      const std::string name = CapabilityName(capability);
      if (options_.capabilities.has_value() && std::ranges::count(*options_.capabilities, name) == 0) continue;
      const bool first = capability < kFirstOfSecondClass;
      for (const std::string_view each : first ? std::span<const std::string_view>(kFirstClasses)
                                               : std::span<const std::string_view>(kSecondClasses)) {
        by_class[each].insert(Lowered(std::string_view(name).substr(4)));
      }
    }
    for (const auto& [each, words] : by_class) {
      text += Concat("  (allow process self (", each, " (", absl::StrJoin(words, " "), ")))\n");
    }
  }

  static constexpr std::string_view kFirstClasses[] = {"capability", "cap_userns"};
  static constexpr std::string_view kSecondClasses[] = {"capability2", "cap2_userns"};

  const AccessPolicy& policy_;
  const std::string block_;
  const EmitOptions& options_;
  Losses& losses_;
  std::map<std::string, std::string> volumes_;  // The mount point of each type.
  std::string body_;
};

}  // namespace

std::string SelinuxBlock(std::string_view name) {
  return Identifier(name, "service_");
}

absl::StatusOr<Emitted> EmitSelinux(const AccessPolicy& policy, const EmitOptions& options) {
  Losses losses;
  SelinuxModule module(policy, options, losses);
  Emitted emitted = {.text = module.text(), .warnings = policy.warnings};
  for (std::string& warning : losses.warnings()) emitted.warnings.push_back(std::move(warning));
  if (!policy.in_container) {
    emitted.warnings.emplace_back(
        "this was recorded outside a container: the module covers files of one type, and a host's files have many");
  }
  return emitted;
}

}  // namespace syscarve
