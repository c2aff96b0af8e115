// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/bundle.h"

#include "userspace/base/strict_json.h"
#include "userspace/model/profile.h"

namespace syscarve {
namespace {

constexpr size_t kLineWidth = 120;

JsonValue Namespace(const char* type) {
  return JsonValue::Object{{"type", type}};
}

// Docker's default set.
JsonValue::Array Capabilities() {
  return {"CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
          "CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",   "CAP_SETFCAP",
          "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};
}

JsonValue Process(const BundleOptions& options) {
  const JsonValue::Array held = options.uid == 0 ? Capabilities() : JsonValue::Array{};
  return JsonValue::Object{
      {"terminal", false},
      {"user", JsonValue::Object{{"uid", options.uid}, {"gid", options.gid}}},
      {"args", JsonValue::Array{options.program}},
      {"env", JsonValue::Array{"PATH=/"}},
      {"cwd", "/"},
      {"capabilities", JsonValue::Object{{"bounding", Capabilities()}, {"effective", held}, {"permitted", held}}},
      {"rlimits", JsonValue::Array{JsonValue::Object{
                      {"type", "RLIMIT_NOFILE"}, {"hard", options.open_files}, {"soft", options.open_files}}}},
      {"noNewPrivileges", options.no_new_privs},
  };
}

JsonValue Mount(const char* destination, const char* type, JsonValue::Array mount_options) {
  return JsonValue::Object{
      {"destination", destination}, {"type", type}, {"source", type}, {"options", std::move(mount_options)}};
}

}  // namespace

std::string FormatBundleConfig(const BundleOptions& options) {
  const JsonValue filter = JsonValue::Object{
      {"defaultAction", ScmpActionName(ActionKind::kAllow)},
      {"syscalls", JsonValue::Array{JsonValue::Object{{"names", JsonValue::Array{"kexec_load"}},
                                                      {"action", ScmpActionName(ActionKind::kErrno)}}}},
  };
  const JsonValue config = JsonValue::Object{
      {"ociVersion", "1.0.2"},
      {"process", Process(options)},
      {"root", JsonValue::Object{{"path", "rootfs"}, {"readonly", true}}},
      {"hostname", "syscarve"},
      {"mounts", JsonValue::Array{Mount("/proc", "proc", {}),
                                  Mount("/dev", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"})}},
      {"linux",
       JsonValue::Object{
           {"cgroupsPath", options.cgroup_path},
           {"namespaces", JsonValue::Array{Namespace("pid"), Namespace("ipc"), Namespace("uts"), Namespace("mount"),
                                           Namespace("network")}},
           {"maskedPaths", JsonValue::Array{"/proc/kcore", "/proc/keys"}},
           {"readonlyPaths", JsonValue::Array{"/proc/sys"}},
           {"seccomp", filter},
       }},
  };
  return PrintJson(config, kLineWidth);
}

}  // namespace syscarve
